"""The settings: the one place where the environment and the settings file are read.

Precedence: environment (`CVP_...`, and `WAREHOUSE_URL`) before the settings file before the defaults. The file is TOML:
`$CVP_CONFIG`, else `cvp.toml` in the project folder, else the demo's under the instance folder. Places in the file are
relative to its folder, those in the environment to where the command is started.
"""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PROJECT = Path(__file__).resolve().parent.parent
# the judgement set of every customer that no other set is for
DEFAULT_SET = "default"


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it, its file and the cure."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def home_folder() -> Path:
    """The one git-ignored folder that holds everything a run leaves on this machine."""
    return Path(os.environ.get("CVP_HOME") or PROJECT / ".cvp").resolve()


def settings_file() -> Path | None:
    """The settings file in force, or None where there is none."""
    named = os.environ.get("CVP_CONFIG")
    if named:
        return Path(named).resolve()
    candidates = (PROJECT / "cvp.toml", home_folder() / "demo.toml")
    return next((path for path in candidates if path.is_file()), None)


class _SettingsFile(TomlConfigSettingsSource):
    """The settings file: places in it are relative to its own folder, wherever a command or a task is started."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        read = super()._read_file(file_path)
        folder = Path(str(file_path)).parent
        for name in ("judgement_folder", "alert_rules"):
            if isinstance(read.get(name), str):
                read[name] = _placed(folder, read[name])
        if isinstance(read.get("mapping_folders"), list):
            read["mapping_folders"] = [_placed(folder, item) for item in read["mapping_folders"]]
        if isinstance(read.get("sources"), dict):
            read["sources"] = {name: _placed(folder, place) for name, place in read["sources"].items()}
        return read


def _placed(folder: Path, place: object) -> object:
    """A place in the file as it is from anywhere; URLs and what is no text stay."""
    if not isinstance(place, str) or not place or "://" in place:
        return place
    return str(folder / Path(place).expanduser())


class Settings(BaseSettings):
    """Everything that a company sets. Units stand in the names or the descriptions."""

    model_config = SettingsConfigDict(env_prefix="CVP_", env_nested_delimiter="__", extra="forbid")

    home: Path = Field(default_factory=home_folder, description="instance folder: server, logs, reports")
    warehouse_url: str | None = Field(
        None,
        validation_alias=AliasChoices("WAREHOUSE_URL", "CVP_WAREHOUSE_URL", "warehouse_url"),
        description="postgresql://user:password@host:port/database of your own PostgreSQL (15 or newer); "
        "empty: the embedded server",
    )
    warehouse_reader_url: str | None = Field(
        None,
        validation_alias=AliasChoices("WAREHOUSE_READER_URL", "CVP_WAREHOUSE_READER_URL", "warehouse_reader_url"),
        description="the same database for a BI role that reads `published` only; your own PostgreSQL only",
    )
    warehouse_database: str = Field("warehouse", description="database on the embedded server; one per company")

    sources: dict[str, str] = Field(
        default_factory=dict, description="mapping name -> where that source is: a database URL or a folder or file"
    )
    source_headers: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="mapping name -> header -> value sent to a REST API (Authorization)",
    )
    source_statement_seconds: int = Field(
        7200, ge=0, description="the longest that one statement may run at a source's database; 0: no limit"
    )
    active_sources: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list, description="the mappings a night reads; empty: all of `sources`"
    )
    mapping_folders: Annotated[list[Path], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list, description="further folders with mapping files, searched before the shipped ones"
    )

    time_zone: str = Field("Asia/Shanghai", description="the company's: business dates and the schedule are in it")
    reporting_currency: str = Field("CNY", description="ISO 4217 code")

    tier_scheme: str = Field("three_tier", description="a scheme of dbt_project/seeds/tier_scheme.csv")
    active_window_months: int = Field(24, ge=1, le=120)
    capital_cost_rate: Decimal = Field(Decimal("0.06"), ge=0, description="a year")
    churn_horizon_days: int = Field(180, ge=1)
    churn_high_odds: Decimal = Field(Decimal(4), gt=1, description="times the base rate's odds")
    churn_medium_odds: Decimal = Field(Decimal(2), gt=1, description="times the base rate's odds")

    judgement_sets: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=lambda: [DEFAULT_SET],
        description="the judgement sets of the next calibration, in order of precedence, `default` last",
    )
    judgement_folder: Path | None = Field(
        None, description="folder with your own judgement sets, a folder each; empty: the shipped ones"
    )

    rejected_share_limit: Decimal = Field(
        Decimal("0.05"), ge=0, le=1, description="of the rows read of an entity; above it the night stops"
    )
    rejected_rows_allowed: int = Field(
        20, ge=0, description="rejected rows of an entity that never stop a night, however few rows it has"
    )
    deleted_share_limit: Decimal = Field(
        Decimal("0.5"), ge=0, le=1, description="of the rows held; a whole pull that would remove more is refused"
    )
    overlap_minutes: int = Field(120, ge=0, description="default look-back before the watermark; longest transaction")
    source_stall_seconds: int = Field(
        900, ge=1, description="without a row from a source, its first ones included; then the extraction fails"
    )
    source_timeout_minutes: int = Field(50, ge=1, description="of reading one source; then the extraction fails")
    extract_memory_mb: int = Field(256, ge=64, description="of the extraction engine")

    alert_rules: Path | None = Field(
        None, description="YAML file of alert kinds and recipients; empty: pipelines/alert/rules.yml, nobody is mailed"
    )
    mail_transport: Literal["file", "smtp"] = Field("file", description="file: mails go to <home>/mail, no server")
    mail_from: str = Field("customer-value@localhost", description="the sender's address")
    smtp_url: str | None = Field(
        None,
        description="smtp://user:password@host:587 (STARTTLS, or nothing), smtps://host:465, smtp://host:25?starttls=off",
    )
    smtp_connection_id: str | None = Field(
        None, description="an Airflow connection instead of smtp_url; `cvp watch` and `cvp alerts send` need smtp_url"
    )
    mail_timeout_seconds: float = Field(30, gt=0, description="of each word with the mail server")
    mail_attempts: int = Field(4, ge=1, le=20, description="rounds of one sending; the rest stays in the outbox")
    mail_backoff_seconds: float = Field(5, ge=0, description="before the second round, then doubling")
    mail_escalation_hours: float = Field(6, gt=0, description="a mail that waits longer is reported in red")
    mail_give_up_days: int = Field(5, ge=1, description="a mail that a server defers for longer is given up, reported")
    deadline_hour: int = Field(6, ge=3, le=23, description="local hour by which the night before must be published")
    is_foreground_run: bool = Field(
        False, description="set by `cvp night` for its own DagRun: no scheduler is there to watch over a deadline"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone; write for example Asia/Shanghai") from None
        return value

    @field_validator("judgement_sets")
    @classmethod
    def _default_set_last(cls, value: list[str]) -> list[str]:
        if not value or value[-1] != DEFAULT_SET or len(set(value)) < len(value):
            raise ValueError(f'name each set once and {DEFAULT_SET!r} last; write for example ["trader", "default"]')
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _iso_code(cls, value: str) -> str:
        if len(value) != 3 or not value.isalpha() or not value.isupper():
            raise ValueError(f"{value!r} is no ISO 4217 code; write for example CNY")
        return value

    @field_validator("mail_from")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        if re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", value) is None:
            raise ValueError(f"{value!r} is no plain mail address; write for example customer-value@example.com")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Settings:
        if self.churn_high_odds <= self.churn_medium_odds:
            raise ValueError("churn_high_odds must be greater than churn_medium_odds")
        if self.mail_transport == "smtp" and not (self.smtp_url or self.smtp_connection_id):
            raise ValueError("mail_transport smtp needs smtp_url (or smtp_connection_id, an Airflow connection)")
        unknown = [name for name in self.active_sources if name not in self.sources]
        if unknown:
            raise ValueError(f"active_sources names {', '.join(unknown)}, which `sources` does not place")
        return self

    @property
    def night_sources(self) -> list[str]:
        """The mappings that a night reads, in the order of the settings."""
        return self.active_sources or list(self.sources)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = settings_file()
        toml = (_SettingsFile(settings_cls, toml_file=file),) if file else ()
        return (init_settings, env_settings, *toml)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The validated settings.

    Raises:
        SettingsError: a value is missing, unknown or wrong; one line per fault, each with its name and cure.
    """
    file = settings_file()
    if file is not None and not file.is_file():
        raise SettingsError(f"CVP_CONFIG names {file}, which does not exist")
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings in {file}: not valid TOML: {error}") from error
    except ValidationError as error:
        where = str(file) if file else "the environment (CVP_...)"
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError(f"settings in {where}:\n" + "\n".join(faults)) from error
