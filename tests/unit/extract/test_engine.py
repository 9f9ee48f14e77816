"""The engine: bounded, offline, and tidy."""

from __future__ import annotations

import os
import time

import duckdb
import pytest

from pipelines.extract.engine import LEFTOVER_SECONDS, load_extension, open_engine
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path, extract_memory_mb=100)


def setting(engine: duckdb.DuckDBPyConnection, name: str) -> object:
    return engine.execute(f"select current_setting('{name}')").fetchall()[0][0]


def test_the_engine_is_bounded_and_downloads_nothing(settings, tmp_path):
    with open_engine(settings) as engine:
        assert setting(engine, "memory_limit") == "95.3 MiB"
        assert str(setting(engine, "temp_directory")).startswith(str(tmp_path / "tmp"))
        assert setting(engine, "autoinstall_known_extensions") is False
        assert setting(engine, "autoload_known_extensions") is False
        with pytest.raises(duckdb.Error):
            engine.execute("select * from 'https://example.invalid/x.parquet'")


@pytest.mark.parametrize("name", ["postgres_scanner", "mysql_scanner", "sqlite_scanner"])
def test_the_scanners_load_from_their_wheels(settings, name):
    with open_engine(settings) as engine:
        load_extension(engine, name)
        found = f"select loaded from duckdb_extensions() where extension_name = '{name}'"
        assert engine.execute(found).fetchall() == [(True,)]


def test_a_scanner_that_is_not_installed_is_named_with_its_wheel_and_cure(settings):
    with open_engine(settings) as engine, pytest.raises(ModuleNotFoundError) as error:
        load_extension(engine, "oracle_scanner")
    assert f"duckdb-extension-oracle-scanner=={duckdb.__version__} is not installed: run `make setup`" in str(
        error.value
    )


def test_nothing_is_left_on_disk_and_what_the_killed_left_goes(settings, tmp_path):
    old, new = tmp_path / "tmp" / "extract-old", tmp_path / "tmp" / "extract-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "spilled").write_text("x")
    os.utime(old, (0, time.time() - LEFTOVER_SECONDS - 60))
    with open_engine(settings):
        assert len(list((tmp_path / "tmp").iterdir())) == 2
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["extract-new"]
