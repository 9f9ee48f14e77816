"""docker-compose.yml and the Dockerfile, checked without an engine: shape, paths, commands, variables, secrets."""

from __future__ import annotations

import http.server
import json
import re
import shlex
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.server import CONFIGURATION

COMPOSE_FILE = PROJECT / "docker-compose.yml"
TEXT = COMPOSE_FILE.read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "customer-value"}
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
# the specification's own schema, as the package check-jsonschema ships it
COMPOSE_SCHEMA = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
IMAGE_FOLDER = "/opt/customer-value"
# what a variable may be called that holds a secret, and is therefore required and without a default
SECRET = re.compile(r"PASSWORD|SECRET|KEY")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")


def each(kind: str) -> list[tuple[str, Any]]:
    return [(name, service[kind]) for name, service in SERVICES.items() if kind in service]


def words(command: list[str]) -> list[list[str]]:
    """The commands behind a service's command, each as words; `bash -c` is looked into."""
    if command[:2] == ["bash", "-c"]:
        return [shlex.split(part) for part in command[2].split("&&")]
    return [command[1:] if command[0] == "CMD" else command]


OUR_COMMANDS = [
    pytest.param(command, id=f"{name}: {' '.join(command)}")
    for name, service in OURS.items()
    for given in (service["command"], service.get("healthcheck", {}).get("test", []))
    if given
    for command in words(given)
]


def test_its_warehouse_is_set_as_the_embedded_one_is():
    set_ = {name: value for name, _, value in (word.partition("=") for word in SERVICES["warehouse"]["command"][2::2])}
    assert set_.keys() > {"shared_buffers", "wal_buffers", "max_parallel_workers"}
    assert set_.items() <= CONFIGURATION.items()


def test_it_keeps_to_the_schema_of_the_compose_specification():
    schema = Path(str(distribution("check-jsonschema").locate_file(COMPOSE_SCHEMA)))
    jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(COMPOSE)


def test_the_services_are_airflow_s_the_warehouse_and_a_mail_catcher():
    assert set(SERVICES) == {"warehouse", "mail", "prepare", "api-server", "scheduler", "dag-processor"}


def test_every_secret_is_required_and_has_no_default():
    names = {match["name"]: match["rest"] for match in VARIABLE.finditer(TEXT)}
    secrets = {name for name in names if SECRET.search(name)}
    assert len(secrets) == 7
    assert all(names[name].startswith(":?") for name in secrets), names
    assert all(rest.startswith((":?", ":-")) for rest in names.values()), names


def test_no_secret_is_written_into_the_file():
    for name, environment in each("environment"):
        for variable, value in environment.items():
            if SECRET.search(variable) and not variable.endswith("_FILE"):
                assert VARIABLE.fullmatch(str(value)), f"{name}: {variable}"
    assert not re.search(r"://\w+:(?!\$\{)[^@/\s]+@", TEXT), "a URL holds a password"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_that_stays_has_a_health_check_and_restarts(name):
    service = SERVICES[name]
    if name == "prepare":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_what_a_service_depends_on_exists_and_can_reach_the_awaited_condition():
    for name, depends_on in each("depends_on"):
        for needed, how in depends_on.items():
            assert needed in SERVICES, name
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed]
            assert (how["condition"] == "service_completed_successfully") == (needed == "prepare")


def test_networks_and_volumes_are_declared_and_used():
    assert {network for _, networks in each("networks") for network in networks} == set(COMPOSE["networks"])
    mounted = {volume.split(":")[0] for _, volumes in each("volumes") for volume in volumes}
    assert {source for source in mounted if source.isidentifier()} == set(COMPOSE["volumes"])


def test_every_mounted_file_of_the_project_exists_and_is_read_only():
    paths = [volume for _, volumes in each("volumes") for volume in volumes if volume.startswith("./")]
    assert paths
    for path in paths:
        source, _, mode = path.split(":")
        assert (PROJECT / source).is_file()
        assert mode == "ro"


def test_ports_are_published_on_this_machine_only():
    for name, ports in each("ports"):
        assert all(port.startswith("127.0.0.1:") for port in ports), name
        assert "outside" in SERVICES[name]["networks"], "an internal network publishes no port"


def test_hosts_in_urls_are_services():
    hosts = set(re.findall(r"(?:@|http://|smtp://)([a-z][a-z-]*):\d+", TEXT))
    assert hosts == {"warehouse", "api-server", "mail"}


@pytest.mark.parametrize("command", OUR_COMMANDS)
def test_every_command_of_ours_exists(command):
    program, *arguments = command
    if program == "airflow":
        from airflow.cli.cli_parser import get_parser

        get_parser().parse_args(arguments)
    else:
        assert program == "python"
        assert (PROJECT / arguments[0]).is_file()
        assert f"COPY {Path(arguments[0]).parts[0]} " in DOCKERFILE


def test_every_airflow_setting_exists():
    from airflow.configuration import conf

    settings = {name for service in OURS.values() for name in service["environment"] if name.startswith("AIRFLOW__")}
    assert len(settings) > 10
    known = conf.configuration_description
    for setting in settings:
        _, section, key = setting.split("__", 2)
        assert key.lower() in known[section.lower()]["options"], setting


def test_every_setting_of_ours_exists():
    aliases = {"WAREHOUSE_URL", "WAREHOUSE_READER_URL", "CVP_HOME", "CVP_CONFIG"}
    known = aliases | {f"CVP_{name.upper()}" for name in Settings.model_fields}
    for service in OURS.values():
        ours = {name for name in service["environment"] if name.startswith(("CVP_", "WAREHOUSE_"))}
        assert ours <= known


def test_telemetry_is_off_in_every_service_and_in_the_image():
    for service in OURS.values():
        for name in ("DBT_SEND_ANONYMOUS_USAGE_STATS", "GX_ANALYTICS_ENABLED", "SCARF_ANALYTICS"):
            assert service["environment"][name] == "false"
            assert f"{name}=false" in DOCKERFILE


def test_the_image_copies_what_exists_and_runs_as_an_ordinary_user():
    copied = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE)
    assert copied
    assert all((PROJECT / source).exists() for source in copied)
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in copied} <= set(ignored)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["customer_value"]
    assert DOCKERFILE.count("FROM python:3.11") == 1


def test_paths_inside_the_containers_are_the_image_s():
    folders = {path.split("/")[3] for path in re.findall(rf"{IMAGE_FOLDER}/\w+", TEXT)}
    assert folders == {"dags"}
    assert f"WORKDIR {IMAGE_FOLDER}" in DOCKERFILE
    home = OURS["scheduler"]["environment"]["CVP_HOME"]
    assert f"CVP_HOME={home}" in DOCKERFILE
    assert f"VOLUME {home}" in DOCKERFILE
    assert all(f"instance:{home}" in service["volumes"] for service in OURS.values())


def test_the_roles_script_takes_each_password_from_the_warehouse_s_environment():
    script = (PROJECT / "pipelines" / "deploy" / "create_roles.sql").read_text(encoding="utf-8")
    read = dict(re.findall(r"^\\getenv (\w+) (\w+)$", script, re.MULTILINE))
    assert set(read.values()) <= set(SERVICES["warehouse"]["environment"])
    assert set(re.findall(r"password :'(\w+)'", script)) == set(read)
    roles = set(re.findall(r"^create role (\w+)", script, re.MULTILINE))
    assert roles == set(re.findall(r"://(\w+):\$", TEXT)), "the roles that the services connect as"


def test_a_password_file_is_its_owner_s_only(tmp_path):
    file = tmp_path / "airflow" / "users.json"
    for password in ("first", "second"):
        environment = {
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(file),
            "AIRFLOW_ADMIN_PASSWORD": password,
        }
        subprocess.run(
            [sys.executable, str(PROJECT / "pipelines" / "deploy" / "write_users.py")], env=environment, check=True
        )
        assert json.loads(file.read_text(encoding="utf-8")) == {"admin": password}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


class _HealthPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        page = {"/json": b'{"scheduler": {"status": "healthy"}, "triggerer": {"status": null}}', "/empty": b""}
        self.send_response(200 if self.path in page else 503)
        self.end_headers()
        self.wfile.write(page.get(self.path, b""))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def health_page() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _HealthPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "component", "code"),
    [
        ("/empty", [], 0),
        ("/json", ["scheduler"], 0),
        ("/json", ["triggerer"], 1),
        ("/json", ["dag_processor"], 1),
        ("/empty", ["scheduler"], 1),
        ("/down", [], 1),
    ],
)
def test_health_is_an_answer_that_calls_the_component_healthy(health_page, path, component, code):
    command = [
        sys.executable,
        str(PROJECT / "pipelines" / "deploy" / "check_health.py"),
        health_page + path,
        *component,
    ]
    assert subprocess.run(command, check=False).returncode == code
