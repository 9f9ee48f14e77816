"""Sending to real servers that refuse, defer, cut, hang, or want encryption: each mail's way out of the outbox."""

from __future__ import annotations

import datetime
import ipaddress
import smtplib
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines import alert
from pipelines.alert import desk, outbox
from pipelines.alert.mailing import transport
from pipelines.alert.send import send_outbox
from pipelines.alert.smtp import smtp_server
from pipelines.settings import PROJECT, SettingsError
from tests.integration.alerts.nights import DIRECTOR, OPS, D, customer, night, query
from tests.integration.alerts.smtp_server import mail_server

MANAGER = "E1@steel.example"
ALL = [MANAGER, OPS, DIRECTOR]


@pytest.fixture
def record(tmp_path) -> Path:
    return tmp_path / "arrived.jsonl"


def over_smtp(company, port: int, options: str = "?starttls=off", user: str = ""):
    url = f"smtp://{user}localhost:{port}{options}"
    return company.settings.model_copy(update={"mail_transport": "smtp", "smtp_url": url})


def one_night(company) -> None:
    night(company.engine, company.settings, D, customer("c1"))


def send(company, settings, pauses: list[float] | None = None):
    seen = [] if pauses is None else pauses
    return send_outbox(company.engine, settings, transport(settings), seen.append)


def state(company, column="status") -> dict[str, object]:
    return dict(query(company.engine, f"select recipient, {column} from control.mail_outbox"))


def arrived(server) -> list[str]:
    return sorted(recipient for recipient, _ in server.mails())


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_every_recipient_gets_the_mail_once_with_the_outboxs_message_id(company, record):
    one_night(company)
    with mail_server(record) as server:
        settings = over_smtp(company, server.port)
        assert len(send(company, settings).sent) == 3
        assert not send(company, settings).sent
        assert arrived(server) == sorted(ALL)
        assert {to: mail["Message-ID"] for to, mail in server.mails()} == state(company, "message_id")
        assert all(mail["To"] == to for to, mail in server.mails())
    assert set(state(company).values()) == {"sent"}


def note_mails(note_fault, case: str, fault: str, server, lost: int = 0) -> None:
    """One case with this server: what it took beyond one of each is doubled."""
    counts = Counter(arrived(server))
    note_fault(case, f"mails: {fault}", 1, int(lost == 0), lost, sum(counts.values()) - len(counts))


def test_a_mail_that_is_deferred_three_times_is_taken_after_back_off(company, record, note_fault):
    one_night(company)
    with mail_server(record, rcpt={OPS: ["451", "451", "451", "250"]}) as server:
        pauses: list[float] = []
        report = send(company, over_smtp(company, server.port), pauses)
        assert report.is_complete
        assert arrived(server) == sorted(ALL)
        note_mails(note_fault, "F14", "451 three times, then taken", server)
    first = company.settings.mail_backoff_seconds
    assert pauses == pytest.approx([first, 2 * first, 4 * first])
    assert state(company, "attempts") == {OPS: 4, DIRECTOR: 1, MANAGER: 1}


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_refused_recipient_holds_nobody_back_is_tried_once_and_stays_reported(company, record, note_fault, stage):
    one_night(company)
    with mail_server(record, **{stage: {OPS: ["550"]}}) as server:
        settings = over_smtp(company, server.port)
        report = send(company, settings)
        send(company, settings)
        assert [event["recipient"] for event in server.events("refused")] == [OPS]
        assert arrived(server) == sorted({DIRECTOR, MANAGER})
        note_mails(note_fault, "F14", f"550 for one of three at {stage.upper()}", server)
    assert len(report.refused) == 1
    assert state(company) == {OPS: "dead", DIRECTOR: "sent", MANAGER: "sent"}
    with company.engine.connect() as connection:
        dead = desk.mail_state(connection, settings).dead
    assert [(row.recipient, row.attempts) for row in dead] == [(OPS, 1)]
    assert "550" in dead[0].last_error


def test_a_refused_mail_goes_when_its_mailbox_is_mended(company, record):
    one_night(company)
    with mail_server(record, rcpt={OPS: ["550", "250"]}) as server:
        settings = over_smtp(company, server.port)
        send(company, settings)
        with company.engine.begin() as connection:
            assert outbox.revive_dead(connection) == 1
        assert len(send(company, settings).sent) == 1
        assert arrived(server) == sorted(ALL)


def test_a_server_that_is_down_all_night_delays_the_mails_and_nothing_else(company, record, note_fault):
    one_night(company)
    pauses: list[float] = []
    report = send(company, over_smtp(company, closed_port()), pauses)
    assert (len(report.waiting), len(pauses)) == (3, 3)
    assert "ConnectionRefusedError" in report.unavailable
    assert set(state(company).values()) == {"pending"}
    assert set(state(company, "attempts").values()) == {0}
    night(company.engine, company.settings, D + timedelta(days=1), customer("c1"))
    with company.engine.begin() as connection:
        # longer than a mail that was tried is kept
        connection.execute(sa.text("update control.mail_outbox set created_at = created_at - interval '6 days'"))
        late = desk.mail_state(connection, company.settings).late
    assert {row.recipient for row in late} == set(ALL)
    with mail_server(record) as server:
        assert len(send(company, over_smtp(company, server.port)).sent) == 3
        assert arrived(server) == sorted(ALL)
        note_mails(note_fault, "F12", "server down all night", server)


def test_a_server_that_takes_a_mail_and_cuts_gets_it_once_more_with_the_same_id(company, record, note_fault):
    one_night(company)
    with mail_server(record, data={OPS: ["cut", "250"]}) as server:
        assert send(company, over_smtp(company, server.port)).is_complete
        ids = [mail["Message-ID"] for to, mail in server.mails() if to == OPS]
        assert arrived(server) == sorted([*ALL, OPS])
        note_mails(note_fault, "F13", "taken, then cut without a word (same Message-ID)", server)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert state(company, "possible_duplicates") == {OPS: 1, DIRECTOR: 0, MANAGER: 0}


def test_a_server_that_always_cuts_gets_no_third_copy(company, record):
    one_night(company)
    with mail_server(record, data={OPS: ["cut"]}) as server:
        settings = over_smtp(company, server.port)
        send(company, settings)
        send(company, settings)
        assert arrived(server).count(OPS) == 2
    assert state(company)[OPS] == "dead"
    with company.engine.begin() as connection:
        assert outbox.revive_dead(connection) == 1
    with mail_server(record) as server:
        assert send(company, over_smtp(company, server.port)).is_complete
    assert state(company, "possible_duplicates")[OPS] == 2


def test_a_server_that_hangs_is_left_after_the_time_out(company, record, note_fault):
    one_night(company)
    settings_now = {"mail_timeout_seconds": 0.5, "mail_attempts": 1}
    with mail_server(record, data={OPS: ["hang"]}) as server:
        began = time.monotonic()
        settings = over_smtp(company, server.port).model_copy(update=settings_now)
        send(company, settings)
        assert time.monotonic() - began < 10
        assert arrived(server) == sorted({DIRECTOR, MANAGER})
        note_mails(note_fault, "F14", "the server hangs at one mail", server)
    assert state(company)[OPS] == "pending"


def test_a_sender_that_is_refused_is_no_mails_fault_and_all_go_when_that_is_mended(company, record):
    one_night(company)
    with mail_server(record, mail=["550", "550", "550", "550", "250"]) as server:
        settings = over_smtp(company, server.port)
        report = send(company, settings)
        assert len(report.waiting) == 3
        assert f"sender {settings.mail_from} refused: 550" in report.unavailable
        assert set(state(company).values()) == {"pending"}
        assert len(send(company, settings).sent) == 3
        assert arrived(server) == sorted(ALL)


def test_a_server_that_is_there_again_in_the_next_round_was_not_unavailable(company, record):
    one_night(company)
    with mail_server(record, mail=["550", "250"]) as server:
        report = send(company, over_smtp(company, server.port))
        assert report.is_complete, report
        assert arrived(server) == sorted(ALL)


def test_an_attempt_that_died_without_a_word_is_made_again_and_counted_as_a_possible_second_copy(company, record):
    one_night(company)
    with company.engine.begin() as connection:
        keys = outbox.pending(connection)
        died, never_given = (outbox.claim(connection, key) for key in keys[:2])
        outbox.note_given(connection, keys[0])
    with mail_server(record) as server:
        assert send(company, over_smtp(company, server.port)).is_complete
        assert arrived(server) == sorted(ALL)
        ids = {to: mail["Message-ID"] for to, mail in server.mails()}
        assert [ids[one.recipient] for one in (died, never_given)] == [died.message_id, never_given.message_id]
    assert state(company, "possible_duplicates") == {**dict.fromkeys(ALL, 0), died.recipient: 1}
    assert set(state(company, "in_flight").values()) == {False}


def test_a_mail_that_is_deferred_for_days_is_given_up_and_reported(company, record):
    one_night(company)
    with mail_server(record, rcpt={OPS: ["451"]}) as server:
        settings = over_smtp(company, server.port)
        assert len(send(company, settings).waiting) == 1
        with company.engine.begin() as connection:
            connection.execute(sa.text("update control.mail_outbox set created_at = created_at - interval '6 days'"))
        send(company, settings)
        assert len(server.events("refused")) == settings.mail_attempts
    assert state(company)[OPS] == "dead"


def test_two_senders_at_once_send_each_mail_once(company, record):
    one_night(company)
    with mail_server(record) as server, company.engine.connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(hashtext('cvp mail sender'))"))
        settings = over_smtp(company, server.port)
        report = send(company, settings)
        assert report.is_busy
        assert arrived(server) == []
        connection.execute(sa.text("select pg_advisory_unlock(hashtext('cvp mail sender'))"))
        assert len(send(company, settings).sent) == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself: trusted by whoever is told to."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    no_password = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))
    return files


LOGIN = ["cvp", "pass word/@:"]
USER = "cvp:pass%20word%2F%40%3A@"


def test_starttls_and_login(company, record, certificate, monkeypatch):
    one_night(company)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with mail_server(record, certificate=str(certificate[0]), key=str(certificate[1]), login=LOGIN) as server:
        assert send(company, over_smtp(company, server.port, "", USER)).is_complete
        assert {(event["is_encrypted"], event["login"]) for event in server.events("taken")} == {(True, "cvp")}


@pytest.mark.parametrize("fault", ["not offered", "certificate not trusted", "wrong password"])
def test_without_the_demanded_protection_nothing_is_sent(company, record, certificate, monkeypatch, note_fault, fault):
    one_night(company)
    script = {"certificate": str(certificate[0]), "key": str(certificate[1]), "login": LOGIN}
    if fault != "certificate not trusted":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    user = "cvp:wrong@" if fault == "wrong password" else USER
    with mail_server(record, **({} if fault == "not offered" else script)) as server:
        report = send(company, over_smtp(company, server.port, "", user))
        assert server.events("taken") == []
        note_mails(note_fault, "F14", f"STARTTLS or login: {fault}", server)
    assert len(report.waiting) == 3
    assert report.unavailable


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp://cvp:secret@mail.example:25?starttls=off", "encrypted connection only"),
        ("smtp://cvp@mail.example", "user and password"),
        ("smtp://mail.example?starttls=maybe", "starttls"),
        ("smtps://mail.example?starttls=off", "no use with smtps"),
        ("http://mail.example", "smtp://"),
        ("smtp://mail.example:port", "no URL"),
        ("smtp://mail.example?start_tls=off", "at most"),
        ("", "no mail server"),
    ],
)
def test_a_mail_server_that_is_named_wrongly_is_refused(company, url, words):
    with pytest.raises(SettingsError, match=words) as refusal:
        smtp_server(company.settings.model_copy(update={"smtp_url": url}))
    assert "secret" not in str(refusal.value)


def test_the_url_says_how_the_connection_is_protected(company):
    def security(url):
        server = smtp_server(company.settings.model_copy(update={"smtp_url": url}))
        return server.security, server.port

    assert security("smtp://mail.example") == ("starttls", 587)
    assert security("smtps://mail.example") == ("tls", 465)
    assert security("smtp://mail.example:25?starttls=off") == ("none", 25)


# Airflow's hook as the DAG uses it, in a process of its own with Airflow's environment
CARRIER = """
import sys
sys.path.insert(0, sys.argv[1])
import mail_carrier
with mail_carrier.open_client() as client:
    client.sendmail("cvp@steel.example", ["ops@steel.example"], b"Subject: carried\\r\\n\\r\\nbody")
"""


def carry(settings_variables: dict[str, str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    import os

    empty = tmp_path / "empty.toml"
    empty.touch()
    variables = {
        **os.environ, "CVP_CONFIG": str(empty), "CVP_MAIL_TRANSPORT": "smtp", "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody@127.0.0.1:9/none",
        "PYTHONPATH": str(PROJECT), **settings_variables,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CARRIER, str(PROJECT / "dags")], env=variables, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_airflows_hook_carries_with_starttls_and_login(company, record, certificate, tmp_path):
    with mail_server(record, certificate=str(certificate[0]), key=str(certificate[1]), login=LOGIN) as server:
        url = f"smtp://{USER}localhost:{server.port}"
        done = carry({"CVP_SMTP_URL": url, "SSL_CERT_FILE": str(certificate[0])}, tmp_path)
        assert done.returncode == 0, done.stderr
        assert [(event["is_encrypted"], event["login"]) for event in server.events("taken")] == [(True, "cvp")]


def test_an_airflow_connection_whose_url_says_false_is_not_taken_for_true(record, tmp_path):
    """The hook would read the text `false` of disable_tls as true and send in plain text."""
    with mail_server(record) as server:
        connection = f"smtp://localhost:{server.port}/?disable_ssl=true&disable_tls=false"
        done = carry({"CVP_SMTP_CONNECTION_ID": "our_mail", "AIRFLOW_CONN_OUR_MAIL": connection}, tmp_path)
        assert done.returncode != 0
        assert smtplib.SMTPNotSupportedError.__name__ in done.stderr, done.stderr[-2000:]
        assert server.events("taken") == []


def test_nothing_is_raised_where_mails_cannot_go(company):
    one_night(company)
    settings = company.settings.model_copy(update={"mail_transport": "smtp", "smtp_connection_id": "our_mail"})
    assert "no mail server" in alert.send_mails(company.engine, settings).unavailable
