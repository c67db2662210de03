"""Numbers that JSON does not have, as programs print them: ``nan`` and ``-inf`` (C), ``-nan(ind)`` and ``1.#INF`` (Windows),
``NaN`` and ``Infinity`` (Python, JavaScript).

A sensor without a value, printed by C, would otherwise make a whole body unreadable.
"""

from __future__ import annotations

import re

#: Strings are matched first, so that words within them are left alone. A string without an end is matched to the end of the text:
#: else each quote in it would be tried as the beginning of a string.
_WORDS = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|(?<![\w.#])([-+]?)(?:(nan)|1\.#(?:(QNAN|SNAN|IND)|INF)|inf(?:inity)?)(?:\([^)\s]{0,20}\))?(?![\w.#])',
    re.IGNORECASE | re.DOTALL,
)


def with_words(text: str, *, quoted: bool = False) -> str:
    """Return a JSON text with all spellings of not-a-number and infinity replaced by ``NaN``, ``Infinity`` and ``-Infinity``.

    ``quoted``: write these as strings, as in protobuf's JSON.
    """
    mark = '"' if quoted else ""

    def word(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return found[0]
        name = "NaN" if found[2] or found[3] else "-Infinity" if found[1] == "-" else "Infinity"
        return f"{mark}{name}{mark}"

    return _WORDS.sub(word, text)
