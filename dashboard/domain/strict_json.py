"""JSON that every parser reads alike: no key twice in an object, no deep nesting, no numbers of thousands of digits."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from dashboard.domain.document import check_depth
from dashboard.domain.errors import Invalid

#: Any JSON value, as a decoder returns it. Type checkers cannot describe it: msgspec has no types that contain themselves.
JsonValue: TypeAlias = Any
#: The mark that Windows' editors and PowerShell write before a text.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_json(text: bytes | str) -> JsonValue:
    """Decode JSON that is known to be well-formed; raises Invalid for a repeated key, too deep nesting, or a number
    with too many digits."""
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise Invalid("nested too deep") from None
    except ValueError:  # Python's own limit of digits
        raise Invalid("contains a number with too many digits") from None
    check_depth(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise Invalid("appears twice in one object", field=name[:40])
        seen[name] = value
    return seen
