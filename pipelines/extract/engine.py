"""The extraction engine: an in-process DuckDB with the scanner extensions of its wheels, bounded and offline."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from pipelines.settings import Settings

THREADS = 2
# Two of the engine's own vectors. More at a time make nothing faster, and rows may be wide.
BLOCK_ROWS = 4096
PREFIX = "extract-"
LEFTOVER_SECONDS = 2 * 24 * 3600


def quote_name(name: str) -> str:
    """An identifier, quoted for DuckDB, PostgreSQL and SQLite alike."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text literal for DuckDB, PostgreSQL and SQLite alike."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def open_engine(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection under the settings' memory limit; what it spills goes to a folder that is removed with it."""
    place = settings.home / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(place)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place) as folder:
        engine = duckdb.connect(
            config={
                "memory_limit": f"{settings.extract_memory_mb}MB",
                "threads": THREADS,
                "temp_directory": folder,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
                "allow_community_extensions": False,
            }
        )
        try:
            engine.execute("set timezone = 'UTC'")
            yield engine
        finally:
            engine.close()


def _remove_leftovers(place: Path) -> None:
    """Remove what killed extractions spilled; no extraction of today is that old."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def load_extension(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load a scanner extension from its wheel, without any download.

    Raises:
        ModuleNotFoundError: the wheel of DuckDB's own version is not installed.
    """
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    found = None
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
        found = next(folder.glob(f"{name}.duckdb_extension"), None)
    if found is None:
        wheel = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
        raise ModuleNotFoundError(f"the engine's {wheel} is not installed: run `make setup`")
    engine.execute(f"load {quote_text(str(found))}")
    # A scanner reads by one connection, one stream: a second thread would only take turns with the first.
    engine.execute("set threads = 1")
