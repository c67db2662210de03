"""Decoding of long JSON in steps, because one long call of the decoder would block the interpreter, and with it the event loop.

A long value is split into its members without being decoded, which is forty times as fast. A short value is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.ingest.json_words import MAX_CHARACTERS, with_words

#: JSON texts up to this length are decoded in one call.
_STEP_BYTES = 262_144
#: Levels at which a text may still be longer than that; each is scanned once.
_MAX_LEVELS = 24
_WINDOW_BYTES = 1 << 20
#: The longest match that ``found_in`` is sure to find at a window's edge.
_OVERLAP_BYTES = 1 << 10

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])


def read_in_steps(body: bytes, decode: Callable[[bytes], object] | None = None) -> object:
    """Decode the JSON of a body, in which NaN and infinities become strings, as in protobuf's JSON; raises Invalid.

    ``decode`` is called for the whole text, instead of ``decode_in_steps``, and raises the same errors.
    """
    decode = decode or decode_in_steps
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        return _decoded(body, decode)
    except Invalid:
        words = _with_words(body)
        if words is None:
            raise
    return _decoded(words, decode)


def _with_words(body: bytes) -> bytes | None:
    """Return the body with each NaN and infinity changed to a string; None if it has none, or if it is too long to be searched."""
    try:
        text = body.decode() if len(body) <= 4 * MAX_CHARACTERS else ""
    except UnicodeDecodeError:
        return None
    words = with_words(text, quoted=True)
    return None if words == text else words.encode()


def _decoded(body: bytes, decode: Callable[[bytes], object]) -> object:
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(fault_of(error).said("the body")) from None


def decode_in_steps(text: bytes | msgspec.Raw, level: int = 0) -> object:
    """Decode JSON. ``level``: nesting of ``text`` in the whole text. Raises Invalid, MsgspecError, UnicodeDecodeError, RecursionError."""
    view = memoryview(text)
    if len(view) <= _STEP_BYTES:
        return msgspec.json.decode(text)
    if level == _MAX_LEVELS:
        raise Invalid("nested too deep")
    begin = bytes(view[:_OVERLAP_BYTES]).lstrip()[:1]
    if begin == b"{":
        return {name: decode_in_steps(value, level + 1) for name, value in _members.decode(text).items()}
    if begin == b"[":
        return [decode_in_steps(each, level + 1) for each in _elements.decode(text)]
    return msgspec.json.decode(text)  # one long text


def found_in(pattern: re.Pattern[bytes], text: bytes | memoryview) -> bool:
    """Return whether a pattern is found in a long text, which is searched in windows."""
    step = _WINDOW_BYTES - _OVERLAP_BYTES
    return any(pattern.search(text, at, at + _WINDOW_BYTES) for at in range(0, max(1, len(text)), step))
