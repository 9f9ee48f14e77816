"""Streams of blocks that one connection of the engine makes and another one works on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

# Some blocks take longer to make than others: with a few ready, nobody waits for a slow one.
BLOCKS_AHEAD = 4


def ahead(blocks: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same blocks; the next ones are always being made meanwhile, in a thread of its own."""
    with ThreadPoolExecutor(1, "ahead") as maker:
        try:
            coming = deque(maker.submit(next, blocks, None) for _ in range(BLOCKS_AHEAD))
            while (block := coming.popleft().result()) is not None:
                coming.append(maker.submit(next, blocks, None))
                yield block
        finally:
            maker.shutdown(wait=False, cancel_futures=True)
