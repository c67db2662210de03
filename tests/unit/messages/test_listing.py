from __future__ import annotations

import msgspec

from dashboard.messages.listing import ReplyList, SharedList


def test_an_item_of_many_replies_is_encoded_once() -> None:
    encoded: list[int] = []

    def encode(item: int) -> bytes:
        encoded.append(item)
        return msgspec.json.encode(item)

    shared = SharedList([1, 2, 3])
    assert [bytes(ReplyList(shared, without=at).json(encode)) for at in (None, 0, 2)] == [
        b"[1,2,3]",
        b"[2,3]",
        b"[1,2]",
    ]
    assert encoded == [1, 2, 3]
    assert bytes(ReplyList(shared).json(lambda item: b"0")) == b"[0,0,0]"


def test_a_reply_has_its_own_items_around_the_shared_ones_and_at_most_so_many() -> None:
    shared = SharedList([1, 2, 3])
    for most, found in ((None, [9, 1, 3, 8]), (3, [9, 1, 3]), (1, [9])):
        listing = ReplyList(shared, first=[9], without=1, last=[8], most=most)
        assert listing.items() == found
        assert msgspec.json.decode(listing.json(msgspec.json.encode)) == found
    assert ReplyList.of(4, 5).items() == [4, 5]
