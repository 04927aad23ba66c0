"""docker-compose.yml and Dockerfile agree with the project; Docker itself parses them where installed."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bootstrap import checkout as checkouts
from bootstrap import serve, variables, web

ROOT = checkouts.this_checkout().root
SECRETS = {"DATABASE_PASSWORD": "p", "SECRET_KEY": "s", "PUBLIC_URL": "https://appeals.example.org"}


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_database_web_and_worker_wait_for_each_other(compose: dict):
    services = compose["services"]
    assert {"database", "prepare", "web", "worker", "front"} == set(services)
    for name in ("web", "worker"):
        waits = services[name]["depends_on"]
        assert waits["database"]["condition"] == "service_healthy"
        assert waits["prepare"]["condition"] == "service_completed_successfully"
    for name in ("database", "web"):
        assert services[name]["healthcheck"]["test"]


def test_worker_and_server_are_what_up_runs(compose: dict):
    assert compose["services"]["worker"]["command"] == ["python", *serve.worker().command[1:]]
    command = re.search(r"^CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    assert command is not None
    words = yaml.safe_load(command[1])
    assert words[:3] == ["python", "-m", "bootstrap.web"]
    assert web.options(argparse.ArgumentParser()).parse_args(words[3:]).host == "0.0.0.0"


def test_each_image_is_built_once_and_never_looked_for_elsewhere(compose: dict):
    built = [service["image"] for service in compose["services"].values() if "build" in service]
    assert sorted(built) == ["oshcity", "oshcity-database"]
    for service in compose["services"].values():
        if service["image"].startswith("oshcity"):
            assert service["pull_policy"] == "never"


def test_image_of_the_database_exists_for_every_processor():
    text = (ROOT / "deploy" / "database" / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)$", text, re.MULTILINE) == ["postgres:16-bookworm"]
    for source in re.findall(r"^COPY (\S+) \S+$", text, re.MULTILINE):
        assert os.access(ROOT / "deploy" / "database" / source, os.X_OK)


def test_every_setting_is_passed_on(compose: dict):
    passed = compose["services"]["web"]["environment"]
    image = re.findall(
        r"(\w+)=", re.search(r"^ENV PATH(.+?[^\\])$", _dockerfile(), re.MULTILINE | re.DOTALL)[1]
    )
    # Django's debug pages are not for containers that others reach.
    expected = {variable.name for variable in variables.ALL} - {"DEBUG"}
    assert expected <= {*passed, *image}
    assert variables.VAR_DIR.name in image


def test_the_password_is_not_part_of_a_url(compose: dict):
    passed = compose["services"]["web"]["environment"]
    assert "DATABASE_PASSWORD" not in passed["DATABASE_URL"]
    assert passed["PGPASSWORD"].startswith("${DATABASE_PASSWORD")


def test_a_real_city_gets_no_demo_people(compose: dict):
    assert compose["services"]["prepare"]["environment"]["DEMO_DATA"] == "${DEMO_DATA:-}"
    assert re.search(r"^DEMO_DATA=$", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_the_health_of_a_site_of_https_is_asked_without_https(compose: dict):
    assert compose["services"]["web"]["healthcheck"]["test"] == [
        "CMD",
        "python",
        "-m",
        "bootstrap.health",
        "8000",
    ]


def test_local_trial_names_settings_that_exist():
    trial = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy" / "trial.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    variables.check(trial)
    assert variables.PUBLIC_URL.read(trial).local
    assert variables.DEMO_DATA.read(trial) is True


def test_data_outlives_the_containers(compose: dict):
    assert set(compose["volumes"]) == {"database", "files", "certificates"}
    assert compose["services"]["web"]["volumes"] == compose["services"]["worker"]["volumes"] == ["files:/srv"]


def test_the_front_passes_on_to_the_web_server_and_keeps_its_certificates(compose: dict):
    front = compose["services"]["front"]
    host, port = front["environment"]["UPSTREAM"].split(":")
    assert f":{port}" in compose["services"][host]["ports"][0]
    assert f'"--port", "{port}"' in (ROOT / "Dockerfile").read_text()
    mounted = dict(volume.split(":")[:2] for volume in front["volumes"])
    assert (ROOT / "deploy/Caddyfile").samefile(ROOT / next(iter(mounted)))
    assert mounted["certificates"] == "/data"


def test_every_variable_is_explained_in_the_example():
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert offered == asked


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        assert re.findall(rf"\$\{{{name}(.)", text)
        assert set(re.findall(rf"\$\{{{name}(..)", text)) == {":?"}


def test_dockerfile_copies_what_exists():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert copied
    for source in copied:
        for name in source.split():
            assert (ROOT / name).exists(), name
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var", "node_modules"} <= set(ignored)


def test_the_containers_run_modules_that_exist():
    commands = (ROOT / "Dockerfile").read_text() + (ROOT / "docker-compose.yml").read_text().replace(
        '", "', " "
    )
    modules = set(re.findall(r"-m (\w[\w.]*)", commands.replace('", "', " ")))
    modules |= {f"{room}.{name}" for room, name in re.findall(r"from (\w+) import (\w+)", commands)}
    modules = {name for name in modules if (ROOT / name.partition(".")[0]).is_dir()}
    assert {"bootstrap.prepare", "bootstrap.catalogues"} <= modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def _compose_is_there() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _compose_is_there(), reason="docker compose is not installed")
def test_docker_parses_it(tmp_path: Path):
    command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    environment = {**os.environ, **SECRETS}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    environment.pop("SECRET_KEY")
    refused = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr
