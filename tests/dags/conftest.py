"""DAG files are imported as Airflow does it, in a process of their own: no database, no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PROJECT

DESCRIBE = """
import json, socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("a DAG file touched the network at import")

import airflow.sdk  # Airflow's own start-up is not ours to judge
socket.socket.connect = refuse
import importlib
from airflow.serialization.serialized_objects import DagSerialization
dag = getattr(importlib.import_module(sys.argv[1]), sys.argv[1])()
tasks = {}
for task in dag.topological_sort():
    arguments = getattr(task, "partial_kwargs", {}) if task.is_mapped else {}
    value = lambda name: arguments.get(name, getattr(task, name, None))
    tasks[task.task_id] = {
        "retries": value("retries"), "timeout": bool(value("execution_timeout")),
        "backoff": bool(value("retry_exponential_backoff")), "mapped": task.is_mapped,
        "upstream": sorted(task.upstream_task_ids), "owner": value("owner"),
    }
print(json.dumps({
    "tasks": tasks, "order": list(tasks), "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
    "doc": dag.doc_md, "timeout": bool(dag.dagrun_timeout), "params": sorted(dag.params),
    "timetable": repr(dag.timetable.serialize()) if dag.schedule else None,
    "serialized": json.dumps(DagSerialization.to_dict(dag), sort_keys=True),
}))
"""


def describe_dag(name: str, home: Path) -> dict[str, Any]:
    """One DAG as Airflow sees it after import."""
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody@127.0.0.1:9/none",
        "SCARF_ANALYTICS": "false",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT / "dags")]),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DESCRIBE, name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="session")
def nightly(airflow_home) -> dict[str, Any]:
    return describe_dag("customer_value_nightly", airflow_home)


@pytest.fixture(scope="session")
def replay(airflow_home) -> dict[str, Any]:
    return describe_dag("customer_value_replay", airflow_home)
