"""Mails as their readers get them: parsed back, whatever the source systems delivered."""

from __future__ import annotations

import email
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.alert.message import MessageError, build_message
from pipelines.alert.outbox import Mail
from pipelines.alert.transport import html_page
from pipelines.alert.words import Words, _all_words, causes

NASTY = [
    'O\'Neill & "Sons" <GmbH>', "a\r\nBcc: evil@x.example\r\n\r\nbody", "<script>alert(1)</script>",
    "宝山钢铁集团有限公司", "🔩🏭 Schrauben", "\u202egnp.exe\u202c", "x" * 300, "钢" * 300, "--\r\n.\r\n",
    "=?utf-8?q?x?=", "{{ 7*7 }}", "{name}", "</div></body></html>", "cid:chart1@customer-value", "\u2028line",
    "a\x0bb\x1b[31m", "'; drop table x; --", "", "مرحبا\u200f",
]  # fmt: skip


def orders(volume=True):
    months = [f"{2024 + (6 + n) // 12}-{(6 + n) % 12 + 1:02d}" for n in range(24)]
    amounts = [float(10 * (n % 5) - 5) if volume else 0.0 for n in range(24)]
    return {
        "last_on": "2026-04-11", "days_since": 80, "usual_gap_days": 12, "months": months,
        "volume": [abs(amount) for amount in amounts], "margin": amounts, "days": ["2024-07-01", "2026-04-11"],
    }  # fmt: skip


def payload(text="Huaxin Steel", alerts=1, closed=0, still=0, reasons=True, chart=False):
    def entry(number, **values):
        return {
            "alert_id": number, "kind": "core_at_risk", "customer_id": f"C{number}", "customer_name": text,
            "opened_on": "2026-06-30", "close_reason": None, "true_cause": None, "margin_at_stake": "4200000.5",
            **values,
        }  # fmt: skip

    parts = {
        "new": [entry(n) for n in range(1, alerts + 1)],
        "closed": [entry(100 + n, close_reason="calm") for n in range(closed)],
        "still": [entry(200 + n, true_cause="competitor_gain") for n in range(still)],
    }
    customer = {
        "customer_name": text, "industry": text, "region": text, "sales_department": text, "salesperson_id": text,
        "account_manager_id": text, "tier": "core", "previous_tier": "core", "churn_probability": 0.62,
        "churn_risk_level": "high", "churn_status": "validated", "gross_margin_12m": "1", "before_on": "2026-06-29",
        "churn_risk_level_before": "medium", "churn_probability_before": 0.41,
        "reasons": [{"code": "complaint_unresolved", "en": text, "zh": text}] if reasons else [],
        "orders": orders() if chart else orders(volume=False),
    }  # fmt: skip
    ids = [entry["customer_id"] for part in parts.values() for entry in part]
    return parts | {
        "held": 2, "budget": 10, "customers": {name: customer for name in ids}, "currency": "CNY", "horizon_days": 180,
        "track_record": {"core": {"tier_group": "core", "flagged": 40, "churned": 27}},
    }  # fmt: skip


def mail(facts, purpose="digest", language="en") -> Mail:
    # as the outbox returns it: through JSON
    return Mail(
        "digest/2026-06-30/a@b.example", purpose, date(2026, 6, 30), "a@b.example", language, "<1@steel.example>",
        json.loads(json.dumps(facts)), datetime(2026, 7, 1, 2, 30, tzinfo=UTC),
    )  # fmt: skip


def parsed(facts, purpose="digest", language="en") -> EmailMessage:
    raw = build_message(mail(facts, purpose, language), "cvp@steel.example").as_bytes(policy=SMTP)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return email.message_from_bytes(raw, policy=default)


def part(message: EmailMessage, kind: str) -> str:
    return message.get_body(preferencelist=(kind,)).get_content()


class Tags(HTMLParser):
    """Which tags a page has, and whether they close as they opened."""

    VOID = ("meta", "img", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.all: list[str] = []
        self.sources: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.all.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_digest_is_one_multipart_with_text_html_and_its_charts(language):
    message = parsed(payload(alerts=7, closed=1, still=2, chart=True), language=language)
    assert [p.get_content_type() for p in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", *["image/png"] * 5,
    ]  # fmt: skip
    cids = {p["Content-ID"].strip("<>") for p in message.walk() if p.get_content_type() == "image/png"}
    assert {source.removeprefix("cid:") for source in Tags(part(message, "html")).sources} == cids
    assert all(p.get_content().startswith(b"\x89PNG") for p in message.walk() if p.get_content_type() == "image/png")
    assert (message["To"], message["Message-ID"]) == ("a@b.example", "<1@steel.example>")
    assert message["Date"].datetime == datetime(2026, 7, 1, 2, 30, tzinfo=UTC)


def test_the_mail_says_what_a_sales_manager_needs():
    text = part(parsed(payload(still=1, closed=1)), "plain")
    for words in (
        "1 customer to look after",
        "Huaxin Steel", "CNY 4.20 million", "62 % likely to stop buying",
        "Of 40 core customers at high risk before, 27 bought nothing in the 180 days that followed.",
        "The percentage is how many customers in the same situation",
        "Last order 80 days ago (2026-04-11), usually every 12 days", "Complaint unresolved: Huaxin Steel",
        "Looked after by Huaxin Steel", "Alert 1", "cvp alerts acknowledge 1 --cause CODE", "== Still open ==",
        "true cause found: A competitor gains", "== Closed ==",
        "Since 2026-06-29: risk medium → high, probability 41 % → 62 %", "1 shown, 2 wait: at most 10 new",
    ):  # fmt: skip
        assert words in text, text


def changed(**values):
    """The line about what changed since the night before, of a customer whose facts have these values."""
    facts = payload(chart=True)
    facts["customers"]["C1"] = facts["customers"]["C1"] | values
    text = part(parsed(facts), "plain")
    return next((line.strip() for line in text.splitlines() if line.strip().startswith("Since ")), None)


def test_what_changed_since_the_night_before_is_said_and_nothing_where_nothing_did():
    same = {"churn_risk_level_before": "high", "churn_probability_before": 0.62}
    assert changed(**same) is None
    assert changed(**(same | {"churn_probability_before": 0.6204})) is None
    assert changed(before_on=None) is None
    assert changed(churn_risk_level_before=None, churn_probability_before=None) is None
    assert changed(**same, before_on="2026-04-10") == "Since 2026-04-10: ordered again on 2026-04-11"
    assert changed(**same, before_on="2026-04-11") is None


def test_a_lost_tier_stands_first_in_what_changed():
    facts = payload()
    facts["new"][0]["kind"] = "core_tier_lost"
    facts["customers"]["C1"] |= {"tier": "important"}
    text = part(parsed(facts), "plain")
    assert "Since 2026-06-29: fell from core to important, risk medium → high" in text


def test_what_is_still_open_says_what_changed_and_how_many_did():
    facts = payload(alerts=1, still=2)
    facts["customers"]["C201"] = facts["customers"]["C201"] | {
        "churn_risk_level_before": "high", "churn_probability_before": 0.62,
    }  # fmt: skip
    text = part(parsed(facts), "plain")
    assert "1 new · 2 still open (1 changed since yesterday)" in text
    assert text.partition("== Still open ==")[2].count("Since 2026-06-29") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_first_night_with_hundreds_of_alerts_is_no_wall_and_names_every_customer(language):
    facts = payload(alerts=300, chart=True)
    for entry in facts["new"]:
        entry["customer_name"] = f"Customer {entry['alert_id']}."
    message = parsed(facts, language=language)
    page, text = part(message, "html"), part(message, "plain")
    # mail readers cut a page of more than 102 kB
    assert len(page.encode()) < 100_000
    assert sum(p.get_content_type() == "image/png" for p in message.walk()) == 5
    for number in range(1, 301):
        assert f"Customer {number}." in page
        assert f"Customer {number}." in text


def test_an_account_manager_answers_the_mail_and_operations_record_it():
    facts = payload() | {"reply_to": "ops@steel.example"}
    message = parsed(facts)
    assert message["Reply-To"] == "ops@steel.example"
    text = part(message, "plain")
    assert "Then answer this mail with the alert's number and what it really was: Account manager changed, " in text
    assert "cvp alerts" not in text
    assert parsed(payload())["Reply-To"] is None


def test_money_is_written_as_the_reader_writes_it_and_never_more_exactly_than_three_digits():
    english, chinese = Words("en"), Words("zh")

    def written(amount, currency="CNY"):
        return english.money(Decimal(amount), currency), chinese.money(Decimal(amount), currency)

    assert written("1234567890.12") == ("CNY 1,235 million", "12.3 亿元")
    assert written("4200000.5") == ("CNY 4.20 million", "420 万元")
    assert written("-987654") == ("CNY -988,000", "-98.8 万元")
    assert written("999999.5", "USD") == ("USD 1,000,000", "100 万 USD")
    assert written("4213", "USD") == ("USD 4,210", "4,210 USD")
    assert written("0") == ("CNY 0", "0 元")
    assert written("0.4") == ("CNY 0", "0 元")


def test_nothing_is_said_to_be_certain():
    assert [Words.percent(share).replace("\u00a0", "") for share in (0, 0.004, 0.5, 0.996, 1)] == [
        "1%", "1%", "50%", "99%", "99%",
    ]  # fmt: skip


def test_the_chinese_mail_is_chinese():
    message = parsed(payload("华新钢铁"), language="zh")
    assert message["Subject"] == "华新钢铁：核心客户有流失风险"
    text = part(message, "plain")
    track_record = "40 家核心客户中，有 27 家在其后 180 天内没有采购"
    for words in ("420 万元", "停止采购的概率", track_record, "距上次订货 80 天", "负责人：华新钢铁"):
        assert words in text
    assert "at risk" not in text.lower()


def test_without_probability_track_record_reasons_or_orders_it_still_reads():
    facts = payload(reasons=False)
    facts["track_record"] = {}
    for customer in facts["customers"].values():
        customer |= {"churn_probability": None, "orders": None, "account_manager_id": None, "salesperson_id": None}
    facts["new"][0]["margin_at_stake"] = None
    text = part(parsed(facts), "plain")
    for words in ("too little history for a probability", "No order on record", "not known", "Nobody is assigned",
                  "Nothing stands out but the silence itself"):  # fmt: skip
        assert words in text


def test_the_same_row_gives_the_same_mail():
    facts = payload(alerts=2, chart=True)
    first, second = (build_message(mail(facts), "c@d.example") for _ in range(2))
    boundary = re.compile(r"=+\d+==")
    assert boundary.sub("", first.as_string()) == boundary.sub("", second.as_string())


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=400)


def has_only_our_words(message: EmailMessage, clean_page: str) -> None:
    assert set(message.keys()) == {
        "From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert message["To"] == "a@b.example"
    assert message["Subject"] == " ".join(message["Subject"].split())
    assert len(message["Subject"]) <= 150
    assert Tags(part(message, "html")).all == Tags(clean_page).all


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_a_source_delivers_breaks_headers_or_markup(text, language):
    clean_page = part(parsed(payload("plain name"), language=language), "html")
    has_only_our_words(parsed(payload(text), language=language), clean_page)


@given(TEXTS)
@example("\r\n" * 40)
@settings(max_examples=60, deadline=None)
def test_no_text_whatsoever_breaks_headers_or_markup(text):
    message = parsed(payload(text))
    has_only_our_words(message, part(parsed(payload("plain name")), "html"))
    plain = part(message, "plain").replace("\r\n", "\n")
    assert plain.count("\n") == part(parsed(payload("plain name")), "plain").count("\n")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", plain)


def failure(**changed):
    return {
        "step": "validate_landing", "status": "failed", "fault": "GateFailed", "nights": 1, "stands": "2026-06-29",
        "rules": [{"name": "orders_are_held", "dataset": "landing.sales_order", "expected": "1 order", "rows": 1200}],
        "entities": [], **changed,
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_failed_night_names_step_rule_rows_and_what_stands(language):
    message = parsed(failure(), "failure", language)
    assert "2026-06-30" in message["Subject"]
    assert "validate_landing" in message["Subject"]
    for kind in ("plain", "html"):
        for words in ("validate_landing", "orders_are_held (landing.sales_order)", "1,200", "2026-06-29", "cvp status"):
            assert words in part(message, kind)
    gate = {"en": "stopped by gate: what came in (validate_landing)", "zh": "被检查关口拦下: 进入的数据"}
    assert gate[language] in part(message, "plain")


def test_a_step_that_is_no_gate_is_called_a_step():
    text = part(parsed(failure(step="build_scores", rules=[]), "failure"), "plain")
    assert "failed step: build_scores" in text
    assert "gate" not in text


def test_what_goes_on_is_counted_and_what_could_not_be_checked_said():
    again = failure(nights=4, stands=None, rules=[failure()["rules"][0] | {"rows": None}])
    message = parsed(again, "failure")
    assert "4 nights in a row" in message["Subject"]
    assert "could not be checked" in part(message, "plain")
    assert "nothing is published yet" in part(message, "plain")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("purpose", "facts"),
    [
        ("late", {"deadline": "06:00", "is_unreachable": False, "status": None, "step": None, "stands": None}),
        ("late", {"deadline": "06:00", "is_unreachable": False, "status": "running", "step": "x", "stands": "d"}),
        ("late", {"deadline": "06:00", "is_unreachable": True}),
        ("resolved", {"ended": [{"signature": "late", "nights": 1, "since": "d"}]}),
        ("resolved", {"ended": [{"signature": "build_scores", "nights": 7, "since": "2026-06-24"}]}),
        ("failure", failure(rules=[], entities=[{"entity": "erp.customer", "rejected": 40, "read": 90}], step=None)),
    ],
)
def test_every_notice_can_be_read_in_both_languages(purpose, facts, language):
    message = parsed(facts, purpose, language)
    Tags(part(message, "html"))
    assert part(message, "plain").strip()


def test_a_payload_that_does_not_fit_is_our_fault_and_says_so():
    with pytest.raises(MessageError, match="KeyError"):
        build_message(mail({}), "c@d.example")


def test_one_row_is_not_called_rows():
    """Nor is one night called nights, in whatever form a number comes."""
    english = Words("en")
    for count, said in (("1", "1 row"), ("0", "0 rows"), ("2", "2 rows"), ("1,001", "1,001 rows")):
        assert english.say("failure.rows", count=count) == said
    ended = {"signature": "build_scores", "date": "2026-06-24"}
    assert english.say("resolved.line", nights=1, **ended) == "Ended: build_scores, 1 failed night, since 2026-06-24."
    assert english.say("resolved.line", nights=2, **ended) == "Ended: build_scores, 2 failed nights, since 2026-06-24."
    assert english.say("last_order", days=1, date="d").startswith("Last order 1 day ago")
    assert "Of 1 core customer at high risk" in english.say(
        "track_record", flagged=1, group="core", churned=1, days=180
    )
    assert english.say("held", shown=3, count=1, budget=10).startswith("3 shown, 1 waits:")


def test_no_english_number_stands_before_a_word_that_has_no_form_for_one():
    """A place followed by a plural needs its two forms; the few that are never one are named."""
    never_one = {"subject.new", "title", "failure.subject_again", "usual_gap", "track_record", "track_record.all"}
    for key, words in _all_words().items():
        if re.search(r"{(count|days|nights|flagged|read|rejected)} \w+s\b", words["en"]):
            assert key in never_one, (key, words["en"])


def test_both_languages_say_the_same_things_with_the_same_places():
    place = re.compile(r"{(\w+)")
    for key, words in _all_words().items():
        assert set(words) == {"en", "zh"}, key
        assert set(place.findall(words["en"])) == set(place.findall(words["zh"])), key
        assert re.search(r"[\u4e00-\u9fff]", words["zh"]) or key in ("subject.one", "and_then", "list"), key


def test_every_reason_code_of_the_method_can_be_acknowledged():
    assert {"manager_changed", "competitor_gain", "contact_lapsed", "promises_broken", "customer_contracts"} < set(
        causes()
    )


def test_the_page_for_a_browser_holds_its_pictures():
    page = html_page(build_message(mail(payload(chart=True)), "c@d.example"))
    assert page.count("data:image/png;base64,") == 1
    assert "cid:" not in page
