"""What operations are told of nights: failed, late, resolved. Counts and names of rules, never a value of a row."""

from __future__ import annotations

from typing import Any

from pipelines.alert.digest import Page
from pipelines.alert.outbox import Mail
from pipelines.alert.words import Words, clean

BAD, GOOD = "#b3261e", "#3a7d44"


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
    named = [(words.say("failure.step"), facts["step"]), (words.say("failure.status"), facts["status"]),
             (words.say("failure.fault"), facts["fault"]), (words.say("failure.nights"), facts["nights"])]  # fmt: skip
    lists = []
    if facts["rules"]:
        entries = [_rule(rule, words) for rule in facts["rules"]]
        lists.append({"title": words.say("failure.rules"), "entries": entries})
    if facts["entities"]:
        entries = [
            {"name": item["entity"], "count": words.say("failure.entity_rows", **item), "note": None}
            for item in facts["entities"]
        ]
        lists.append({"title": words.say("failure.entities"), "entries": entries})
    stands = facts["stands"]
    standing = words.say("failure.stands", date=stands) if stands else words.say("failure.nothing_stands")
    return _page(
        subject, words.say("failure.title", date=date), BAD, facts=[(name, value) for name, value in named if value],
        lists=lists, lines=[standing, words.say("failure.next")],
    )  # fmt: skip


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
        state = words.say("late.state", status=facts["status"], step=facts["step"] or "-")
    lines = [state]
    if not facts["is_unreachable"]:
        stands = facts["stands"]
        lines.append(words.say("failure.stands", date=stands) if stands else words.say("failure.nothing_stands"))
    subject = words.say("late.subject", date=date, time=facts["deadline"])
    return _page(subject, words.say("late.title", date=date), BAD, lines=[*lines, words.say("late.next")])


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
