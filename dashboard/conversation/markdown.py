"""Markdown of a message, rendered to safe HTML, and the users that it mentions.

markdown-it renders the text (CommonMark without raw HTML, images and headings), and nh3 sanitises the result, so unsafe HTML
needs a fault in both programs.  Browsers build the message from elements and text nodes only (``static/js/widgets/``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_MENTION = re.compile(r"(?<![\w@./-])@([a-z0-9][a-z0-9._-]{0,39})", re.IGNORECASE)
_LINK = re.compile(r"https?://|mailto:", re.IGNORECASE)
_TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "span"}
#: Mentioned users of a message; beyond it the rest is not notified.
_MAX_MENTIONS = 20
#: Addresses in a text; if it might hold more, none becomes a link.
_MAX_LINKS = 50


#: A text that readers take for an address, with its host.
_ADDRESS = re.compile(r"\s*(?:[a-z]+://|(?=www\.))(\[[^\]\s]*\]|[^\s/?#:@]+)", re.IGNORECASE)


#: What separates the words of a link's text, and a word that readers take for a host.
_BETWEEN_ADDRESSES = re.compile("[,;]")
_BETWEEN = re.compile(r"[\s/@:?#(){}<>\"'|,;*]+")
_HOST = re.compile(
    r"(?:[\w-]{1,63}\.){1,10}(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59})|(?:\d{1,3}\.){3}\d{1,3}", re.IGNORECASE
)


class _Parser(MarkdownIt):
    """Subclass of markdown-it that does not decode Punycode: a link to xn--pple-43d.com must not look like аpple.com."""

    def normalizeLinkText(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        """Return the text to show for a link that is written as an address only."""
        asked_for = self.normalizeLink(url)
        host = _host(asked_for) or asked_for
        return asked_for if "xn--" in host.lower() else super().normalizeLinkText(url)


class Markdown:
    """Renderer of messages. ``find_user`` returns the id of a user whose name follows an ``@``, or None."""

    def __init__(self, find_user: Callable[[str], str | None]) -> None:
        self._find_user = find_user
        self._parser = _Parser("commonmark", {"breaks": True, "html": False, "maxNesting": 12, "linkify": True})
        assert self._parser.linkify is not None
        self._parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # only addresses with a scheme
        self._parser.enable(["strikethrough", "linkify"]).disable(
            ["image", "heading", "lheading", "html_block", "html_inline"]
        )
        self._parser.core.ruler.push("mentions", self._mark_mentions)
        self._parser.core.ruler.push("hosts", _show_hosts)
        self._mentioned: dict[str, None] = {}

    def render(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return the HTML and the ids of the mentioned users, in order, at most 20."""
        self._mentioned = {}
        self._parser.options["linkify"] = text.count("://") <= _MAX_LINKS  # the search takes quadratic time
        raw = self._parser.render(text)
        html = nh3.clean(
            raw,
            tags=_TAGS,
            attributes={
                "*": set(),
                "a": {"href"},
                "ol": {"start"},
            },  # without "*", title and lang would be allowed everywhere
            allowed_classes={"span": {"mention"}},
            url_schemes={"http", "https", "mailto"},
            attribute_filter=_whole_links_only,
            link_rel="noopener noreferrer nofollow",
        )
        return html.strip(), tuple(self._mentioned)[:_MAX_MENTIONS]

    def _mark_mentions(self, state: StateCore) -> None:
        for block in state.tokens:
            if block.type == "inline" and block.children:
                block.children = [part for child in block.children for part in self._split(child)]

    def _split(self, token: Token) -> list[Token]:
        if token.type != "text" or "@" not in token.content:
            return [token]
        parts: list[Token] = []
        at = 0
        for found in _MENTION.finditer(token.content):
            name = found[1].rstrip("._-")
            user = self._find_user(name.lower())
            if user is None:
                continue
            self._mentioned[user] = None
            end = found.start() + 1 + len(name)
            parts += [
                _text(token.content[at : found.start()]),
                _tag("span_open", "span", 1, {"class": "mention"}),
                _text(token.content[found.start() : end]),
                _tag("span_close", "span", -1, {}),
            ]
            at = end
        return [*parts, _text(token.content[at:])] if parts else [token]


def _host(address: str) -> str:
    """Return the host of an address; empty if it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return ""


def _target_of(href: str) -> str:
    """Return the host of a link, of a link to e-mail addresses their domains, also of those who get a copy."""
    if href[:7].lower() != "mailto:":
        return _host(href)
    first, _, fields = href[7:].partition("?")
    copies = [value for name, value in parse_qsl(fields) if name.lower() in ("to", "cc", "bcc")]
    addresses = _BETWEEN_ADDRESSES.split(",".join([unquote(first), *copies]).lower())
    return ", ".join(dict.fromkeys(each.rpartition("@")[2].strip() for each in addresses if each.strip()))


def _is_misleading(text: str, host: str) -> bool:
    """Return whether a link's text is an address of another host, or contains a word that looks like another host."""
    address = _ADDRESS.match(text)
    if address is not None and address[1].strip("[]").lower() != host:
        return True
    words = _BETWEEN.split(unicodedata.normalize("NFKC", text).replace("\u3002", ".").lower())
    shown = [word.strip(".-_!\u2026").removeprefix("www.") for word in words]
    return any(_HOST.fullmatch(word) and word != host.removeprefix("www.") for word in shown)


def _show_hosts(state: StateCore) -> None:
    """Write the real host after each link whose text seems to name another host."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        parts, host, text = list[Token](), "", ""
        for child in block.children:
            parts.append(child)
            if child.type == "link_open":
                host, text = _target_of(str(child.attrs.get("href", ""))), ""
            elif child.type == "link_close":
                if host and _is_misleading(text, host):
                    parts.append(_text(f" ({host})"))
            else:
                text += child.content
        block.children = parts


def _whole_links_only(tag: str, attribute: str, value: str) -> str | None:
    """Return an attribute's value, None to drop the attribute. Links without a scheme are dropped, because their target
    would depend on the page that shows them."""
    return value if attribute != "href" or _LINK.match(value) else None


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _tag(kind: str, tag: str, nesting: Literal[-1, 0, 1], attributes: dict[str, str | int | float]) -> Token:
    token = Token(kind, tag, nesting)
    token.attrs = attributes
    return token
