from __future__ import annotations

import msgspec
import pytest

from dashboard.domain.room import Message
from dashboard.messages.rooms import (
    MessageChanged,
    MessageNotice,
    message_id,
    notice_of,
    seq_of,
    state_fields,
    state_of,
)
from tests.support.stores import NOW

SAID = Message("ops", 3, 3, "ann", "Ann", "hello @bob", "<p>hello @bob</p>", NOW, key="k1", mentions=("bob",))


def test_the_id_of_a_message_says_its_room_and_number() -> None:
    assert message_id("ops", 3) == "ops.3"
    assert seq_of("ops", message_id("ops", 3)) == 3
    assert seq_of("direct:ann:bob", "direct:ann:bob.12") == 12


@pytest.mark.parametrize(
    "text", ["", "3", "ops", "ops.", "ops.x", "ops.-1", "ops.٣", "other.3", "ops.3.4", "ops." + "9" * 16]
)
def test_other_texts_are_no_ids_of_messages_of_the_room(text: str) -> None:
    assert seq_of("ops", text) is None


def test_a_message_is_shown_as_it_was_said() -> None:
    state = state_of(SAID)
    assert (state.message_id, state.room_id, state.user_id, state.name) == ("ops.3", "ops", "ann", "Ann")
    assert (state.text, state.html, state.t, state.position, state.key) == (SAID.text, SAID.html, NOW, "3", "k1")
    assert (state.mentions, state.deleted, state.edited) == (("bob",), False, None)


def test_of_a_message_that_was_taken_back_nothing_is_shown_of_what_it_said() -> None:
    fields = state_fields(msgspec.structs.replace(SAID, deleted=True, changed_seq=4))
    assert (fields["text"], fields["html"], fields["mentions"], fields["deleted"]) == ("", "", (), True)
    assert (fields["message_id"], fields["position"]) == ("ops.3", "4")


def test_a_new_message_and_a_changed_one_are_told_apart() -> None:
    assert isinstance(notice_of(SAID), MessageNotice)
    changed = notice_of(msgspec.structs.replace(SAID, changed_seq=5, edited_ms=NOW + 1, text="bye"))
    assert isinstance(changed, MessageChanged)
    assert (changed.text, changed.edited, changed.position) == ("bye", NOW + 1, "5")
