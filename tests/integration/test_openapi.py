"""``/api/openapi.json`` against the running server: valid, complete, and true for whatever schemathesis thinks of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from dashboard.accounts.policies import POLICIES
from dashboard.resources import resource_folder
from tests.support.deadline import scaled
from tests.support.server import ServerProcess, wait_until

pytestmark = pytest.mark.timeout(420)

#: Phases, and examples of each operation besides those that its schema tells of. Whoever is nobody is sent away before most of it
#: is read, so values at the limits of the schema (coverage) are for the admin.
_PHASES = {"anonymous": "examples,fuzzing", "admin": "examples,coverage,fuzzing"}
_EXAMPLES = {"anonymous": 2, "admin": 8}
_PAGES = {"/login": "login", "/first-admin": "first-admin", "/profile": "profile", "/admin": "admin"}
#: What ends the run's own proof of identity; and pages that are not written yet.
_LEFT_OUT = [
    "/api/v1/logout",
    *(path for path, page in _PAGES.items() if not (resource_folder("templates") / f"{page}.html").exists()),
]
#: A schema does not say that of two fields one must be there, what a name looks like in each alphabet, nor that it is taken.
_NOT_CHECKED = "positive_data_acceptance"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    flags = [
        "--no-host-feeder",
        "--no-server-feeder",
        "--login",
        "required",
        "--chat-per-s",
        "1000",
        "--chat-burst",
        "1000",
    ]
    process = ServerProcess(tmp_path_factory.mktemp("server"), *flags)
    process.command(
        "user", "add", "ada", "--role", "admin", "--password-stdin", "--new", said="correct horse battery\n"
    )
    process.start()
    yield process
    process.close()
    assert process.complaints() == ""


@pytest.fixture(scope="module")
def admin(server: ServerProcess) -> str:
    """Return a JWT that the server knows."""
    text = server.command("user", "token", "ada")
    wait_until(lambda: server.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer {text}"})[0] == 200, 20)
    return text


@pytest.fixture(scope="module")
def description(server: ServerProcess) -> Any:
    return json.loads(server.request("GET", "/api/openapi.json")[2])


def test_every_route_of_the_table_is_described_and_nothing_else(description: Any) -> None:
    described = {f"{method.upper()} {path}" for path, item in description["paths"].items() for method in item}
    assert described == {row for row in POLICIES if not row.startswith("ws ") and row != "GET /ws"}


def test_each_operation_says_who_may(description: Any) -> None:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            policy = POLICIES[f"{method.upper()} {path}"]
            assert bool(operation.get("security")) == bool(policy.least), (method, path)
            assert {"401", "403"} <= operation["responses"].keys()
            assert operation["summary"]


def test_each_reference_leads_to_a_schema_that_is_one(description: Any) -> None:
    references = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            references.update(value for key, value in node.items() if key == "$ref")
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                collect(each)

    collect(description)
    schemas = description["components"]["schemas"]
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= schemas.keys()
    for schema in schemas.values():
        Draft202012Validator(schema | {"components": description["components"]})


@pytest.mark.parametrize("who", ["anonymous", "admin"])
def test_schemathesis_finds_nothing_that_the_description_does_not_say(
    who: str, server: ServerProcess, admin: str, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-c",
        "from schemathesis.cli import schemathesis; schemathesis()",
        "run",
        f"{server.url}/api/openapi.json",
    ]
    command += ["--checks", "all", "--exclude-checks", _NOT_CHECKED, "--max-examples", str(_EXAMPLES[who])]
    command += ["--seed", "7", "--generation-deterministic"]
    command += ["--phases", _PHASES[who], "--workers", "1", "--request-timeout", "10", "--no-color"]
    for path in _LEFT_OUT:
        command += ["--exclude-path", path]
    if who == "admin":
        command += ["--header", f"Authorization: Bearer {admin}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=scaled(400), check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
