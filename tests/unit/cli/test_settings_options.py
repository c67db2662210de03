"""Settings as options of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dashboard.cli.settings_options import load_settings, with_settings, with_store


@click.command()
@with_settings
def serve(config: Path | None, **flags: Any) -> None:
    settings = load_settings(config, flags).settings
    click.echo(f"{settings.port} {settings.host_feeder} {settings.allowed_hosts}")


@click.command()
@with_store
def manage(config: Path | None, **flags: Any) -> None:
    click.echo(f"{sorted(flags)} {load_settings(config, flags).settings.data}")


def test_every_setting_is_a_flag() -> None:
    given = ["--port", "9", "--no-host-feeder", "--allowed-hosts", "a.example", "--allowed-hosts", "b.example"]
    assert CliRunner().invoke(serve, given).output == "9 False ('a.example', 'b.example')\n"
    assert "--max-uri-bytes" in CliRunner().invoke(serve, ["--help"]).output


def test_the_store_is_found_by_three_settings_and_a_file(tmp_path: Path) -> None:
    assert CliRunner().invoke(manage, ["--data", "here"]).output == "['data', 'secret', 'store'] here\n"
    (tmp_path / "settings.toml").write_text('data = "there"\n')
    file = str(tmp_path / "settings.toml")
    assert "there" in CliRunner().invoke(manage, ["--config", file]).output
    assert "there" in CliRunner().invoke(manage, [], env={"DASHBOARD_CONFIG": file}).output


def test_a_wrong_setting_ends_the_command_with_its_reason() -> None:
    with pytest.raises(click.ClickException, match="port"):
        load_settings(None, {"port": "many"})
