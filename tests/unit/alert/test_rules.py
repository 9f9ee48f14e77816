"""The alert rules: what a company may write, and that a mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.alert.rules import SHIPPED, is_address, load_rules
from pipelines.settings import PROJECT, Settings, SettingsError

SHIPPED_RULES = yaml.safe_load(SHIPPED.read_text("utf-8"))


def read(tmp_path: Path, **changed):
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(SHIPPED_RULES | changed), "utf-8")
    return load_rules(Settings(alert_rules=file))


def test_the_shipped_rules_are_those_of_the_method_and_mail_nobody():
    rules = load_rules(Settings(alert_rules=None))
    assert {name: (kind.tiers, kind.mail) for name, kind in rules.kinds.items()} == {
        "core_at_risk": (("core",), "at_once"),
        "core_tier_lost": (("core",), "at_once"),
        "important_at_risk": (("important",), "digest"),
    }
    assert rules.calm_nights_to_close == 7
    assert rules.recipients == ()


def test_the_demo_s_rules_are_valid():
    assert load_rules(Settings(alert_rules=PROJECT / "pipelines" / "demo" / "alert_rules.yml")).operations


OPS = {"address": "ops@example.com", "language": "en", "role": "operations"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recipients": [OPS | {"address": "ops"}]}, ["recipients.0.address", "ops"]),
        ({"recipients": [OPS | {"address": "a@b.example, c@d.example"}]}, ["plain mail address"]),
        ({"recipients": [OPS | {"language": "de"}]}, ["recipients.0.language"]),
        ({"recipients": [OPS, OPS | {"address": "OPS@example.com"}]}, ["listed twice"]),
        ({"recipients": [OPS | {"role": "account_manager"}]}, ["account_manager_id"]),
        ({"recipients": [OPS | {"account_manager_id": "A"}]}, ["go together"]),
        ({"recipients": [OPS | {"kinds": ["core_lost"]}]}, ["core_lost"]),
        ({"account_manager_address": "sales@example.com"}, ["account_manager_address"]),
        ({"kinds": {}}, ["kinds"]),
        ({"owner_budget_per_week": 0}, ["owner_budget_per_week"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_a_mistake_is_named_with_file_and_field(tmp_path, changed, words):
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, **changed)
    for word in [*words, "rules.yml"]:
        assert word in str(refusal.value)


def test_a_file_that_is_not_there_or_no_yaml_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        load_rules(Settings(alert_rules=tmp_path / "absent.yml"))
    (tmp_path / "broken.yml").write_text("kinds: [", "utf-8")
    with pytest.raises(SettingsError, match="broken.yml"):
        load_rules(Settings(alert_rules=tmp_path / "broken.yml"))


@pytest.mark.parametrize(
    ("manager", "address"),
    [
        ("E1004", "E1004@steel.example"),
        ("a.b-c_d", "a.b-c_d@steel.example"),
        ("E1,evil@x", None),
        ("E1\r\nBcc: x@y", None),
        ("王伟", None),
        ("", None),
        ("E" * 70, None),
        ("E1 ", None),
        ("E1@x", None),
        ("a..b", None),
    ],
)
def test_an_id_from_a_source_system_makes_one_address_or_none(tmp_path, manager, address):
    rules = read(tmp_path, account_manager_address="{account_manager_id}@steel.example")
    recipient = rules.account_manager(manager)
    assert (recipient and recipient.address) == address


@pytest.mark.parametrize(
    "text", ["a@b.example\n", "a b@c.example", "<a@b.example>", "a@b@c", "@b", "a@", "a@-b", "é@x.y"]
)
def test_what_is_no_plain_address(text):
    assert not is_address(text)
