"""Parsing of expressions by promql-parser. Errors get their line and column here, because the parser gives no positions. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

import promql_parser as library

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import MAX_PATTERN_WEIGHT, TOO_DEAR, Matcher, Selector, make_matcher, pattern_weight
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.scan import PATTERN_OPERATORS, Scanned, pattern_number, scan, shown_patterns, with_patterns
from dashboard.query.promql.signatures import AGGREGATIONS, EXPERIMENTAL_AGGREGATIONS, FUNCTIONS
from dashboard.query.promql.syntax import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Negated,
    Number,
    Paren,
    Range,
    Subquery,
    Text,
    VectorMatching,
    When,
)

#: Tokens that may be parsed to find the place of an error: at most 30 milliseconds. Beyond it the error has a less exact place.
_PLACE_TOKENS = 6_000
#: Texts that complete a prefix of some valid expression.
_ENDINGS = (
    "", "x", "1", '"x"', "x)", "(x)", "(x) x", "{a='x'}", "='x'", "'x'", "x='x'", "5m", "5m]", "]", ":]", "1]", "()", "(x) (x)",
)  # fmt: skip
_SYNTAX = ("invalid promql query", "unexpected end of input", "unclosed left parenthesis")
_OPS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_CARDS = {"VectorMatchCardinality.ManyToOne": "left", "VectorMatchCardinality.OneToMany": "right"}


@lru_cache(maxsize=1_024)
def parse(source: str) -> Expr:
    """Parse an expression; raise BadExpression with line and column."""
    scanned = scan(source)
    try:
        tree = _parse(scanned.text())
    except ValueError as error:
        raise _located(scanned, str(error)) from None
    return _Converter(scanned, _patterns(scanned)).convert(tree)


def layout(source: str) -> str:
    """Format an expression in Prometheus' standard layout; raise BadExpression."""
    parse(source)
    scanned = scan(source)
    quoted = [_quoted(value) for value in _patterns(scanned)]
    text = with_patterns(str(_parse(scanned.text()).prettify()), quoted)
    for at_ms in scanned.at_ms:  # the parser has seen 0 for each
        text = text.replace("@ 0.000", f"@ {at_ms / 1000:.3f}", 1)
    return text


def _parse(text: str) -> library.Expr:
    """Parse a text that was scanned; raise ValueError, also when the parser panics."""
    try:
        return library.parse(text)
    except ValueError:
        raise
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # it is not a subclass of Exception, and has no public name
            raise
        raise ValueError("the parser cannot read this") from None


def _patterns(scanned: Scanned) -> list[str]:
    """Return the regular expressions, without quotes and escapes; raise BadExpression if they take too long to compile."""
    patterns, weight = list[str](), 0
    for literal in scanned.patterns:
        try:
            patterns.append(literal[1:-1] if literal[0] == "`" else _string(literal))
        except ValueError as error:
            raise scanned.error(str(error), scanned.place_of_pattern(len(patterns))) from None
        weight += pattern_weight(patterns[-1])
        if weight > MAX_PATTERN_WEIGHT:
            raise scanned.error(TOO_DEAR, scanned.place_of_pattern(len(patterns) - 1))
    return patterns


def _string(literal: str) -> str:
    tree = _parse(literal)
    assert isinstance(tree, library.StringLiteral)
    return tree.val


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# --- places of errors ---


def _located(scanned: Scanned, reason: str) -> BadExpression:
    """Return the parser's error with its place: the first unexpected token, or the smallest part with the same error."""
    tries, is_syntax = _Tries(), any(text in reason for text in _SYNTAX)
    place = None if is_syntax else next(_faulty(scanned, reason, tries), None)
    try:
        if place is None:
            count = _right_tokens(scanned, tries)
            if count < len(scanned.tokens):
                token = scanned.tokens[count]
                return scanned.error(f"unexpected {token.text!r}", token.start)
            if is_syntax:
                return scanned.error("unexpected end of input", len(scanned.source))
    except _TooLong:
        reason = f"{reason} (the expression is too long to find the place)"
    if place is None:
        quoted = [part for part in reason.split("'")[1::2] if part]
        place = next((token.start for token in scanned.tokens if token.text in quoted), scanned.tokens[0].start)
    return scanned.error(shown_patterns(reason, [each[1:-1] for each in scanned.patterns]), place)


class _TooLong(Exception):
    """Signal that no more may be parsed to find the place of an error."""


class _Tries:
    """Budget of the texts that are parsed to find the place of an error."""

    def __init__(self) -> None:
        self._left = _PLACE_TOKENS

    def may(self, text: str) -> bool:
        """Return whether a text may be parsed, and count it."""
        self._left -= text.count(" ") + 1
        return self._left >= 0

    def parse(self, text: str) -> None:
        """Parse a text; raise ValueError, and _TooLong if it may not be parsed."""
        if not self.may(text):
            raise _TooLong
        _parse(text)


def _right_tokens(scanned: Scanned, tries: _Tries) -> int:
    """Return the length, in tokens, of the longest prefix that can be completed to a valid expression; raises _TooLong."""
    low, high = 0, len(scanned.tokens)
    while low < high:
        middle = (low + high + 1) // 2
        if _begins(scanned, middle, tries):
            low = middle
        else:
            high = middle - 1
    return low


def _begins(scanned: Scanned, count: int, tries: _Tries) -> bool:
    text, closing = scanned.text(count), _closing(scanned, count)
    for ending in _ENDINGS:
        try:
            tries.parse(f"{text} {ending}{closing}")
        except ValueError as error:
            if not any(part in str(error) for part in ("invalid promql", "unexpected", "bad number", "unclosed")):
                return True
        else:
            return True
    return False


def _closing(scanned: Scanned, count: int) -> str:
    opened: list[str] = []
    for token in scanned.tokens[:count]:
        if token.text in ("(", "[", "{"):
            opened.append({"(": ")", "[": "]", "{": "}"}[token.text])
        elif token.text in (")", "]", "}") and opened:
            opened.pop()
    return "".join(reversed(opened))


def _faulty(scanned: Scanned, reason: str, tries: _Tries) -> Iterator[int]:
    """Yield the places of all parts with this error, the smallest part first; a part is a word with its parentheses."""
    tokens, opened = scanned.tokens, list[int]()
    for at, token in enumerate(tokens):
        if token.text == "(":
            opened.append(at)
        elif token.text == ")" and opened:
            begin = opened.pop()
            begin -= begin > 0 and tokens[begin - 1].kind == "word"
            part = " ".join(each.text for each in tokens[begin : at + 1])
            if not tries.may(part):
                return
            try:
                _parse(part)
            except ValueError as error:
                if str(error) == reason:
                    yield tokens[begin].start


# --- the parser's tree as ours ---


class _Converter:
    """Converter from the parser's tree to the tree of ``syntax.py``. It visits the nodes in the order of the text."""

    def __init__(self, scanned: Scanned, patterns: list[str]) -> None:
        self._scanned = scanned
        self._patterns = patterns
        self._at_ms = list(scanned.at_ms)
        self._places = 0

    def convert(self, tree: library.Expr) -> Expr:
        """Return the tree of ``syntax.py``.

        Raises BadExpression for experimental features, and for texts that only Prometheus' parser refuses.
        """
        if isinstance(tree, library.NumberLiteral):
            return Number(tree.val)
        if isinstance(tree, library.StringLiteral):
            return Text(tree.val)
        if isinstance(tree, library.ParenExpr):
            return Paren(self.convert(tree.expr))
        if isinstance(tree, library.UnaryExpr):
            return Negated(self.convert(tree.expr))
        if isinstance(tree, library.VectorSelector):
            return self._instant(tree)
        if isinstance(tree, library.MatrixSelector):
            return Range(self._instant(tree.vector_selector), self._range(tree.range))
        if isinstance(tree, library.SubqueryExpr):
            inner = self.convert(tree.expr)
            return Subquery(inner, self._range(tree.range), _ms(tree.step), self._when(tree))
        if isinstance(tree, library.Call):
            return self._call(tree)
        if isinstance(tree, library.AggregateExpr):
            return self._aggregate(tree)
        assert isinstance(tree, library.BinaryExpr)
        return self._binary(tree)

    def _range(self, span: timedelta | None) -> int:
        if span is None or span <= timedelta(0):
            raise self._error("duration must be greater than 0", "[")
        return _ms(span)

    def _when(self, tree: library.VectorSelector | library.SubqueryExpr) -> When:
        offset_ms = _ms(tree.offset)
        if tree.at is None:
            return When(offset_ms)
        if tree.at.type == library.AtModifierType.At:
            return When(offset_ms, at_ms=self._at_ms.pop(0))
        return When(offset_ms, edge="start" if tree.at.type == library.AtModifierType.Start else "end")

    def _instant(self, tree: library.VectorSelector) -> Instant:
        if tree.matchers.or_matchers:
            raise self._error("unexpected 'or' in label matching; use a regular expression", "or")
        written = [("__name__", "=", tree.name)] if tree.name is not None else []
        written += [(m.name, _OPS[str(m.op)], self._value(_OPS[str(m.op)], m.value)) for m in tree.matchers.matchers]
        matchers = tuple(self._matcher(*each) for each in written)
        if all(matcher.test("") for matcher in matchers):
            raise self._error("vector selector must contain at least one non-empty matcher", "{")
        self._places += 1
        return Instant(Selector(matchers), tuple(written), self._when(tree), self._places - 1)

    def _value(self, operator: str, value: str) -> str:
        """Return a matcher's value; the parser has seen a placeholder for a regular expression."""
        return self._patterns[pattern_number(value)] if operator in PATTERN_OPERATORS else value

    def _matcher(self, label: str, operator: str, value: str) -> Matcher:
        try:
            return make_matcher(label, operator, value)
        except Invalid as invalid:
            raise self._error(invalid.reason, label) from None

    def _call(self, tree: library.Call) -> Call:
        name = tree.func.name
        signature = FUNCTIONS.get(name)
        if signature is None:
            raise self._error(f'function "{name}" is not enabled: it is experimental in Prometheus', name)
        return Call(name, tuple(self.convert(arg) for arg in tree.args), signature.returns)

    def _aggregate(self, tree: library.AggregateExpr) -> Aggregate:
        op = str(tree.op)
        if op in EXPERIMENTAL_AGGREGATIONS or op not in AGGREGATIONS:
            raise self._error(f"{op} is not enabled: it is experimental in Prometheus", op)
        modifier = tree.modifier
        without = modifier is not None and modifier.type == library.AggModifierType.Without
        labels = tuple(modifier.labels) if modifier is not None else ()
        param = None if tree.param is None else self.convert(tree.param)
        return Aggregate(op, self.convert(tree.expr), param, labels, without)

    def _binary(self, tree: library.BinaryExpr) -> Binary:
        modifier = tree.modifier
        if modifier is None:
            matching, is_bool = VectorMatching(), False
        else:
            fill = modifier.fill_values
            if fill is not None and (fill.lhs is not None or fill.rhs is not None):
                raise self._error("fill modifiers are not enabled: they are experimental in Prometheus", "fill")
            on = modifier.matching is not None and modifier.matching.type == library.LabelModifierType.Include
            labels = tuple(modifier.matching.labels) if modifier.matching is not None else ()
            group = _CARDS.get(str(modifier.card), "")
            matching = VectorMatching(on, labels, group, tuple(modifier.group_labels or ()))
            is_bool = bool(modifier.return_bool)
        return Binary(str(tree.op), self.convert(tree.lhs), self.convert(tree.rhs), matching, is_bool)

    def _error(self, reason: str, word: str) -> BadExpression:
        found = (token.start for token in self._scanned.tokens if token.text == word)
        return self._scanned.error(reason, next(found, self._scanned.tokens[0].start))


def _ms(span: timedelta | None) -> int:
    return 0 if span is None else span // timedelta(milliseconds=1)
