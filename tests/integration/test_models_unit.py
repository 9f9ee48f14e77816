"""dbt's own unit tests: every rule of the models at its edges, as the YAML beside each model says."""

from __future__ import annotations

import os
from datetime import date

from pipelines import transform
from pipelines.transform.dbt import DBT_PROJECT, LAYERS, TELEMETRY_OFF
from pipelines.warehouse.connection import dbt_environment
from tests.conftest import Warehouse
from tests.integration.method import driver
from tests.reference import night as reference
from tests.reference.parameters import Parameters
from tests.reference.special_companies import twenty_equal_customers

AS_OF = date(2025, 6, 30)


def test_every_unit_test_of_the_models_holds(warehouse: Warehouse) -> None:
    """dbt reads the columns of the mocked models from the warehouse, so these are built first, over a small company."""
    from dbt.cli.main import dbtRunner

    company, parameters = twenty_equal_customers(AS_OF), Parameters(AS_OF)
    measured = reference.measure(company, parameters)
    calibration = reference.first_calibration(measured, dict.fromkeys(reference.FORMULAS, 1 / 30))
    driver.land(warehouse.engine, company)
    driver.set_night(warehouse.engine, parameters)
    driver.set_calibration(warehouse.engine, calibration, parameters, len(measured.values))
    for layer in LAYERS:
        transform.build_layer(warehouse.settings, layer)
    manifest = transform.project_manifest(warehouse.settings)
    os.environ.update(dbt_environment(warehouse.settings) | TELEMETRY_OFF)
    work = warehouse.settings.home / "dbt"
    project = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    output = ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    result = dbtRunner(manifest=manifest).invoke(["--quiet", "test", "--select", "test_type:unit", *project, *output])
    assert result.exception is None, result.exception
    outcomes = {item.node.unique_id: f"{item.status}: {item.message}" for item in result.result.results}
    assert {name: outcome for name, outcome in outcomes.items() if not outcome.startswith("pass")} == {}
    assert set(outcomes) == set(manifest.unit_tests)
