"""The commands that write to users through a running server: ``notify``, ``message``."""

from __future__ import annotations

import json

import click

from dashboard.cli.calls import call
from dashboard.cli.options import with_server


@click.command()
@click.argument("title")
@click.argument("body", default="")
@click.option("--user", "user_id", default="", help="notify one user, by login name")
@click.option("--role", default="", help="notify all users of this role")
@click.option("--room", default="", help="notify all users who may join this room")
@with_server
def notify(title: str, body: str, user_id: str, role: str, room: str, url: str, token: str | None) -> None:
    """Notify users: dashboard notify "Disk full" "db-1, 98 %" --role operator

    Name the receivers by one of --user, --role and --room. Prints how many users were notified.
    """
    said = {"title": title, "body": body, "user": user_id, "role": role, "room": room}
    sent = _post(url, "/api/v1/notifications", token, said)["sent"]
    click.echo(f"{sent} notified")


@click.command()
@click.argument("room")
@click.argument("text")
@with_server
def message(room: str, text: str, url: str, token: str | None) -> None:
    """Post a message to a room: dashboard message host "Deploy done"

    Prints the id of the message.
    """
    click.echo(_post(url, "/api/message", token, {"roomId": room, "text": text})["messageId"])


def _post(url: str, path: str, token: str | None, body: dict[str, str]) -> dict[str, object]:
    return call(url, "POST", path, token, json.dumps(body).encode()).said
