"""Grafana's annotations: added, searched, changed and removed by number."""

from __future__ import annotations

import json

import pytest

from tests.support.histories import T0
from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test
NOTES = "/api/annotations"


def note(text: str, *tags: str, t_ms: int = T0) -> bytes:
    return json.dumps({"text": text, "tags": tags, "time": t_ms}).encode()


async def test_an_annotation_is_found_by_time_and_tags_and_its_tags_are_counted() -> None:
    async with fed() as stand:
        for n, tags in enumerate((["web", "v1"], ["web"], ["db"])):
            assert (await stand.site.ask(NOTES, "POST", note(f"n{n}", *tags, t_ms=T0 - 1_000 * n))).status == 200
        await stand.applied()
        found = (await stand.site.ask(f"{NOTES}?tags=web&tags=v1")).json
        assert [each["text"] for each in found] == ["n0"]
        found = (await stand.site.ask(f"{NOTES}?tags=v1&tags=db&matchAny=true")).json
        assert sorted(each["text"] for each in found) == ["n0", "n2"]
        assert [each["text"] for each in (await stand.site.ask(f"{NOTES}?from={T0}&to={T0 + 1}")).json] == ["n0"]
        assert len((await stand.site.ask(f"{NOTES}?limit=2")).json) == 2
        tags = (await stand.site.ask(f"{NOTES}/tags?tag=b")).json["result"]["tags"]
        assert tags == [{"tag": "db", "count": 1}, {"tag": "web", "count": 2}]


async def test_a_patch_changes_what_it_names_and_a_put_all() -> None:
    async with fed() as stand:
        number = (await stand.site.ask(NOTES, "POST", note("first", "web"))).json["id"]
        await stand.applied()
        for method, body, text, tags in (
            ("PATCH", b'{"text": "second"}', "second", ["web"]),
            ("PUT", note("third"), "third", []),
        ):
            assert (await stand.site.ask(f"{NOTES}/{number}", method, body)).status == 200
            await stand.applied()
            said = (await stand.site.ask(f"{NOTES}/{number}")).json
            assert (said["text"], said["tags"], said["id"]) == (text, tags, number)
        assert (await stand.site.ask(f"{NOTES}/{number}", "DELETE")).json == {"message": "Annotation deleted"}
        await stand.applied()
        assert (await stand.site.ask(f"{NOTES}/{number}")).status == 404


async def test_only_a_writer_changes_annotations() -> None:
    async with fed(open_=False) as stand:
        for method in ("PATCH", "PUT", "DELETE"):
            reader = await stand.site.ask(f"{NOTES}/1", method, b"{}", Authorization="Bearer dsh_reader")
            writer = await stand.site.ask(f"{NOTES}/1", method, b"{}", Authorization="Bearer dsh_writer")
            assert (reader.status, writer.status) == (403, 404)
