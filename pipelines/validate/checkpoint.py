"""Runs suites of rules as one Great Expectations checkpoint: results stored, Data Docs built, nothing sent anywhere.

Great Expectations is imported inside the functions: it costs seconds, and only the gates' own process shall pay them.
"""

from __future__ import annotations

import fcntl
import logging
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from expectations.rule import Rule, Severity, Suite
from pipelines.validate.outcome import GateError, RuleOutcome, checked
from pipelines.warehouse.connection import SESSION

if TYPE_CHECKING:
    from great_expectations.checkpoint.checkpoint import Checkpoint
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context.data_context.file_data_context import FileDataContext
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

logger = logging.getLogger(__name__)

# How many validation results of a suite the report keeps: a month of nights (2026-11-22).
RESULTS_KEPT = 30
# A rule that needs longer has met a lock or a lost index; with the night's other work it would hide in the noise.
STATEMENT_TIMEOUT = "10min"
# The connection URL reaches the checkpoint under this name, so that no password is written to its files.
_URL_VARIABLE = "CVP_VALIDATION_URL"
_DATASOURCE = "warehouse"


def stored_name(run_id: str) -> str:
    """A run's name in the folders of stored results and pages."""
    return re.sub(r"[^\w.+-]", "_", run_id)


def run_checkpoint(
    home: Path,
    engine: sa.Engine,
    gate: str,
    suites: Sequence[Suite],
    parameters: Mapping[str, object],
    run_id: str,
) -> list[RuleOutcome]:
    """Check every rule of the suites.

    Args:
        home: the instance folder; everything is written under its `validation`.
        parameters: the numeric settings that rules name as `$name`.

    Returns:
        An outcome per rule. Where Great Expectations itself gives up, no rule was checked.
    """
    folder = home / "validation"
    with _locked(folder), warnings.catch_warnings():
        # it wants a datasource, and so a connection pool, for each schema
        warnings.filterwarnings("ignore", message="`schema_name` is deprecated", category=DeprecationWarning)
        try:
            outcomes = _check(_context(folder, engine), gate, suites, parameters, run_id)
        # whatever it raises is an error of ours: the outcomes say so, and they are stored and stop the night
        except Exception as error:
            logger.exception("gate %s: Great Expectations gave up", gate)
            raised = _first_line(f"{type(error).__name__}: {error}")
            outcomes = [RuleOutcome(suite.dataset, rule, error=raised) for suite in suites for rule in suite.rules]
    return outcomes


def _check(
    context: FileDataContext, gate: str, suites: Sequence[Suite], parameters: Mapping[str, object], run_id: str
) -> list[RuleOutcome]:
    from great_expectations.core.run_identifier import RunIdentifier

    _forget_old_results(Path(str(context.root_directory)), gate)
    outcomes = []
    with _datasource(context) as datasource:
        inspector = sa.inspect(datasource.get_engine())
        present = [suite for suite in suites if inspector.has_table(suite.table, schema=suite.schema)]
        for suite in suites:
            if suite not in present:
                missing = f"{suite.dataset} does not exist"
                outcomes += [RuleOutcome(suite.dataset, rule, error=missing) for rule in suite.rules]
        if present:
            checkpoint = _checkpoint(context, datasource, gate, present, parameters)
            result = checkpoint.run(run_id=RunIdentifier(run_name=stored_name(run_id), run_time=datetime.now(UTC)))
            by_name = {_suite_name(gate, suite): suite for suite in present}
            for key, validated in result.run_results.items():
                suite = by_name[key.expectation_suite_identifier.name]
                outcomes += [_outcome(suite, found) for found in validated.results]
            _build_report(context, list(result.run_results))
    return outcomes


def _build_report(context: FileDataContext, results: list[ValidationResultIdentifier]) -> None:
    """Render tonight's pages; `pipelines.validate.report` makes the page that leads to them.

    The report is for people: a night does not fail for it.
    """
    suites = [result.expectation_suite_identifier for result in results]
    try:
        context.build_data_docs(resource_identifiers=suites, build_index=False)
        context.build_data_docs(resource_identifiers=results, build_index=False)
    except Exception:
        logger.exception("the validation report could not be built; the results are stored")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One gate at a time writes into the folder, whatever warehouse it checks."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _context(folder: Path, engine: sa.Engine) -> FileDataContext:
    for name in ("great_expectations", "great_expectations._docs_decorators"):
        logging.getLogger(name).setLevel(logging.WARNING)
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    url = engine.url.render_as_string(hide_password=False)
    context = gx.get_context(mode="file", project_root_dir=folder, runtime_environment={_URL_VARIABLE: url})
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    sites = dict(context.variables.data_docs_sites or {})
    for site in sites.values():
        site["show_how_to_buttons"] = False
        site["store_backend"]["base_directory"] = "../report/"
    context.variables.data_docs_sites = sites
    context.variables.save()
    return context


@contextmanager
def _datasource(context: FileDataContext) -> Iterator[PostgresDatasource]:
    """The warehouse, as Great Expectations sees it; its two connection pools are closed afterwards."""
    options = f"{SESSION} -c statement_timeout={STATEMENT_TIMEOUT}"
    datasource = context.data_sources.add_or_update_postgres(
        _DATASOURCE,
        connection_string=f"${{{_URL_VARIABLE}}}",
        # for SQLAlchemy's create_engine; the stubs do not know the field
        kwargs={"connect_args": {"application_name": "cvp_validate", "options": options}},  # type: ignore[call-arg]
    )
    try:
        yield datasource
    finally:
        datasource.get_engine().dispose()
        datasource.get_execution_engine().close()


def _suite_name(gate: str, suite: Suite) -> str:
    return f"{gate}.{suite.schema}_{suite.table}"


def _checkpoint(
    context: FileDataContext,
    datasource: PostgresDatasource,
    gate: str,
    suites: Sequence[Suite],
    parameters: Mapping[str, object],
) -> Checkpoint:
    import great_expectations as gx

    definitions = []
    for suite in suites:
        asset = datasource.add_table_asset(suite.dataset, table_name=suite.table, schema_name=suite.schema)
        definition = gx.ValidationDefinition(
            name=_suite_name(gate, suite),
            data=asset.add_batch_definition_whole_table("whole"),
            suite=context.suites.add_or_update(_expectations(gate, suite, parameters)),
        )
        definitions.append(context.validation_definitions.add_or_update(definition))
    checkpoint = gx.Checkpoint(
        name=gate,
        validation_definitions=definitions,
        # the rows of a result are what the rule's query selects: keys, dates and counts
        result_format={"result_format": "COMPLETE"},
    )
    return context.checkpoints.add_or_update(checkpoint)


def _expectations(gate: str, suite: Suite, parameters: Mapping[str, object]) -> ExpectationSuite:
    import great_expectations as gx
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
    from great_expectations.expectations.metadata_types import FailureSeverity

    return gx.ExpectationSuite(
        name=_suite_name(gate, suite),
        expectations=[
            UnexpectedRowsExpectation(
                unexpected_rows_query=_query(rule, parameters),
                description=f"{rule.name}: {rule.expected}",
                severity=FailureSeverity.CRITICAL if rule.severity is Severity.FAIL else FailureSeverity.WARNING,
                meta={
                    "rule": rule.name,
                    "severity": rule.severity.value,
                    "reason": rule.reason,
                    "since": rule.since.isoformat(),
                    "cure": rule.cure,
                },
            )
            for rule in suite.rules
        ],
    )


def _query(rule: Rule, parameters: Mapping[str, object]) -> str:
    """The rule's SQL for Great Expectations, which formats it and wants `{batch}` in it.

    Its batch is a subquery with or without an alias, depending on whether the SQL has a join; our SQL names its tables.
    """
    sql = Template(rule.unexpected_rows).substitute(parameters).replace("{", "{{").replace("}", "}}")
    return f"{sql.rstrip()}\n/* {{batch}} */"


def _outcome(suite: Suite, found: ExpectationValidationResult) -> RuleOutcome:
    configuration = found.expectation_config
    if configuration is None or not configuration.meta:
        raise GateError(f"{suite.dataset}: a result of Great Expectations names no rule")
    rule = next(rule for rule in suite.rules if rule.name == configuration.meta["rule"])
    raised = _exception(found.exception_info)
    if raised is not None:
        return RuleOutcome(suite.dataset, rule, error=raised)
    unexpected: list[dict[str, Any]] = found.result["details"]["unexpected_rows"]
    return checked(suite.dataset, rule, int(found.result["observed_value"]), unexpected)


def _exception(info: Mapping[str, Any] | None) -> str | None:
    """The exception behind a result, or None."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else [entry for entry in info.values() if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("raised_exception"):
            return _first_line(str(entry.get("exception_message") or "Great Expectations raised without a message"))
    return None


def _first_line(message: str) -> str:
    """What went wrong, without the statement that later lines quote."""
    return next((line.strip() for line in message.splitlines() if line.strip()), message)[:300]


def _forget_old_results(root: Path, gate: str) -> None:
    """Delete all but the newest results of each suite of the gate; the report drops their pages."""
    for suite in (root / "uncommitted" / "validations" / gate).glob("*"):
        runs = sorted(suite.glob("*/*"), key=lambda run: run.name)
        for run in runs[: max(0, len(runs) - RESULTS_KEPT + 1)]:
            shutil.rmtree(run)
            if not any(run.parent.iterdir()):
                run.parent.rmdir()
