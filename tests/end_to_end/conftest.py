"""The product as a user has it: the command line, in an instance folder of its own, on the demo company in small."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from pipelines.settings import PROJECT

FOREIGN_SETTINGS = ("WAREHOUSE_URL", "CVP_CONFIG", "CVP_WAREHOUSE_DATABASE", "CVP_ACTIVE_SOURCES")


@dataclass
class Instance:
    """One instance folder; `run` calls `cvp` in it."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    _urls: dict[tuple[object, ...], str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN_SETTINGS}
        paths = [str(Path(sys.executable).parent), str(self.home / "bin"), kept["PATH"]]
        return {**kept, "CVP_HOME": str(self.home), "PATH": os.pathsep.join(paths), **self.variables}

    def run(self, *arguments: str, expect: int = 0, **variables: str) -> str:
        """Call `cvp`; its output, after its exit code was what is expected."""
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *arguments], env={**self.environment, **variables},
            cwd=PROJECT, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == expect, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def url(self, role: str = "owner", **variables: str) -> str:
        """The warehouse's URL, asked for once: the port stays the same from start to start."""
        asked = (role, *sorted(variables.items()))
        if asked not in self._urls:
            self._urls[asked] = self.run("warehouse", "url", "--role", role, **variables).splitlines()[0]
        return self._urls[asked]

    def query(self, sql: str, role: str = "owner", **variables: str) -> list[tuple]:
        """Rows of a query on the warehouse."""
        with psycopg.connect(self.url(role, **variables)) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, url: str, *statements: str) -> None:
        """Run statements on any database."""
        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def instance(tmp_path_factory) -> Iterator[Instance]:
    """An empty instance; whatever was started in it is stopped at the end."""
    home = tmp_path_factory.mktemp("an instance") / ".cvp"
    made = Instance(home)
    yield made
    made.run("warehouse", "destroy")


@pytest.fixture(scope="session")
def demo(instance) -> tuple[Instance, str]:
    """The instance after `cvp demo`, and what that printed."""
    return instance, instance.run("demo", "--customers", "200", "--lines", "16000")
