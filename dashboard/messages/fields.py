"""Fields shared by requests. Names on the wire are those of browsers' chat clients (``roomId``, ``isTyping``)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

RequestId = Annotated[int, Meta(ge=-(2**53), le=2**53)] | Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Key = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=20_000)]
MessageId = Annotated[str, Meta(min_length=1, max_length=140)]


class PersonalRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """Base of the requests about people; the reply repeats ``id``."""

    id: RequestId | None = None
