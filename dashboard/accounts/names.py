"""Display names of users: no invisible characters, and no name that looks like another user's name.

Two names look alike when they have the same skeleton (UTS 39, section 4). The table of confusable characters is that of
``confusable_homoglyphs``. Names that differ only in capitals and small letters look alike, too.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

from dashboard.domain.errors import Invalid
from dashboard.domain.identity import MAX_FULL_NAME, RESERVED_NAMES, User
from dashboard.domain.room import clean_text

#: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Characters that are invisible or have no fixed look: formats, surrogates, private use; and characters that look blank.
_NAMELESS_KINDS = frozenset({"Cf", "Cs", "Co"})
_NAMELESS = frozenset("\u2800\ufffc\U0001d159")
#: More marks on one letter run over the lines above and below (UTS 39, section 5.4).
_PILE = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5}")
#: Marks that strike a letter through, which is then read as the letter.
_OVERLAYS = re.compile("[\u0334-\u0338\u20d2\u20d3\u20d8-\u20da\u20e5\u20e6\u20ea\u20eb]")
#: Letters of flags, which are read as letters where no flag is drawn.
_FLAG_LETTERS = {0x1F1E6 + number: chr(ord("a") + number) for number in range(26)}
#: Names that readers take for the server's, beside those that no user may have as an id.
_OFFICIAL = ("system", "everyone")
#: Words for those who have power. A user may have one as a name, but no name that is written otherwise and read as one.
_WORDS = ("admin", "administrator", "moderator", "root", "guest")
#: Digits that are read as letters within such words. In other names they count as UTS 39 says: 1 is like l, and not like i.
_AS_LETTERS = str.maketrans("013457", "oieast")
_SPACES = re.compile(r"\s+")
_REMEMBERED = 40_000


def clean_name(text: str, *, field: str = "name") -> str:
    """Return a name in its normal form: NFKC, without ignorable characters, single spaces; raises Invalid."""
    visible = _visible(unicodedata.normalize("NFKC", _visible(text)))
    if _PILE.search(unicodedata.normalize("NFD", visible)):
        raise Invalid("has more than 4 marks on one letter", field=field)
    if visible and all(unicodedata.category(char)[0] in "MZ" for char in visible):
        raise Invalid("shows no letter, digit or sign", field=field)
    return clean_text(_SPACES.sub(" ", visible), field=field, most=MAX_FULL_NAME)


def _visible(text: str) -> str:
    """Return the text without invisible characters."""
    return "".join(
        char
        for char in _IGNORABLE.sub("", text)
        if char.isascii() or (char not in _NAMELESS and unicodedata.category(char) not in _NAMELESS_KINDS)
    )


def check_distinct(name: str, user_id: str, users: Iterable[User], *, field: str = "name") -> None:
    """Raise Invalid when the name looks like another user's name or id, or like a name that the server uses itself."""
    if taken := looks_like(name, user_id, users):
        raise Invalid(f"looks like {taken}, which is taken; choose a name that differs more", field=field)


def looks_like(name: str, user_id: str, users: Iterable[User]) -> str:
    """Return another user's name or id that ``name`` can be mistaken for; empty if there is none.

    This takes 20 us for each user that was not compared before.
    """
    wanted = _forms(name)
    as_letters = wanted | _forms(name.translate(_AS_LETTERS))
    for reserved in (*RESERVED_NAMES, *_OFFICIAL):
        if as_letters & _forms(reserved):
            return reserved
    for word in _WORDS:
        if as_letters & _forms(word) and name.casefold() != word:
            return word
    for user in users:
        for taken in (user.name, user.id):
            if user.id != user_id and wanted & _forms(taken):
                return taken
    return ""


@lru_cache(_REMEMBERED)
def _forms(text: str) -> frozenset[str]:
    """Return the skeletons of a text as it is, in small letters and in capitals; texts that share one look alike.

    A capital I looks like an l, but an i does not. So capitals become small letters only after the skeleton was made: otherwise
    Ali would look like "all", and Nina like Vina, because a Greek capital N becomes a small letter that looks like a v.
    """
    return frozenset(map(skeleton, (text, text.lower(), text.upper())))


def skeleton(text: str) -> str:
    """Return a text that is equal for all texts that look alike, in whatever case; for comparison only, not for display."""
    table = _alike()
    shown = unicodedata.normalize("NFKC", _visible(text)).translate(_FLAG_LETTERS)
    parts = _OVERLAYS.sub("", unicodedata.normalize("NFD", shown))
    return _SPACES.sub("", "".join(table.get(char, char) for char in parts).casefold())


@cache
def _alike() -> dict[str, str]:
    """Build the map from each confusable character to the character that stands for its group of confusable characters."""
    found: dict[str, list[dict[str, str]]] = json.loads(
        files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    )
    leader: dict[str, str] = {}

    def lead(text: str) -> str:
        while leader.setdefault(text, text) != text:
            text = leader[text]
        return text

    for text, others in found.items():
        for other in others:
            one, two = sorted((lead(_IGNORABLE.sub("", text)), lead(_IGNORABLE.sub("", other["c"]))), key=_rank)
            leader[two] = one
    return {text: lead(text) for text in leader if len(text) == 1 and lead(text) != text}


def _rank(text: str) -> tuple[bool, int, str]:
    """Return a sort key that puts ASCII texts first, and longer texts before shorter ones."""
    return not text.isascii(), -len(text), text
