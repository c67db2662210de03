"""Numbers that JSON does not have, as programs print them: ``nan`` and ``-inf`` (C), ``-nan(ind)`` and ``1.#INF00`` (Windows),
``NaN`` and ``Infinity`` (Python, JavaScript).

A sensor without a value, printed by C, would otherwise make a whole body unreadable.
"""

from __future__ import annotations

import re

#: Longest text that is searched, because that takes a hundred times as long as to see that it is no JSON.
MAX_CHARACTERS = 65_536
#: A string, or a number or word. A string without an end reaches to the end of the text: else each quote in it would be tried as the
#: beginning of a string.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\w.#+-]++(?:\(\w{0,20}\))?', re.DOTALL)
_NAN = re.compile(r"[-+]?(?:nan(?:\(\w*\))?|1\.#(?:qnan|snan|ind)\d*)", re.IGNORECASE)
_INFINITE = re.compile(r"([-+]?)(?:inf(?:inity)?|1\.#inf\d*)", re.IGNORECASE)
_BEGINNINGS = frozenset("nNiI1")


def with_words(text: str, *, quoted: bool = False) -> str:
    """Return a JSON text with all spellings of not-a-number and infinity replaced by ``NaN``, ``Infinity`` and ``-Infinity``.

    ``quoted``: write these as strings, as in protobuf's JSON.  A text of more than ``MAX_CHARACTERS`` is returned unchanged.
    """
    if len(text) > MAX_CHARACTERS:
        return text
    mark = '"' if quoted else ""

    def word(found: re.Match[str]) -> str:
        token = found[0]
        if token[0] not in _BEGINNINGS and token[1:2] not in _BEGINNINGS:
            return token
        if _NAN.fullmatch(token):
            return f"{mark}NaN{mark}"
        if infinite := _INFINITE.fullmatch(token):
            return f"{mark}{'-' if infinite[1] == '-' else ''}Infinity{mark}"
        return token

    return _TOKEN.sub(word, text)
