"""Airflow for one instance folder: its environment, its metadata database, and one DagRun in the foreground.

Nothing of Airflow is imported: it is a program that is run, with every setting in its environment.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.server import EmbeddedServer, is_zombie, write_private

METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


class AirflowError(Exception):
    """An Airflow command failed; the message quotes its end."""


def _kept_secret(path: Path, make: Any) -> str:
    """A secret of this instance, made once, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, make())
    return path.read_text("utf-8")


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which every Airflow program of this instance runs."""
    home = settings.home / "airflow"
    metadata = os.environ.get(METADATA_VARIABLE)
    if metadata is None:
        server = EmbeddedServer(settings.home)
        server.ensure_database("airflow", "airflow")
        metadata = server.url("airflow", "airflow").replace("postgresql://", "postgresql+psycopg2://", 1)
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": settings.time_zone,
        "AIRFLOW__CORE__FERNET_KEY": _kept_secret(home / "fernet_key", _fernet_key),
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home / "jwt_secret", lambda: secrets.token_urlsafe(48)),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.home / "logs" / "airflow"),
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        METADATA_VARIABLE: metadata,
    }
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, **own, "PYTHONPATH": path, "CVP_HOME": str(settings.home)}


def command(*arguments: str) -> list[str]:
    """An Airflow command line that runs in this interpreter's environment."""
    return [sys.executable, "-m", "airflow", *arguments]


def prepare(settings: Settings) -> None:
    """Create or upgrade Airflow's metadata database; skipped when this version has done it for this database.

    Raises:
        AirflowError: the upgrade failed.
    """
    from importlib.metadata import version

    variables = environment(settings)
    stamp = settings.home / "airflow" / "metadata_version"
    done = f"{version('apache-airflow')} {variables[METADATA_VARIABLE].rsplit('@', 1)[-1].rsplit('/', 1)[-1]}"
    if stamp.exists() and stamp.read_text("utf-8") == done:
        return
    result = subprocess.run(
        command("db", "migrate"), env=variables, capture_output=True, text=True, check=False, cwd=PROJECT
    )
    if result.returncode != 0:
        raise AirflowError(f"airflow db migrate: {result.stdout[-1500:]}{result.stderr[-1500:]}")
    stamp.write_text(done, "utf-8")


def start_dag_run(
    settings: Settings, dag_id: str, params: Mapping[str, Any], log_file: Path
) -> subprocess.Popen[bytes]:
    """Start one DagRun in a process group of its own; its output goes to `log_file`."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    given = {name: value for name, value in params.items() if value is not None}
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            command("dags", "test", dag_id, "--conf", json.dumps(given)),
            env={**environment(settings), "CVP_IS_FOREGROUND_RUN": "true"},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=PROJECT,
            start_new_session=True,
        )
    note = _process_note(settings, process.pid)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.touch()
    return process


def _process_note(settings: Settings, pid: int) -> Path:
    return settings.home / "run" / str(pid)


def end_dag_run(settings: Settings, pid: int, patience: float = 10) -> None:
    """End a DagRun's process group: by SIGTERM, after `patience` seconds by SIGKILL. Nothing where it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _is_dag_run(pid):
            break
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + patience
        while _is_dag_run(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
    _process_note(settings, pid).unlink(missing_ok=True)


def end_all_dag_runs(settings: Settings) -> None:
    """End every DagRun that was started from this instance folder and outlived its command."""
    for note in (settings.home / "run").glob("[0-9]*"):
        end_dag_run(settings, int(note.name))


def _is_dag_run(pid: int) -> bool:
    """Whether the process is alive and a DagRun of ours: a process id may have been given to another since."""
    try:
        return not is_zombie(pid) and b"airflow\0dags\0test" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
