"""Options of the commands that talk to a server."""

from __future__ import annotations

import signal

import click
import pytest
from click.testing import CliRunner

from dashboard.cli.options import heed_interrupt, label_pairs, with_labels, with_server


@click.command()
@with_server
@with_labels
def show(url: str, token: str | None, labels: tuple[str, ...]) -> None:
    click.echo(f"{url} {token} {label_pairs('cpu', labels)}")


def test_flags_come_before_the_environment_and_that_before_the_default() -> None:
    run = CliRunner()
    assert run.invoke(show, [], env={"DASHBOARD_URL": None}).output == "http://127.0.0.1:8888 None {}\n"
    given = {"DASHBOARD_URL": "http://one:1", "DASHBOARD_TOKEN": "t"}
    assert run.invoke(show, [], env=given).output == "http://one:1 t {}\n"
    assert run.invoke(show, ["--url", "http://two:2", "--token", "u"], env=given).output == "http://two:2 u {}\n"


@pytest.mark.parametrize(
    ("arguments", "option"),
    [(["--url", "nothing"], "--url"), (["--token", "a\nb"], "--token"), (["--label", "x"], "--label")],
)
def test_a_wrong_value_names_its_option(arguments: list[str], option: str) -> None:
    done = CliRunner().invoke(show, arguments)
    assert done.exit_code == 2
    assert option in done.output


def test_labels_are_pairs_and_checked() -> None:
    assert label_pairs("cpu", ("host=a", "path=/x=y")) == {"host": "a", "path": "/x=y"}
    with pytest.raises(click.ClickException, match="label"):
        label_pairs("cpu", ("9=a",))


def test_sigint_ends_a_command_although_the_shell_ignored_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        heed_interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
