"""The alert rules: kinds, recipients, budget and reminders, as data that a company edits.

One YAML file, named by the setting `alert_rules`; the shipped one knows no recipient.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.settings import Settings, SettingsError

SHIPPED = Path(__file__).parent / "rules.yml"
Language = Literal["en", "zh"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What the SMTP envelope and a header carry unchanged: ASCII, one address, no display name.
_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
                      r"(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")  # fmt: skip
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
LONGEST_ID = 64
_ID_PLACE = "{account_manager_id}"


def is_address(text: str) -> bool:
    """Whether the text is one plain address of at most 254 characters."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def _is_plain_id(text: str) -> bool:
    return len(text) <= LONGEST_ID and _PLAIN_ID.fullmatch(text) is not None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Part):
    """What opens an alert, for which tiers, and whether it brings a mail of its own night."""

    trigger: Literal["level_high", "tier_lost"]
    tiers: tuple[str, ...] = Field(min_length=1)
    mail: Literal["at_once", "digest"]


class Recipient(_Part):
    """One mailbox and what it gets."""

    address: str
    language: Language
    role: Literal["operations", "account_manager", "department"]
    account_manager_id: str | None = None
    sales_department: str | None = None
    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    margin_at_least: Decimal | None = None

    @field_validator("address")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if not is_address(value):
            raise ValueError(f"{value!r} is no plain mail address; write for example name@example.com")
        return value

    @model_validator(mode="after")
    def _role_is_whole(self) -> Recipient:
        needed = {"account_manager": "account_manager_id", "department": "sales_department"}
        for role, field in needed.items():
            if (self.role == role) != (getattr(self, field) is not None):
                raise ValueError(f"role {role} and {field} go together; {self.address} is {self.role}")
        return self


class AlertRules(_Part):
    """Everything that decides which alert opens, closes and is mailed to whom."""

    kinds: dict[str, Kind] = Field(min_length=1)
    digest_weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    calm_nights_to_close: int = Field(ge=1, le=366)
    owner_budget_per_week: int = Field(ge=1)
    reminder_every_nights: int = Field(ge=1)
    account_manager_address: str | None = None
    account_manager_language: Language = "en"
    recipients: tuple[Recipient, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> AlertRules:
        pattern = self.account_manager_address
        if pattern is not None and not (pattern.count(_ID_PLACE) == 1 and is_address(pattern.replace(_ID_PLACE, "x"))):
            raise ValueError(f"account_manager_address needs {_ID_PLACE} once: {_ID_PLACE}@example.com")
        addresses = [recipient.address.lower() for recipient in self.recipients]
        if twice := {address for address in addresses if addresses.count(address) > 1}:
            raise ValueError(f"one mailbox, one recipient: {', '.join(sorted(twice))} is listed twice")
        for recipient in self.recipients:
            if unknown := set(recipient.kinds) - set(self.kinds):
                raise ValueError(f"{recipient.address} gets kinds that are not defined: {', '.join(sorted(unknown))}")
        return self

    @property
    def operations(self) -> list[Recipient]:
        """Who gets everything, and is told of failed nights."""
        return [recipient for recipient in self.recipients if recipient.role == "operations"]

    def reply_address(self, recipient: Recipient) -> str | None:
        """Who records what a recipient answers: the first of operations; None for operations themselves."""
        if recipient.role == "operations" or not self.operations:
            return None
        return self.operations[0].address

    def account_manager(self, account_manager_id: str) -> Recipient | None:
        """The mailbox of an account manager: listed by id, else by the pattern; None where there is neither."""
        for recipient in self.recipients:
            if recipient.account_manager_id == account_manager_id:
                return recipient
        if self.account_manager_address is None or not _is_plain_id(account_manager_id):
            return None
        return Recipient(
            address=self.account_manager_address.replace(_ID_PLACE, account_manager_id),
            language=self.account_manager_language,
            role="account_manager",
            account_manager_id=account_manager_id,
        )


@lru_cache(maxsize=4)
def _read(file: Path, _modified: int) -> AlertRules:
    try:
        return AlertRules.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"alert rules {file}: no valid YAML: {error}") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'rules'}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError(f"alert rules {file}:\n" + "\n".join(faults)) from error


def load_rules(settings: Settings) -> AlertRules:
    """The rules in force.

    Raises:
        SettingsError: the file is missing or wrong; one line per fault, with the field's name.
    """
    file = settings.alert_rules or SHIPPED
    if not file.is_file():
        raise SettingsError(f"alert_rules names {file}, which does not exist")
    return _read(file, file.stat().st_mtime_ns)
