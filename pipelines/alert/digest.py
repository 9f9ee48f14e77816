"""What a recipient's mail of one night shows: its words, in order, from the payload in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.alert.outbox import Mail
from pipelines.alert.words import Words, causes, clean, shorten

# A first night may open hundreds of alerts: the first few are told in full, more in a paragraph, the rest in a line.
CHARTS_SHOWN = 5
PARAGRAPHS_SHOWN = 20
OVERVIEW_FROM = 3
ROWS_SHOWN = 25
LONGEST_NAME = 90
OVERVIEW_COLUMNS = 40
COLOUR = {"core_at_risk": "#b3261e", "core_tier_lost": "#8a4b00"}
OTHER_COLOUR = "#2f6690"


@dataclass(frozen=True)
class Page:
    """What a template is rendered from; `pictures`: content id -> the orders that its chart shows."""

    template: str
    subject: str
    preview: str
    context: dict[str, Any]
    pictures: dict[str, dict[str, Any]]


def digest_page(mail: Mail) -> Page:
    """The digest of one recipient and night."""
    facts, words = clean(mail.payload), Words(mail.language)
    cards = _cards(facts, words)
    pictures = {}
    for number, card in enumerate(cards[:CHARTS_SHOWN], start=1):
        orders = facts["customers"].get(card["customer_id"], {}).get("orders")
        if orders and any(orders["volume"]):
            card["picture"] = f"chart{number}@customer-value"
            pictures[card["picture"]] = orders
    closed = [_closed_row(alert, facts, words) for alert in facts["closed"]]
    still = [_open_row(alert, facts, words) for alert in facts["still"]]
    margins = [Decimal(card["margin_amount"]) for card in cards if card["margin_amount"] is not None]
    in_all = words.money(sum(margins, Decimal(0)), facts["currency"]) if margins else None
    in_full = CHARTS_SHOWN + PARAGRAPHS_SHOWN
    shown = {
        "as_of": mail.as_of_date, "title": _title(cards, closed, words), "held": _held(facts, words),
        "overview": cards[:CHARTS_SHOWN] if len(cards) >= OVERVIEW_FROM else [],
        "counts": _counts(len(cards), closed, still, words),
        "new_count": len(cards), "cards": cards[:CHARTS_SHOWN], "paragraphs": cards[CHARTS_SHOWN:in_full],
        "lines": cards[in_full:], "closed": closed, "still": still, "new_margin": in_all, "rows_shown": ROWS_SHOWN,
        "answer": _answer(facts, words),
        "has_two_figures": any(card["track_record"] for card in cards[:in_full]),
    }  # fmt: skip
    preview = "; ".join(f"{card['name']} {card['margin']}" for card in cards[:3])
    return Page("digest", _subject(cards, closed, in_all, words), preview, shown, pictures)


def _title(cards: list[dict[str, Any]], closed: list[Any], words: Words) -> str:
    if not cards:
        return words.say("subject.closed", count=len(closed))
    return words.say("title", count=len(cards)) if len(cards) > 1 else words.say("title.one")


def _counts(new: int, closed: list[Any], still: list[dict[str, str | None]], words: Words) -> str:
    """How many alerts are new, closed and still open, with how many of these changed; no zeros."""
    numbers = {"new": new, "closed": len(closed), "still": len(still)}
    text = " · ".join(words.say(f"count.{name}", count=count) for name, count in numbers.items() if count)
    changed = sum(row["change"] is not None for row in still)
    return text + words.say("count.changed", count=changed) if changed else text


def _held(facts: dict[str, Any], words: Words) -> str | None:
    """How many new alerts the recipient's budget shows and how many it lets wait."""
    if not facts["held"] or "budget" not in facts:
        return None
    return words.say("held", shown=len(facts["new"]), count=facts["held"], budget=facts["budget"])


def _answer(facts: dict[str, Any], words: Words) -> dict[str, Any] | None:
    """How the reader says what was the matter: by an answer to who records it, or by the commands that do."""
    example = next((alert["alert_id"] for alert in facts["new"] + facts["still"]), None)
    if example is None:
        return None
    if facts.get("reply_to"):
        known = words.say("list").join(words.name("reason", code) for code in causes())
        return {"text": words.say("answer.reply", causes=known), "commands": []}
    commands = [
        f"cvp alerts acknowledge {example} --cause CODE --by NAME",
        "cvp alerts mute CUSTOMER --until DATE --by NAME --reason WHY",
    ]
    return {"text": words.say("answer.command", causes=", ".join(causes())), "commands": commands}


def _subject(cards: list[dict[str, Any]], closed: list[Any], in_all: str | None, words: Words) -> str:
    if not cards:
        return words.say("subject.closed", count=len(closed))
    if len(cards) == 1:
        return words.say("subject.one", name=cards[0]["name"], kind=cards[0]["kinds"])
    return words.say("subject.new", count=len(cards), money=in_all or words.say("margin_unknown"))


def _cards(facts: dict[str, Any], words: Words) -> list[dict[str, Any]]:
    """One card a customer with new alerts, in the order of its first."""
    by_customer: dict[str, list[dict[str, Any]]] = {}
    for alert in facts["new"]:
        by_customer.setdefault(alert["customer_id"], []).append(alert)
    return [_card(alerts, facts, words) for alerts in by_customer.values()]


def _card(alerts: list[dict[str, Any]], facts: dict[str, Any], words: Words) -> dict[str, Any]:
    first = alerts[0]
    customer = facts["customers"].get(first["customer_id"], {})
    amount = first["margin_at_stake"]
    where = [
        first["customer_id"], words.name("tier", customer.get("tier")), customer.get("industry"),
        customer.get("region"), customer.get("sales_department"),
    ]  # fmt: skip
    probability = customer.get("churn_probability")
    numbers = [words.say("alert_number", number=alert["alert_id"]) for alert in alerts]
    return {
        "customer_id": first["customer_id"],
        "kinds": " · ".join(words.name("kind", alert["kind"]) for alert in alerts),
        "colour": COLOUR.get(first["kind"], OTHER_COLOUR),
        "name": clean(_name(first), LONGEST_NAME),
        "short_name": shorten(_name(first), OVERVIEW_COLUMNS),
        "where": " · ".join(clean(part, LONGEST_NAME) for part in where if part),
        "margin": words.money(None if amount is None else Decimal(amount), facts["currency"]),
        "margin_amount": amount,
        "probability": None if probability is None else words.percent(probability),
        "track_record": _track_record(customer, facts, words),
        "change": _change(customer, words, _fall(alerts, customer, words)),
        "last_order": _last_order(customer.get("orders"), words),
        "reasons": [
            {"label": words.name("reason", reason["code"]), "evidence": reason[words.language] or reason["en"] or ""}
            for reason in customer.get("reasons", [])
        ],
        "no_reason": words.say("no_reason") if _is_silent_only(customer) else None,
        "owner": _owner(customer, words),
        "numbers": ", ".join(numbers),
        "picture": None,
    }


def _is_silent_only(customer: dict[str, Any]) -> bool:
    return customer.get("churn_risk_level") == "high" and not customer.get("reasons")


def _name(alert: dict[str, Any]) -> str:
    return alert["customer_name"] or alert["customer_id"]


def _track_record(customer: dict[str, Any], facts: dict[str, Any], words: Words) -> str | None:
    """How often customers of this tier that were flagged high left; of all where its tier has no record."""
    if customer.get("churn_risk_level") != "high" or customer.get("churn_probability") is None:
        return None
    tier = customer.get("tier")
    record = facts["track_record"].get(tier)
    days = facts["horizon_days"]
    if record:
        counts = {"flagged": record["flagged"], "churned": record["churned"], "days": days}
        return words.say("track_record", group=words.name("tier", tier), **counts)
    record = facts["track_record"].get("all")
    if record is None:
        return None
    return words.say("track_record.all", flagged=record["flagged"], churned=record["churned"], days=days)


def _fall(alerts: list[dict[str, Any]], customer: dict[str, Any], words: Words) -> str | None:
    if not any(alert["kind"] == "core_tier_lost" for alert in alerts) or not customer.get("previous_tier"):
        return None
    before, now = (words.name("tier", customer.get(name)) for name in ("previous_tier", "tier"))
    return words.say("no_longer_core", before=before, now=now) if before != now else None


def _change(customer: dict[str, Any], words: Words, fall: str | None = None) -> str | None:
    """What is not as it was the night before; None where all is, or where that night did not know the customer."""
    if (before_on := customer.get("before_on")) is None:
        return None
    parts = [fall] if fall else []
    levels = customer["churn_risk_level_before"], customer["churn_risk_level"]
    if all(levels) and levels[0] != levels[1]:
        before, now = (words.name("level", level) for level in levels)
        parts.append(words.say("change.level", before=before, now=now))
    probabilities = customer["churn_probability_before"], customer["churn_probability"]
    if None not in probabilities:
        before, now = (words.percent(probability) for probability in probabilities)
        if before != now:
            parts.append(words.say("change.probability", before=before, now=now))
    last_on = (customer.get("orders") or {}).get("last_on")
    if last_on is not None and last_on > before_on:
        parts.append(words.say("change.ordered", date=last_on))
    return words.say("change", date=before_on, what=words.say("list").join(parts)) if parts else None


def _last_order(orders: dict[str, Any] | None, words: Words) -> str:
    if not orders or orders["last_on"] is None:
        return words.say("no_order")
    days, gap = orders["days_since"], orders["usual_gap_days"]
    text = words.say("last_order" if days else "last_order_today", days=days, date=orders["last_on"])
    if gap is None:
        return text
    usual = words.say("usual_gap", days=gap) if gap > 1 else words.say("usual_gap_day")
    return f"{text}{words.say('and_then')}{usual}"


def _owner(customer: dict[str, Any], words: Words) -> str:
    if manager := customer.get("account_manager_id"):
        return words.say("owner", owner=clean(manager, LONGEST_NAME))
    if seller := customer.get("salesperson_id"):
        return words.say("owner", owner=words.say("salesperson", owner=clean(seller, LONGEST_NAME)))
    return words.say("owner_unknown")


def _open_row(alert: dict[str, Any], facts: dict[str, Any], words: Words) -> dict[str, str | None]:
    customer = facts["customers"].get(alert["customer_id"], {})
    amount = alert["margin_at_stake"]
    parts = [
        words.name("kind", alert["kind"]),
        words.money(None if amount is None else Decimal(amount), facts["currency"]),
        words.say("since", date=alert["opened_on"]),
        _last_order(customer.get("orders"), words),
        words.say("alert_number", number=alert["alert_id"]),
    ]
    if (probability := customer.get("churn_probability")) is not None:
        parts.insert(2, words.say("probability_short", percent=words.percent(probability)))
    if alert["true_cause"]:
        parts.append(words.say("acknowledged", cause=words.name("reason", alert["true_cause"])))
    change = _change(customer, words)
    return {"name": clean(_name(alert), LONGEST_NAME), "line": " · ".join(parts), "change": change}


def _closed_row(alert: dict[str, Any], facts: dict[str, Any], words: Words) -> dict[str, str | None]:
    customer = facts["customers"].get(alert["customer_id"], {})
    parts = [
        words.name("kind", alert["kind"]), words.name("close", alert["close_reason"]),
        words.say("since", date=alert["opened_on"]), _last_order(customer.get("orders"), words),
        words.say("alert_number", number=alert["alert_id"]),
    ]  # fmt: skip
    line = " · ".join(part for part in parts if part)
    return {"name": clean(_name(alert), LONGEST_NAME), "line": line, "change": None}
