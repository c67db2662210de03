"""The commands: each is found by its name, and only then imported."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from dashboard.cli import load, main
from tests.support.deadline import scaled


def test_every_command_is_listed_and_can_be_loaded() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.help or command.short_help, name
        assert f"  {name} " in listed
    assert main.get_command(context, "unknown") is None


def test_what_is_loaded_has_the_kind_that_was_asked_for() -> None:
    assert load("say:notify", click.Command).name == "notify"
    with pytest.raises(TypeError, match="expected Group, not Command"):
        load("say:notify", click.Group)


def test_a_feeders_command_needs_no_code_of_the_server() -> None:
    code = "import sys; from dashboard.cli import load; import click; load('feed:push', click.Command); print('tornado' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=scaled(60), check=True)
    assert done.stdout == "False\n"
