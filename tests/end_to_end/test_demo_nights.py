"""The demo company's nights: published, repeatable, and guarded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import yaml

from pipelines.night.airflow import environment
from pipelines.settings import PROJECT
from pipelines.warehouse.server import EmbeddedServer
from tests.integration.alerts.smtp_server import mail_server

NIGHTS = ["2026-06-28", "2026-06-29", "2026-06-30"]
HISTORIES = (
    "customer_tier_history", "customer_indicator_history", "churn_reason_history", "tier_summary", "tier_transition",
    "data_quality",
)  # fmt: skip
REASON_ROWS = {
    "account_assignment": "customer_id || '/' || valid_from_on",
    "demand_estimate": "customer_id || '/' || demand_year",
    "interaction": "interaction_id",
    "sales_order": "order_id",
    "sales_order_line": "order_id || '/' || line_number",
    "service_record": "service_id",
}
# the source's clock: later than every change that the last night has seen
JUST_NOW = "(select max(aedat) + interval '1 second' from {})"
VARYING = "array['run_id', 'published_at']"
# Rows as JSON, without what names the run: what a second evaluation of the same night must reproduce to the byte.
DIGEST = """
    select md5(string_agg(row_text, chr(10) order by row_text collate "C")) from (
        select (to_jsonb(t) - {varying})::text as row_text from published.{table} as t where {where}
    ) as rows
"""


def digests(instance, where: str, varying: str = VARYING) -> dict[str, str]:
    """A digest per history table of the rows that `where` selects."""
    return {
        table: instance.query(DIGEST.format(table=table, where=where, varying=varying))[0][0] for table in HISTORIES
    }


def test_the_demo_publishes_three_nights_and_says_what_a_user_wants_to_know(demo):
    instance, output = demo
    found = instance.query("select distinct as_of_date::text from published.customer_tier_history order by 1")
    assert [row[0] for row in found] == NIGHTS
    for words in (
        "tiers as of 2026-06-30", "the ten best", "checks passed", "what the run cost", "publish_tiers",
        "core customers at high risk", "validation", "warehouse url --role reader", "margin share",
    ):  # fmt: skip
        assert words in output, output
    report = next(line.partition("validation")[2].strip() for line in output.splitlines() if "  validation  " in line)
    assert Path(report).is_file()


def test_scores_are_sums_of_contributions_and_core_holds_its_shares(demo):
    instance, _ = demo
    worst = instance.query(
        "select max(abs(t.value_score - i.total)), count(*) from published.customer_tier as t"
        " join (select customer_id, sum(contribution) as total from published.customer_indicator group by 1) as i"
        " using (customer_id)",
        role="reader",
    )[0]
    assert worst[0] < 1e-9
    assert worst[1] > 100
    core = instance.query(
        "select margin_share, volume_share, customers from published.tier_summary"
        " where as_of_date = '2026-06-30' and scope = 'company' and tier = 'core'"
    )[0]
    assert core[0] >= 0.75
    assert core[1] >= 0.75
    assert 0 < core[2] < 100


def test_flagged_customers_carry_reasons_that_rest_on_rows(demo):
    instance, _ = demo
    reasons = instance.query(
        "select r.customer_id, reason_code, reason_rank, evidence, evidence_zh, source_rows, churn_risk_level"
        " from published.churn_reason as r join published.customer_tier using (customer_id)"
        " order by r.customer_id, reason_rank",
        role="reader",
    )
    assert len(reasons) > 20
    assert {row[6] for row in reasons} <= {"medium", "high"}
    assert len({row[1] for row in reasons}) >= 5
    listed = instance.query("select customer_id, churn_reasons from published.customer_tier where churn_reasons > ''")
    for customer, codes in listed:
        given = [row[1] for row in reasons if row[0] == customer]
        assert codes == ",".join(given)
        assert len(given) <= 3
    assert {row[0] for row in listed} == {row[0] for row in reasons}
    for entity, key in REASON_ROWS.items():
        named = {name for row in reasons for name in row[5].get(entity, [])}
        assert named <= {row[0] for row in instance.query(f"select {key} from landing.{entity}")}, entity
    assert all(row[5] for row in reasons if row[1] not in ("contact_lapsed", "promises_broken"))
    assert not {entity for row in reasons for entity in row[5]} - set(REASON_ROWS)


def test_it_is_measured_how_often_each_reason_was_right(demo):
    instance, _ = demo
    before = instance.query("select count(*) from published.churn_reason_history")
    output = instance.run("demo-causes", "--dates", "2", "--step-days", "60")
    for code in ("manager_changed", "competitor_gain", "promises_broken", "complaint_unresolved", "volume_falling"):
        assert code in output
    assert "2 dates from 2026-05-01 to 2026-06-30" in output
    assert instance.query("select count(*) from published.churn_reason_history") == before
    assert instance.query("select count(*) from pg_namespace where nspname like 'measurement%'") == [(0,)]


def test_what_moved_sums_to_the_change_of_the_score_and_says_why(demo):
    instance, _ = demo
    worst, moved, unmoved = instance.query(
        "select max(abs(coalesce(a.value_score, 0) - coalesce(b.value_score, 0) - coalesce(c.change, 0))),"
        " count(c.change), count(*) filter (where c.change is null)"
        " from (select * from published.customer_tier_history where as_of_date = '2026-06-30') as a"
        " full join (select * from published.customer_tier_history where as_of_date = '2026-06-29') as b"
        " using (customer_id) left join (select customer_id, sum(contribution_change) as change"
        " from published.score_change group by 1) as c using (customer_id)",
        role="reader",
    )[0]
    assert worst < 1e-9
    assert moved > 50
    assert unmoved > 0
    causes = dict(instance.query("select cause, count(*) from published.score_change group by 1", role="reader"))
    assert causes.keys() <= {"own_data", "window_moved", "availability"}
    assert causes["window_moved"] > causes["own_data"] > 0


def test_later_nights_pull_only_what_changed_and_account_for_every_row(demo):
    instance, _ = demo
    rows = instance.query(
        "select as_of_date::text, sum((e.value->>'read')::int), sum((e.value->>'landed')::int),"
        " sum((e.value->>'unchanged')::int), sum((e.value->>'rejected')::int)"
        " from published.run, jsonb_each(rows_extracted) as e group by 1 order by 1"
    )
    assert [row[0] for row in rows] == NIGHTS
    for _, read, landed, unchanged, rejected in rows:
        assert read == landed + unchanged + rejected
        assert landed > 0
    assert rows[1][1] < rows[0][1] / 5
    assert instance.query("select count(*) from landing.landing_rejected where reason <> ''")[0][0] > 0
    assert instance.query("select count(*) from landing.landing_history")[0][0] > 0


def test_every_published_table_and_column_carries_a_comment(demo):
    instance, _ = demo
    missing = instance.query(
        "select c.relname, a.attname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " join pg_attribute as a on a.attrelid = c.oid where n.nspname = 'published' and c.relkind in ('r', 'v', 'p')"
        " and a.attnum >= 0 and not a.attisdropped"
        " and col_description(c.oid, a.attnum) is null"
        " union select c.relname, '' from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = 'published' and c.relkind in ('r', 'v', 'p') and obj_description(c.oid) is null"
    )
    assert missing == []


def test_every_alert_of_the_demo_is_told_once_and_its_mails_are_files(demo):
    instance, output = demo
    at_risk = instance.query(
        "select t.as_of_date, t.customer_id from published.customer_tier_history as t where tier = 'core'"
        " and churn_risk_level = 'high' and not exists (select 1 from published.churn_alert as a"
        " where a.customer_id = t.customer_id and a.kind = 'core_at_risk' and a.opened_on <= t.as_of_date"
        " and coalesce(a.closed_on > t.as_of_date, true))"
    )
    assert at_risk == []
    assert "alerts: " in output
    mails = instance.query("select purpose, as_of_date::text, recipient, status from control.mail_outbox")
    assert {status for *_, status in mails} <= {"sent"}
    for purpose, night, recipient, _ in mails:
        page = instance.home / "mail" / night / f"{purpose}-{recipient.lower()}.html"
        assert page.is_file()
        assert str(page.name) in output or "more" in output
    told = instance.query("select count(*), count(distinct (alert_id, recipient, event)) from control.alert_notice")
    assert told[0][0] == told[0][1]


def test_the_same_night_again_publishes_the_same_bytes_and_mails_a_newcomer_once(demo, tmp_path):
    """The newcomer's mail goes through the DagRun and Airflow's SMTP hook to a real server."""
    instance, _ = demo
    rules = yaml.safe_load((PROJECT / "pipelines" / "demo" / "alert_rules.yml").read_text("utf-8"))
    rules["kinds"]["core_at_risk"]["tiers"] = ["core", "important", "general"]  # somebody is at risk in so small a demo
    newcomer = {"address": "newcomer@steel.example", "language": "zh", "role": "operations"}
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(rules | {"recipients": [newcomer], "account_manager_address": None}), "utf-8")
    before = digests(instance, "as_of_date = '2026-06-30'")
    untouched = digests(instance, "as_of_date < '2026-06-30'", "array[]::text[]")
    indicator = instance.query("select * from published.customer_indicator order by customer_id, indicator_id")
    with mail_server(tmp_path / "arrived.jsonl") as server:
        variables = {
            "CVP_ALERT_RULES": str(file), "CVP_MAIL_TRANSPORT": "smtp",
            "CVP_SMTP_URL": f"smtp://localhost:{server.port}?starttls=off",
        }  # fmt: skip
        instance.run("night", "--as-of", "2026-06-30", **variables)
        digests_arrived = [(to, mail) for to, mail in server.mails() if "需要关注" in mail["Subject"]]
    ((recipient, mail),) = digests_arrived
    assert recipient == newcomer["address"]
    assert "核心客户有流失风险" in mail.get_body(preferencelist=("plain",)).get_content()
    assert digests(instance, "as_of_date = '2026-06-30'") == before
    assert digests(instance, "as_of_date < '2026-06-30'", "array[]::text[]") == untouched
    again = instance.query("select * from published.customer_indicator order by customer_id, indicator_id")
    assert again == indicator


def test_the_first_night_again_leaves_the_later_ones_as_they_were(demo):
    instance, _ = demo
    later = digests(instance, "as_of_date > '2026-06-28'", "array[]::text[]")
    instance.run("night", "--as-of", "2026-06-28")
    assert digests(instance, "as_of_date > '2026-06-28'", "array[]::text[]") == later
    assert instance.query("select distinct as_of_date::text from published.customer_tier") == [("2026-06-30",)]


def test_a_gate_that_trips_leaves_the_last_publication_and_names_rule_and_rows(demo, tmp_path):
    instance, _ = demo
    before = digests(instance, "true", "array[]::text[]")
    erp = instance.url("erp")
    order = instance.query("select max(order_id) from landing.sales_order where ordered_on > '2026-06-20'")[0][0]
    set_currency = f"update sd.vbak set waerk = '{{}}', aedat = {JUST_NOW.format('sd.vbak')} where vbeln = '{{}}'"
    with psycopg.connect(erp) as connection:
        currency = connection.execute("select waerk from sd.vbak where vbeln = %s", [order]).fetchone()[0]
    instance.execute(erp, set_currency.format("XAU", order))
    try:
        with mail_server(tmp_path / "arrived.jsonl") as server:
            url = f"smtp://localhost:{server.port}?starttls=off"
            over_smtp = {"CVP_MAIL_TRANSPORT": "smtp", "CVP_SMTP_URL": url}
            output = instance.run("night", "--as-of", "2026-06-30", expect=1, **over_smtp)
            arrived = server.mails()
        status = instance.run("status", expect=1)
    finally:
        instance.execute(erp, set_currency.format(currency, order))
    for text in (output, status):
        assert "validate_candidates" in text
        assert "XAU" in text
    assert digests(instance, "true", "array[]::text[]") == before
    last = instance.query("select status, failed_step, message from published.run order by started_at desc limit 1")[0]
    assert last[:2] == ("failed", "validate_candidates")
    assert "mails: " in status
    # one mail to each of operations, no customer alert: gate, rule, rows, what stands, and no value
    assert sorted(recipient for recipient, _ in arrived) == ["operations@steel.example", "sales.director@steel.example"]
    text = dict(arrived)["operations@steel.example"].get_body(preferencelist=("plain",)).get_content()
    for words in (
        "stopped by gate: what was about to be published (validate_candidates)", "every_exchange_rate_is_there",
        "(intermediate.int_missing_exchange_rate): 1 row\r\n", "published for 2026-06-30. No customer alert was sent",
    ):  # fmt: skip
        assert words in text, text
    assert "XAU" not in str(dict(arrived)["operations@steel.example"])
    assert "XAU" in last[2]


def test_too_many_rejected_rows_stop_the_night_and_go_in_when_mended(demo):
    instance, _ = demo
    erp = instance.url("erp")
    spoil = f"update sd.vbap set kwmeng = kwmeng * -1, aedat = {JUST_NOW.format('sd.vbap')} where vbeln in ({{}})"
    orders = [row[0] for row in instance.query("select order_id from landing.sales_order order by 1 desc limit 40")]
    names = ", ".join(f"'{order}'" for order in orders)
    aside = (
        "select key, reason from landing.landing_rejected where entity = 'sales_order_line'"
        f" and split_part(key, chr(31), 1) in ({names}) order by key"
    )
    before = instance.query(aside)
    instance.execute(erp, spoil.format(names))
    output = instance.run("night", "--as-of", "2026-06-30", expect=1)
    assert "check_rejections" in output
    assert "demo_sales.sales_order_line" in output
    assert "quantity" in output
    instance.execute(erp, spoil.format(names))
    instance.run("night", "--as-of", "2026-06-30")
    assert instance.query(aside) == before


def _dag_run_of(process: subprocess.Popen, instance) -> int:
    """The process id of the DagRun that a `cvp night` has started, once a step of it is at work."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        notes = list((instance.home / "run").glob("[0-9]*"))
        working = instance.query(
            "select 1 from control.run_step join control.run using (run_id)"
            " where run.status = 'running' and run_step.status = 'running' and step like 'build_%'"
        )
        if notes and working:
            return int(notes[0].name)
        time.sleep(0.2)
    raise AssertionError("no step of the night got to work")


@pytest.mark.parametrize("victim", ["dag_run", "command"])
def test_a_killed_night_is_told_as_aborted_and_blocks_nothing(demo, victim):
    instance, _ = demo
    before = digests(instance, "true", "array[]::text[]")
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "night", "--as-of", "2026-06-30"], env=instance.environment, cwd=PROJECT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    dag_run = _dag_run_of(process, instance)
    if victim == "dag_run":
        os.killpg(dag_run, signal.SIGKILL)
    else:
        process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in output
    status = instance.query(
        "select status, finished_at is not null from published.run order by started_at desc limit 1"
    )
    assert status[0][0] in ("aborted", "failed")
    assert status[0][1]
    assert instance.query("select count(*) from control.run_step where status = 'running'") == [(0,)]
    assert digests(instance, "true", "array[]::text[]") == before


def test_two_nights_at_once_one_is_refused(demo):
    instance, _ = demo
    first = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "night", "--as-of", "2026-06-30"], env=instance.environment, cwd=PROJECT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    _dag_run_of(first, instance)
    refused = instance.run("night", "--as-of", "2026-06-30", expect=2)
    output, _ = first.communicate(timeout=300)
    assert first.returncode == 0, output
    assert "is at work in this warehouse" in refused


def test_the_replay_dag_evaluates_a_range_in_order(demo):
    instance, _ = demo
    before = digests(instance, "as_of_date <> '2026-06-29'")
    conf = '{"from_date": "2026-06-28", "to_date": "2026-06-29"}'
    instance.run("airflow", "dags", "test", "customer_value_replay", "--conf", conf)
    runs = instance.query("select as_of_date::text, status from published.run order by started_at desc limit 2")
    assert runs == [("2026-06-29", "published"), ("2026-06-28", "published")]
    assert digests(instance, "as_of_date <> '2026-06-29'") == before


def test_airflows_deadline_tells_operations_of_a_late_night_once(demo, tmp_path):
    """Under the real scheduler: a run is queued, its deadline passes, the callback mails; nobody else is told."""
    instance, _ = demo
    metadata = EmbeddedServer(instance.home).url("airflow", "airflow")
    # the nights that `cvp night` ran have ended for Airflow too: none is in a scheduler's way
    ended = (
        "select distinct state from dag_run where run_id in (select run_id from task_instance where state = 'success')"
    )
    assert ("success",) in _rows(metadata, ended)
    with mail_server(tmp_path / "arrived.jsonl") as server:
        variables = {
            "CVP_MAIL_TRANSPORT": "smtp", "CVP_SMTP_URL": f"smtp://localhost:{server.port}?starttls=off",
        }  # fmt: skip
        conf = '{"as_of_date": "2026-07-01"}'
        instance.run("airflow", "dags", "reserialize")
        instance.run("airflow", "dags", "trigger", "customer_value_nightly", "--conf", conf)
        instance.execute(metadata, "update deadline set deadline_time = now() - interval '1 second'")
        scheduler = subprocess.Popen(
            [sys.executable, "-m", "pipelines", "airflow", "scheduler", "--skip-serve-logs"], cwd=PROJECT,
            env={**instance.environment, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 180
            done = "select 1 from callback where state = 'success'"
            while not _rows(metadata, done) and time.monotonic() < deadline:
                time.sleep(0.5)
        finally:
            os.killpg(scheduler.pid, signal.SIGTERM)
            scheduler.wait(60)
            instance.execute(metadata, "delete from dag_run where state = 'queued'")
        arrived = {recipient: mail for recipient, mail in server.mails()}
        assert len(server.mails()) == len(arrived) == 2
    text = arrived["operations@steel.example"].get_body(preferencelist=("plain",)).get_content()
    for words in ("The night of 2026-07-01 is late", "published for 2026-06-30. No customer alert was sent"):
        assert words in text
    instance.run("watch", "--now", "2026-07-02T06:30:00+08:00", expect=1)
    written = instance.query("select count(*) from control.mail_outbox where purpose = 'late' and status = 'sent'")
    assert written == [(2,)]


def _rows(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchall()


def test_the_monthly_training_dag_records_its_models_and_its_choice_and_adds_nothing_when_it_runs_again(demo):
    instance, _ = demo
    before = digests(instance, "true", "array[]::text[]")
    recorded = (
        "select version, kind, trained_as_of::text, first_slice_on, last_slice_on, known_from, customer_slices,"
        " features, figures, is_chosen, decision, libraries ->> 'scikit-learn' from control.churn_model order by 1"
    )
    choices = "select version, active_from_on::text, author, reason from control.churn_model_choice order by choice_id"
    instance.run("airflow", "dags", "test", "customer_value_churn_training")
    models, chosen = instance.query(recorded), instance.query(choices)
    assert [(row[0], row[1]) for row in models] == [(1, "logistic_regression"), (2, "gradient_boosting")]
    for version, _, as_of, first, last, known_from, seen, features, figures, is_chosen, decision, library in models:
        assert as_of == NIGHTS[-1]
        assert (last - first).days == 330  # twelve slices
        assert (known_from - last).days == 180
        assert figures["tried_from"] >= known_from.isoformat()
        assert seen > 200
        assert "on_time_rate_90d" in features
        for measure in ("auc", "lift_top_10", "brier", "calibration_error", "lost_margin_flagged_share"):
            assert figures["own"][measure][0] - figures["cells"][measure][0] == pytest.approx(
                figures["difference"][measure][0]
            )
        wins = figures["difference"]["auc"][1] > 0 and figures["difference"]["brier"][2] < 0
        assert decision.startswith("wins: " if wins else "does not win: ")
        assert wins or not is_chosen
        assert library
        if is_chosen:
            assert [(row[0], row[1], row[2]) for row in chosen] == [(version, "2026-07-01", "training")]
    assert bool(chosen) == any(row[9] for row in models)
    instance.run("churn", "train")
    assert instance.query(recorded) == models
    assert instance.query(choices) == chosen
    assert digests(instance, "true", "array[]::text[]") == before


def test_the_next_night_is_scored_by_the_model_in_force_and_says_so(demo):
    """After the training: what it chose, or else a person, is in force; the DAG of the next night scores with it."""
    instance, _ = demo
    in_force = "select version from control.churn_model_choice order by choice_id desc limit 1"
    if not instance.query(in_force):
        instance.run("churn", "use", "2", "--author", "Li Na", "--reason", "a try")
    ((version,),) = instance.query(in_force)
    instance.run("night", "--as-of", "2026-07-01")
    said = "select distinct as_of_date::text, churn_model_version from published.{} where as_of_date >= '2026-06-30'"
    for table in ("customer_tier_history", "churn_track_record"):
        assert sorted(instance.query(said.format(table))) == [("2026-06-30", "cells"), ("2026-07-01", str(version))]
    apart, scored = instance.query(
        "select max(abs(churn_probability - probability)), count(*) from published.customer_tier"
        " join control.churn_model_score using (customer_id)"
        " where snapshot_on = as_of_date and churn_status = 'validated'"
    )[0]
    assert scored > 50
    assert apart < 1e-12
    steps = instance.query(
        "select step_seconds -> 'score_churn_model' from published.run where as_of_date = '2026-07-01'"
    )
    assert steps[-1][0] is not None


def test_telemetry_is_off_in_all_that_is_started(instance):
    from pipelines.settings import Settings

    variables = environment(Settings(home=instance.home))
    assert variables["DO_NOT_TRACK"] == "1"
    assert variables["SCARF_ANALYTICS"] == "false"
    assert variables["GX_ANALYTICS_ENABLED"] == "false"
    assert variables["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
