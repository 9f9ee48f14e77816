"""Who is told of which alert tonight: a pure function over alerts, what was told before, and the rules.

A recipient gets at most one mail a night, and only one that says something new: alerts opened or closed since it was
told last. What is still open stands in that mail, and alone brings none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pipelines.alert.rules import WEEKDAYS, AlertRules, Recipient

BUDGET_DAYS = 7


@dataclass(frozen=True)
class AlertState:
    """An alert after the night's decision."""

    alert_id: int
    kind: str
    customer_id: str
    tier: str | None
    sales_department: str | None
    account_manager_id: str | None
    margin_at_stake: Decimal | None
    is_open: bool


@dataclass(frozen=True)
class Notice:
    """What a recipient was told: `opened` or `closed`, in the mail of which night."""

    alert_id: int
    recipient: str
    event: str
    told_on: date


@dataclass(frozen=True)
class Digest:
    """One recipient's mail: alert ids, most margin at stake first. `held`: how many new ones the budget lets wait."""

    recipient: Recipient
    new: tuple[int, ...]
    closed: tuple[int, ...]
    still: tuple[int, ...]
    held: int


def route(
    as_of: date,
    alerts: Collection[AlertState],
    notices: Iterable[Notice],
    muted: Collection[str],
    written: Collection[str],
    rules: AlertRules,
) -> list[Digest]:
    """The mails of one night.

    Args:
        as_of: the evaluated date.
        alerts: all that are open after the decision, and those closed of late.
        notices: what was told about them before.
        muted: customer ids of which no mail speaks.
        written: addresses that have tonight's mail already; what is new since waits for the next night.
        rules: recipients, budget, digest weekday.
    """
    told: dict[str, dict[tuple[int, str], date]] = {}
    for notice in notices:
        told.setdefault(notice.recipient, {})[notice.alert_id, notice.event] = notice.told_on
    audible = sorted((alert for alert in alerts if alert.customer_id not in muted), key=_most_at_stake_first(rules))
    digests = [
        _digest(as_of, recipient, audible, told.get(recipient.address, {}), rules)
        for recipient in _recipients(audible, rules)
        if recipient.address not in written
    ]
    return [digest for digest in digests if digest is not None]


def _most_at_stake_first(rules: AlertRules) -> Callable[[AlertState], tuple[bool, bool, Decimal, int]]:
    def key(alert: AlertState) -> tuple[bool, bool, Decimal, int]:
        kind = rules.kinds.get(alert.kind)
        margin = alert.margin_at_stake
        return kind is None or kind.mail == "digest", margin is None, -(margin or Decimal(0)), alert.alert_id

    return key


def _recipients(alerts: Iterable[AlertState], rules: AlertRules) -> list[Recipient]:
    """The listed recipients, and the account managers of the alerts' customers; one a mailbox."""
    found = {recipient.address.lower(): recipient for recipient in rules.recipients}
    for manager in sorted({alert.account_manager_id for alert in alerts if alert.account_manager_id}):
        recipient = rules.account_manager(manager)
        if recipient is not None:
            found.setdefault(recipient.address.lower(), recipient)
    return list(found.values())


def _may_see(recipient: Recipient, alert: AlertState) -> bool:
    """Whether the customer is the recipient's own tonight: one that was handed over is not."""
    if recipient.role == "account_manager":
        return alert.account_manager_id == recipient.account_manager_id
    return recipient.role == "operations" or alert.sales_department == recipient.sales_department


def _wants(recipient: Recipient, alert: AlertState) -> bool:
    if recipient.kinds and alert.kind not in recipient.kinds:
        return False
    if recipient.tiers and alert.tier not in recipient.tiers:
        return False
    least = recipient.margin_at_least
    return least is None or (alert.margin_at_stake is not None and alert.margin_at_stake >= least)


def _digest(
    as_of: date,
    recipient: Recipient,
    alerts: Iterable[AlertState],
    told: Mapping[tuple[int, str], date],
    rules: AlertRules,
) -> Digest | None:
    known = {alert_id for alert_id, event in told if event == "opened"}
    own = [alert for alert in alerts if _may_see(recipient, alert)]
    new = [alert for alert in own if alert.is_open and alert.alert_id not in known and _wants(recipient, alert)]
    closed = [
        alert
        for alert in own
        if not alert.is_open and alert.alert_id in known and (alert.alert_id, "closed") not in told
    ]
    admitted = new[: _room(as_of, recipient, told, rules)]
    if not any(_brings_a_mail(as_of, alert, rules) for alert in (*admitted, *closed)):
        return None
    still = [alert for alert in own if alert.is_open and alert.alert_id in known]
    return Digest(recipient, _ids(admitted), _ids(closed), _ids(still), len(new) - len(admitted))


def _room(as_of: date, recipient: Recipient, told: Mapping[tuple[int, str], date], rules: AlertRules) -> int | None:
    """How many new alerts the recipient's budget of the last seven days still admits; None: any number."""
    if recipient.role != "account_manager":
        return None
    since = as_of - timedelta(days=BUDGET_DAYS)
    spent = sum(event == "opened" and since < day <= as_of for (_, event), day in told.items())
    return max(rules.owner_budget_per_week - spent, 0)


def _brings_a_mail(as_of: date, alert: AlertState, rules: AlertRules) -> bool:
    kind = rules.kinds.get(alert.kind)
    at_once = kind is not None and kind.mail == "at_once"
    return at_once or WEEKDAYS[as_of.weekday()] == rules.digest_weekday


def _ids(alerts: Iterable[AlertState]) -> tuple[int, ...]:
    return tuple(alert.alert_id for alert in alerts)
