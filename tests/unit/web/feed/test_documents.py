"""Documents: written, read as they were written, removed."""

from __future__ import annotations

import pytest

from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test
NOTE = "/api/v1/documents/shop/note"


async def test_a_document_is_read_as_it_was_written_until_it_is_removed() -> None:
    async with fed() as stand:
        for method in ("POST", "PUT"):
            body = b'{"by":"%s"}' % method.encode()
            assert (await stand.site.ask(NOTE, method, body)).json == {"accepted": 1}
            await stand.applied()
            reply = await stand.site.ask(NOTE)
            assert (reply.status, reply.body) == (200, body)
        assert (await stand.site.ask(NOTE, "DELETE")).status == 204
        await stand.applied()
        assert (await stand.site.ask(NOTE)).status == 404


async def test_the_beginning_of_a_file_that_marks_its_encoding_is_left_out() -> None:
    async with fed() as stand:
        assert (await stand.site.ask(f"{NOTE}?every_s=5", "PUT", b"\xef\xbb\xbf[1]")).status == 202
        note = (await stand.applied()).documents["shop/note"].document
        assert note is not None
        assert (note.body, note.every_s) == (b"[1]", 5)


async def test_a_value_is_no_token_and_a_fault_is_counted_once() -> None:
    async with fed(open_=False) as stand:
        reply = await stand.site.ask(NOTE, "PUT", b'{"auth_token": "dsh_writer"}')
        assert reply.status == 401
        writer = {"Authorization": "Bearer dsh_writer"}
        for uri, body in ((f"{NOTE}?every_s=soon", b"1"), (NOTE, b"{")):
            assert (await stand.site.ask(uri, "PUT", body, **writer)).status == 400
        assert stand.refused() == 3
        assert (await stand.applied()).documents == {}
