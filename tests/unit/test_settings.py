"""Settings: where they come from, what they refuse, and that the refusal names the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import SettingsError, get_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No settings but the test's own."""
    for name in ("CVP_HOME", "CVP_SOURCES", "WAREHOUSE_URL", "CVP_TIME_ZONE", "CVP_ACTIVE_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    monkeypatch.setenv("CVP_CONFIG", str(empty))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def configure(monkeypatch, tmp_path: Path, text: str) -> Path:
    file = tmp_path / "cvp.toml"
    file.write_text(text, "utf-8")
    monkeypatch.setenv("CVP_CONFIG", str(file))
    return file


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    configure(monkeypatch, tmp_path, 'time_zone = "Europe/Berlin"\nreporting_currency = "EUR"\n')
    monkeypatch.setenv("CVP_TIME_ZONE", "UTC")
    settings = get_settings()
    assert (settings.time_zone, settings.reporting_currency) == ("UTC", "EUR")


def test_sources_are_placed_by_file_and_environment_together(monkeypatch, tmp_path):
    configure(monkeypatch, tmp_path, '[sources]\nerp = "postgresql://u:p%40ss@h/db"\n')
    monkeypatch.setenv("CVP_SOURCES__canonical", "/data/文件夹")
    settings = get_settings()
    assert settings.sources == {"erp": "postgresql://u:p%40ss@h/db", "canonical": "/data/文件夹"}
    monkeypatch.setenv("CVP_ACTIVE_SOURCES", "canonical, erp")
    get_settings.cache_clear()
    assert get_settings().night_sources == ["canonical", "erp"]


def test_places_in_the_file_are_relative_to_it_and_not_to_where_a_command_is_started(monkeypatch, tmp_path):
    text = """
        mapping_folders = ["mappings", "/etc/maps"]
        alert_rules = "rules.yml"
        [sources]
        erp = "postgresql://u@h/db"
        crm = "data/crm.sqlite"
    """
    configure(monkeypatch, tmp_path, text)
    monkeypatch.chdir("/")
    settings = get_settings()
    assert settings.mapping_folders == [tmp_path / "mappings", Path("/etc/maps")]
    assert settings.alert_rules == tmp_path / "rules.yml"
    assert settings.sources == {"erp": "postgresql://u@h/db", "crm": str(tmp_path / "data" / "crm.sqlite")}
    monkeypatch.setenv("CVP_MAPPING_FOLDERS", "here")
    get_settings.cache_clear()
    assert get_settings().mapping_folders == [Path("here")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('time_zone = "Mars/Olympus"', ["time_zone", "Asia/Shanghai"]),
        ('reporting_currency = "yuan"', ["reporting_currency", "CNY"]),
        ('tier_shceme = "x"', ["tier_shceme"]),
        ("active_window_months = 0", ["active_window_months", "greater than or equal to 1"]),
        ('active_sources = ["erp"]', ["active_sources", "erp"]),
        ("churn_high_odds = 2\nchurn_medium_odds = 3", ["churn_high_odds must be greater"]),
        ('judgement_sets = ["trader"]', ["judgement_sets", '["trader", "default"]']),
        ("not toml", ["cvp.toml", "TOML"]),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_file(monkeypatch, tmp_path, text, words):
    file = configure(monkeypatch, tmp_path, text)
    with pytest.raises(SettingsError) as refusal:
        get_settings()
    for word in [*words, file.name]:
        assert word in str(refusal.value)


def test_a_settings_file_that_is_named_but_missing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("CVP_CONFIG", str(tmp_path / "absent.toml"))
    with pytest.raises(SettingsError, match="absent.toml"):
        get_settings()


def test_a_warehouse_of_ones_own_is_named_by_its_plain_variable(monkeypatch):
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://u:p@h:5433/w")
    assert get_settings().warehouse_url == "postgresql://u:p@h:5433/w"
