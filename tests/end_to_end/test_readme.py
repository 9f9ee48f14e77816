"""Every command that the README shows is run here, as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from pipelines.settings import PROJECT

README = (PROJECT / "README.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.strip()
]
# `make demo` and `make test` are what runs all this; their recipes are looked at instead.
DOORS = [command for command in COMMANDS if command.startswith("make ")]
REST = [command for command in COMMANDS if not command.startswith("make ")]


def test_the_readme_shows_the_two_doors_and_more():
    assert DOORS == ["make demo", "make test"]
    assert len(REST) >= 8


@pytest.mark.parametrize("door", DOORS)
def test_a_door_does_what_the_readme_says(door):
    done = subprocess.run([*door.split(), "-n"], cwd=PROJECT, capture_output=True, text=True, check=True)
    expected = {"make demo": "-m pipelines demo", "make test": "-m pytest"}[door]
    assert expected in done.stdout


@pytest.mark.parametrize("command", REST)
def test_a_command_of_the_readme_works_on_the_demo(demo, command):
    instance, _ = demo
    (instance.home / "bin").mkdir(exist_ok=True)
    psql = instance.home / "bin" / "psql"
    if not psql.exists():
        from pipelines.warehouse.server import wheel_binaries

        psql.symlink_to(wheel_binaries() / "psql")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=PROJECT, env=instance.environment,
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    if "select" in command:
        assert "(0 rows)" not in done.stdout


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_a_link_of_the_readme_leads_somewhere(target):
    assert (PROJECT / target).exists()


def test_the_toml_of_the_readme_is_a_valid_settings_file(tmp_path):
    file = tmp_path / "cvp.toml"
    file.write_text("\n".join(re.findall(r"```toml\n(.*?)```", README, re.S)), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CVP_", "WAREHOUSE_"))}
    script = "from pipelines.settings import get_settings; print(get_settings().night_sources)"
    python = Path(os.sys.executable)
    done = subprocess.run(
        [python, "-c", script], env={**kept, "CVP_CONFIG": str(file)}, cwd=PROJECT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "['our_erp', 'our_crm']", done.stderr
