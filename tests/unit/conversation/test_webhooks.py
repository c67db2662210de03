from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from tests.support.hook_receiver import HookReceiver
from tests.support.nodes import until
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test
SECRET = "a secret of the webhooks"


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    made = HookReceiver()
    yield made
    made.close()


async def test_a_notification_is_posted_signed(receiver: HookReceiver) -> None:
    async with talking(webhooks=(receiver.url,), webhook_secret=SECRET) as talk:
        await talk.people.notify.send(
            talk.caller("olga"), user="ann", title="Title", body="Body", data=b'{"n":1}', key="k"
        )
        await until(lambda: bool(receiver.posted))
        await until(lambda: talk.server.counters.webhooks["delivered"] == 1)
    (posted,) = receiver.posted
    said = json.loads(posted.body)
    assert {name: said[name] for name in ("type", "title", "body", "users", "data", "key")} == {
        "type": "notification", "title": "Title", "body": "Body", "users": ["ann"], "data": {"n": 1}, "key": "k",
    }  # fmt: skip
    signed = posted.headers["x-dashboard-time"].encode() + b"." + posted.body
    assert (
        posted.headers["x-dashboard-signature"]
        == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    )
    assert posted.headers["x-dashboard-delivery"]
