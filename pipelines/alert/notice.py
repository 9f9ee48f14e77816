"""What operations are told of nights: failed, late, resolved. Counts and names of rules, never a value of a row."""

from __future__ import annotations

from typing import Any

from pipelines.alert.digest import Page
from pipelines.alert.outbox import Mail
from pipelines.alert.words import Words, clean

BAD, GOOD = "#b3261e", "#3a7d44"
GATES = ("check_rejections", "validate_landing", "validate_candidates")


def notice_page(mail: Mail) -> Page:
    """The notice of one night to one recipient of the operations list; KeyError for a purpose that there is not."""
    words = Words(mail.language)
    return {"failure": _failure, "late": _late, "resolved": _resolved}[mail.purpose](mail, clean(mail.payload), words)


def _page(subject: str, title: str, colour: str, **parts: Any) -> Page:
    context = {"facts": [], "lists": [], "lines": []} | parts | {"title": title, "colour": colour}
    return Page("notice", subject, title, context, {})


def _failure(mail: Mail, facts: dict[str, Any], words: Words) -> Page:
    date, step = mail.as_of_date, facts["step"] or facts["status"]
    again = {"date": date, "step": step, "nights": facts["nights"]}
    subject = words.say("failure.subject" if facts["nights"] == 1 else "failure.subject_again", **again)
    what = ("failure.gate", words.name("gate", step)) if step in GATES else ("failure.step", facts["step"])
    named = [(words.say(key), value) for key, value in (
        what, ("failure.status", words.name("status", facts["status"])), ("failure.fault", facts["fault"]),
        ("failure.nights", facts["nights"] if facts["nights"] > 1 else None),
    )]  # fmt: skip
    return _page(
        subject, words.say("failure.title", date=date), BAD, facts=[(name, value) for name, value in named if value],
        lists=_lists(facts, words), lines=[_stands(facts, words), words.say("failure.next")],
    )  # fmt: skip


def _stands(facts: dict[str, Any], words: Words) -> str:
    stands = facts["stands"]
    return words.say("failure.stands", date=stands) if stands else words.say("failure.nothing_stands")


def _lists(facts: dict[str, Any], words: Words) -> list[dict[str, Any]]:
    """The rules that stopped a run, and the entities of which too many rows were set aside."""
    lists = []
    if rules := facts.get("rules"):
        entries = [_rule(rule, words) for rule in rules]
        lists.append({"title": words.say("failure.rules"), "entries": entries})
    if entities := facts.get("entities"):
        entries = [_entity(item, words) for item in entities]
        lists.append({"title": words.say("failure.entities"), "entries": entries})
    return lists


def _entity(item: dict[str, Any], words: Words) -> dict[str, Any]:
    rejected, read = (f"{item[name]:,}" for name in ("rejected", "read"))
    count = words.say("failure.entity_rows", rejected=rejected, read=read)
    return {"name": item["entity"], "count": count, "note": None}


def _rule(rule: dict[str, Any], words: Words) -> dict[str, Any]:
    rows = rule["rows"]
    count = words.say("failure.rows_unknown") if rows is None else words.say("failure.rows", count=f"{rows:,}")
    note = words.say("failure.expected", expected=rule["expected"])
    return {"name": f"{rule['name']} ({rule['dataset']})", "count": count, "note": note}


def _late(mail: Mail, facts: dict[str, Any], words: Words) -> Page:
    date = mail.as_of_date
    if facts["is_unreachable"]:
        state = words.say("late.unreachable")
    elif facts["status"] is None:
        state = words.say("late.never")
    else:
        status = words.name("status", facts["status"])
        step = words.name("gate", facts["step"])
        state = words.say("late.state", status=status, step=step) if step else words.say("late.status", status=status)
    lines = [words.say("late.by", time=facts["deadline"]), state]
    if not facts["is_unreachable"]:
        lines.append(_stands(facts, words))
    subject = words.say("late.subject", date=date, time=facts["deadline"])
    lines.append(words.say("late.next"))
    return _page(subject, words.say("late.title", date=date), BAD, lists=_lists(facts, words), lines=lines)


def _resolved(mail: Mail, facts: dict[str, Any], words: Words) -> Page:
    lines = [
        words.say("resolved.late")
        if ended["signature"] == "late"
        else words.say("resolved.line", signature=ended["signature"], nights=ended["nights"], date=ended["since"])
        for ended in facts["ended"]
    ]
    date = mail.as_of_date
    subject = words.say("resolved.subject", date=date)
    return _page(subject, words.say("resolved.title", date=date), GOOD, lines=lines)
