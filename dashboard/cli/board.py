"""Commands for the boards of a running server: list, show, put, diff, rollback, export, delete, restore."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from urllib.parse import quote

import click

from dashboard.cli.calls import call
from dashboard.cli.options import with_server

_YAML = {"Content-Type": "application/yaml"}
_BOARDS = "/api/v1/boards"


def _path(board_id: str, rest: str = "") -> str:
    return f"{_BOARDS}/{quote(board_id, safe='')}{rest}"


@click.group()
def board() -> None:
    """Boards: list, show, put, diff, rollback, export, delete, restore. A token needs the verb board."""


@board.command("list")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@with_server
def list_boards(as_json: bool, url: str, token: str | None) -> None:
    """Print the boards, one per line: id, source (file or store), version, title."""
    answer = call(url, "GET", _BOARDS, token)
    if as_json:
        click.echo(answer.body.decode())
        return
    for each in answer.said["boards"]:
        remarks = [name for name in ("archived", "shadowed") if each[name]]
        remarks += [f"unknown: {', '.join(each['unknown'])}"] if each["unknown"] else []
        remarks += [f"broken: {each['fault']}"] if each["fault"] else []
        line = f"{each['id']:24} {each['source']:7} {each['version'] or '-':>4}  {each['title']}"
        click.echo(line + (f"  ({'; '.join(remarks)})" if remarks else ""))


@board.command()
@click.argument("board_id")
@with_server
def show(board_id: str, url: str, token: str | None) -> None:
    """Print a board as YAML, as its author wrote it."""
    click.echo(call(url, "GET", _path(board_id, "?written=1"), token).body.decode(), nl=False)


@board.command()
@click.argument("board_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--note", default="", help="what was changed and why, for the list of versions")
@click.option("--if-match", default="", help="publish only if the board still has this ETag (from put, list --json)")
@click.option("--new", is_flag=True, help="publish only if there is no such board yet")
@with_server
def put(board_id: str, file: Path, note: str, if_match: str, new: bool, url: str, token: str | None) -> None:
    """Publish a YAML or JSON file as a board: dashboard board put checkout checkout.yaml

    Prints the new version.
    """
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    headers = dict(_YAML)
    if if_match:
        headers["If-Match"] = f'"{if_match}"'
    if new:
        headers["If-None-Match"] = "*"
    answer = call(url, "PUT", _path(board_id, f"?note={quote(note)}" if note else ""), token, text.encode(), headers)
    click.echo(f"version {answer.said['version']}  {answer.said['etag']}")


@board.command()
@click.argument("board_id")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
@with_server
def diff(board_id: str, old: int | None, new: int | None, url: str, token: str | None) -> None:
    """Describe the differences between two versions of a board in words; by default between the last two."""
    query = "&".join(f"{name}={value}" for name, value in (("old", old), ("new", new)) if value is not None)
    said = call(url, "GET", _path(board_id, f"/diff?{query}" if query else "/diff"), token).said
    for line in said["changes"] or ["no difference"]:
        click.echo(line)


@board.command()
@click.argument("board_id")
@with_server
def versions(board_id: str, url: str, token: str | None) -> None:
    """Print the versions of a board, the newest first: number, time, author, note."""
    for each in call(url, "GET", _path(board_id, "/versions"), token).said["versions"]:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each["t"] / 1000))
        click.echo(f"{each['version']:>4}  {when}  {each['author']:12} {each['note']}".rstrip())


@board.command()
@click.argument("board_id")
@click.argument("version", type=int)
@click.option("--note", default="", help="reason, for the list of versions")
@with_server
def rollback(board_id: str, version: int, note: str, url: str, token: str | None) -> None:
    """Publish an earlier version of a board again, as a new version, and print the new version's number."""
    body = json.dumps({"version": version, "note": note}).encode()
    click.echo(f"version {call(url, 'POST', _path(board_id, '/rollback'), token, body).said['version']}")


@board.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("board_ids", nargs=-1)
@with_server
def export(folder: Path, board_ids: tuple[str, ...], url: str, token: str | None) -> None:
    """Write boards as YAML files into a folder; without ids, all boards of the store. Existing files are not overwritten."""
    listed = call(url, "GET", _BOARDS, token).said["boards"]
    wanted = board_ids or [each["id"] for each in listed if each["source"] == "store"]
    folder.mkdir(parents=True, exist_ok=True)
    for board_id in wanted:
        path = folder / f"{board_id}.yaml"
        text = call(url, "GET", _path(board_id, "?written=1"), token).body
        try:
            with path.open("xb") as file:
                file.write(text)
        except FileExistsError:
            raise click.ClickException(f"{path} exists already; move it, or name another folder") from None
        click.echo(path)


@board.command()
@click.argument("board_id")
@with_server
def delete(board_id: str, url: str, token: str | None) -> None:
    """Delete a board; `dashboard board restore` brings it back within 30 days."""
    call(url, "DELETE", _path(board_id), token)


@board.command()
@click.argument("board_id")
@with_server
def restore(board_id: str, url: str, token: str | None) -> None:
    """Bring a deleted board back."""
    call(url, "POST", _path(board_id, "/restore"), token)
