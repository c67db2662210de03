"""Linear scan of an expression's text before the parser sees it: tokens with their places, and bounds. Pure.

promql-parser holds the interpreter's lock for seconds on thousands of nested signs, panics on durations that are out of range, and
gives no positions.  It also compiles regular expressions without a bound on their size: 15 characters take half a second.  So depth and
operators are counted here, durations out of range are refused, the numbers after ``@`` and the regular expressions are read here, and
underscores are taken out of numbers.  Source: the lexer's rules in Prometheus, "Literals and comments".
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from dashboard.query.promql.errors import BadExpression

MAX_BYTES = 4_096
MAX_DEPTH = 100
MAX_OPERATORS = 500
#: The longest duration in seconds; Prometheus counts nanoseconds in 64 bits.
_MAX_DURATION_S = 9.2e9
_MAX_AT_S = 9.2e15

#: What the parser sees in place of a regular expression: its number between two characters of no meaning. The operator before it
#: decides: any other text of the user may look the same.
_PLACE = re.compile("\\|?\ue000([0-9]+)\ue001")
_PLACE_IN_TEXT = re.compile(f'([=!]~")(?:{_PLACE.pattern})')
PATTERN_OPERATORS = frozenset(("=~", "!~"))

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\r\n]*)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<number>0[xX][0-9a-fA-F_]+|(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_])|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
    |(?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    |(?P<sign>==|!=|=~|!~|>=|<=|[-+*/%^<>=(){}\[\],:@])""",
    re.VERBOSE,
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_OPERATORS = frozenset(("-", "+", "*", "/", "%", "^", "==", "!=", ">=", "<=", "<", ">", "and", "or", "unless", "atan2"))
_DURATION = re.compile(r"(?<![0-9])([0-9]+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}


class Lexeme(Struct, frozen=True):
    """A token: its kind (text, number, word, sign), its text for the parser, and its place in characters."""

    kind: str
    text: str
    start: int


class Scanned(Struct, frozen=True):
    """An expression's tokens, and what the parser does not see: the times after ``@`` in milliseconds, which are 0 for it, and the
    literals of the regular expressions (``pattern_number``).
    """

    source: str
    tokens: tuple[Lexeme, ...]
    at_ms: tuple[int, ...]
    patterns: tuple[str, ...] = ()

    def text(self, count: int | None = None) -> str:
        """Return the first ``count`` tokens (None: all) as a text for the parser."""
        return " ".join(token.text for token in self.tokens[:count])

    def place_of_pattern(self, number: int) -> int:
        """Return the place of a regular expression."""
        places = [
            token.start
            for sign, token in pairwise(self.tokens)
            if sign.text in PATTERN_OPERATORS and token.kind == "text"
        ]
        return places[number]

    def error(self, reason: str, place: int) -> BadExpression:
        """Return the error at a place, in characters from the start."""
        return error_at(self.source, reason, place)


def error_at(source: str, reason: str, place: int) -> BadExpression:
    """Return the error at a place of a text, with line and column."""
    before = source[:place]
    return BadExpression(reason, line=before.count("\n") + 1, column=place - (before.rfind("\n") + 1) + 1)


def scan(source: str) -> Scanned:
    """Cut an expression into tokens; raise BadExpression if it is too long, nested too deep, or has an invalid token."""
    if len(source.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise error_at(source, f"the expression is longer than {MAX_BYTES} bytes", 0)
    tokens: list[Lexeme] = []
    at_ms: list[int] = []
    patterns: list[str] = []
    opened: list[tuple[str, int]] = []
    place = operators = 0
    while place < len(source):
        found = _TOKEN.match(source, place)
        if found is None:
            raise error_at(source, _no_token(source, place), place)
        kind, text = found.lastgroup or "", found[0]
        if kind != "blank":
            token = Lexeme(kind, text, place)
            if kind == "sign":
                _nest(source, opened, token)
            elif kind == "number":
                token = Lexeme(kind, _without_underscores(source, token), place)
            operators += text in _OPERATORS and not (opened and opened[-1][0] == "{")
            if operators > MAX_OPERATORS:
                raise error_at(source, f"more than {MAX_OPERATORS} operators", place)
            if kind == "text" and tokens and tokens[-1].text in PATTERN_OPERATORS:
                token = Lexeme(kind, _placeholder(len(patterns), tokens[-1].text), place)
                patterns.append(text)
            tokens += _checked(source, tokens, token, at_ms)
        place = found.end()
    if opened:
        raise error_at(source, f"unclosed {_NAMES[opened[-1][0]]}", opened[-1][1])
    if not tokens:
        raise error_at(source, "no expression found in input", 0)
    return Scanned(source, tuple(tokens), tuple(at_ms), tuple(patterns))


def _placeholder(number: int, operator: str) -> str:
    """Return a literal for the parser in place of a regular expression. No such matcher matches an empty label, so that the parser
    refuses no selector for it.
    """
    return f'"{"|" if operator == "!~" else ""}\ue000{number}\ue001"'


def pattern_number(value: str) -> int:
    """Return the number of the regular expression that the value of a matcher with one of PATTERN_OPERATORS stands for."""
    found = _PLACE.fullmatch(value)
    assert found is not None, value
    return int(found[1])


def with_patterns(text: str, patterns: Sequence[str]) -> str:
    """Return a text of the parser, with its quotes and escapes, with the regular expressions ``patterns`` in their places."""
    return _PLACE_IN_TEXT.sub(lambda found: found[1] + patterns[int(found[2])], text)


def shown_patterns(reason: str, patterns: Sequence[str]) -> str:
    """Return an error's reason with the regular expressions ``patterns`` in their places.

    A reason may name a placeholder without its operator, so a text of the user that looks like one is shown as a regular expression.
    """
    return _PLACE.sub(lambda found: patterns[int(found[1])] if int(found[1]) < len(patterns) else found[0], reason)


_NAMES = {"(": "left parenthesis", "[": "left bracket", "{": "left brace"}


def _no_token(source: str, place: int) -> str:
    char = source[place]
    return "unterminated quoted string" if char in "\"'`" else f"unexpected character: {char!a}"


def _nest(source: str, opened: list[tuple[str, int]], token: Lexeme) -> None:
    """Push an opening bracket onto ``opened``, or pop it at its closing bracket.

    Raises BadExpression if the brackets do not match or are nested too deep.
    """
    if token.text in _NAMES:
        opened.append((token.text, token.start))
        if len(opened) > MAX_DEPTH:
            raise error_at(source, f"nested deeper than {MAX_DEPTH} levels", token.start)
    elif token.text in _CLOSES:
        if not opened or opened[-1][0] != _CLOSES[token.text]:
            raise error_at(source, f"unexpected {token.text!r}", token.start)
        opened.pop()


def _without_underscores(source: str, token: Lexeme) -> str:
    text = token.text
    if "_" in text:
        if text.endswith("_") or "__" in text or re.search(r"_(?![0-9a-fA-F])|(?<![0-9a-fA-FxX])_", text):
            raise error_at(source, f"bad number or duration syntax: {text!r}", token.start)
        text = text.replace("_", "")
    return text


def _checked(source: str, tokens: list[Lexeme], token: Lexeme, at_ms: list[int]) -> list[Lexeme]:
    """Convert a number to the form that the parser accepts, if the tokens before it make it a duration or a time after ``@``.

    Return other tokens unchanged. Raises BadExpression if the time or duration is out of range.
    """
    before = [each.text for each in tokens[-2:]]
    sign = before[-1] if before and before[-1] in ("-", "+") else ""
    leader = before[-2] if sign and len(before) == 2 else before[-1] if before else ""
    is_number = token.kind == "number" or (token.kind == "word" and token.text.lower() in ("nan", "inf"))
    if not is_number or leader not in ("@", "offset", "[", ":"):
        return [token]
    seconds = seconds_of(token.text)
    most = _MAX_AT_S if leader == "@" else _MAX_DURATION_S
    if not math.isfinite(seconds) or abs(seconds) > most:
        what = "timestamp out of bounds for @ modifier" if leader == "@" else "duration out of range"
        raise error_at(source, f"{what}: {token.text}", token.start)
    if leader != "@":
        return _without_offset(tokens, sign) if leader == "offset" and seconds == 0 else [token]
    at_ms.append(round(-1000 * seconds if sign == "-" else 1000 * seconds))
    if sign:
        tokens.pop()
    return [Lexeme("number", "0", token.start)]


def _without_offset(tokens: list[Lexeme], sign: str) -> list[Lexeme]:
    """Remove the word ``offset``, and the sign after it, from the end of the tokens: the parser refuses an offset of 0."""
    del tokens[-2 if sign else -1 :]
    return []


def seconds_of(text: str) -> float:
    """Return the value of a number or duration, in seconds."""
    if found := _DURATION.findall(text) if text[-1] in "smhdwy" else []:
        return sum(float(count) * _SECONDS[unit] for count, unit in found)
    if text[:2].lower() == "0x":
        return float(int(text, 16)) if len(text) < 200 else math.inf
    return float(text)
