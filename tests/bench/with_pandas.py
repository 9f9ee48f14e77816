"""The rows of a table by pandas, in blocks: read_sql, to_sql. Arguments: source URL, target URL, table."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
import sqlalchemy as sa

BLOCK_ROWS = 10_000


def main(source: str, target: str, table: str) -> None:
    """Copy the table; says the seconds as JSON."""
    engines = [sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg")) for url in (source, target)]
    began = time.monotonic()
    with engines[0].connect().execution_options(stream_results=True) as reader, engines[1].begin() as writer:
        for block in pd.read_sql(sa.text(f"select * from {table}"), reader, chunksize=BLOCK_ROWS):
            block.to_sql("by_pandas", writer, if_exists="append", index=False)
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
