"""Page with users: the real server sends the data, a script in the page plays the part of the server that concerns
users.

Owns the other end of the chapter "People" of docs/protocol.md, in the page itself, so that tests of the panel can bring
about any moment of a conversation. What the real server says about people is kept from the page.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from tests.browser.pages import Pages, until

ME = {"id": "anna", "name": "Anna Kern", "status": "online"}
BEN = {"id": "ben", "name": "Ben Moor", "status": "online"}

_SCRIPT = """
const ASKED = new Set(["auth", "users", "join_room", "leave_room", "message", "direct", "edit", "delete", "read", "history", "typing", "presence",
    "notifications", "notification_read"]);
const OURS = new Set(["snapshot", "frame", "gap", "welcome", "pong", "degraded", "drain", "unwatched"]);
const given = GIVEN;
window.__asked = [];
window.__silent = new Set(given.silent);
window.__say = (message) => window.__socket.__hear({ data: JSON.stringify(message) });
const answers = {
    join_room: ({ roomId }) => ({ type: "joined", roomId, title: "Host", members: [given.me, given.ben], messages: given.messages, position: String(given.messages.length),
        recovered: false, unread: given.unread, lastRead: given.lastRead }),
    users: () => ({ type: "users", users: [given.me, given.ben].map((user) => ({ ...user, since: 1, tabs: 1, screens: [{ board: "host", kind: "person" }], rooms: [] })) }),
    notifications: () => ({ type: "notifications", notifications: given.notifications, unread: given.notifications.length, more: false }),
    history: () => ({ type: "history", messages: [], more: false }),
    message: (m) => ({ type: "ack", roomId: m.roomId, messageId: "new", key: m.key, status: "delivered", position: "1" }),
};
if (given.known) {
    new MutationObserver((_, observer) => {
        if (!document.head) return;
        observer.disconnect();
        const meta = Object.assign(document.createElement("meta"), { name: "user", content: JSON.stringify({ kind: given.kind, user: given.kind === "user" ? given.me : null, role: "viewer" }) });
        document.head.prepend(meta);
    }).observe(document, { childList: true, subtree: true });
}
const { fetch } = window;  // the server, which knows no Anna, keeps no marks for her
window.fetch = (to, ...more) => (String(to).endsWith("/marks") ? Promise.resolve(new Response(null, { status: 204 })) : fetch(to, ...more));
window.WebSocket = class extends WebSocket {
    constructor(url) {
        super(url);
        window.__socket = this;
        this.addEventListener("message", ({ data }) => OURS.has(JSON.parse(data).type) && this.__hear?.({ data }));
        if (given.kind !== "user") return;
        this.addEventListener("open", () => setTimeout(() => {
            window.__say({ type: "authenticated", user: given.me, role: "viewer", roles: ["viewer"], grants: {}, limits: {}, now: Date.now(), expires: null, rooms: [], unread: given.notifications.length });
            window.__say({ type: "watchers", board: "host", people: [given.me, given.ben], screens: 2 });
        }));
    }
    set onmessage(hear) { this.__hear = hear; }
    send(text) {
        const message = JSON.parse(text);
        if (!ASKED.has(message.type)) return super.send(text);
        window.__asked.push(message);
        const answer = window.__silent.has(message.type) ? undefined : answers[message.type]?.(message);
        if (answer) queueMicrotask(() => window.__say({ ...answer, id: message.id }));
    }
};
"""


def message(number: int, text: str, **more: Any) -> dict[str, Any]:
    """Return a message from Ben, dated the first of January 2026 unless ``t`` is given."""
    return {
        "messageId": f"m{number}",
        "roomId": "host",
        "userId": "ben",
        "name": "Ben Moor",
        "text": text,
        "html": f"<p>{text}</p>",
        "t": 1_767_268_800_000 + number * 60_000,
        "position": str(number),
        **more,
    }


def open_talking(
    pages: Pages,
    url: str,
    *messages: dict[str, Any],
    kind: str = "user",
    unread: int = 0,
    last_read: str = "",
    notifications: tuple[dict[str, Any], ...] = (),
    silent: tuple[str, ...] = (),
    **options: Any,
) -> Page:
    """Open a page that is logged in as Anna and knows the connected users. ``silent``: requests that get no answer."""
    given = {
        "known": True,
        "kind": kind,
        "me": ME,
        "ben": BEN,
        "messages": messages,
        "unread": unread,
        "lastRead": last_read,
        "notifications": notifications,
        "silent": silent,
    }
    page = pages.open(url, script=_SCRIPT.replace("GIVEN", json.dumps(given)), **options)
    if kind == "user":
        until(page, "() => document.querySelector('.watchers')")
    return page


def say(page: Page, said: dict[str, Any]) -> None:
    """Let the server send a message."""
    page.evaluate("(message) => window.__say(message)", said)


def asked(page: Page, kind: str) -> list[dict[str, Any]]:
    """Return the page's requests of one type."""
    found: list[dict[str, Any]] = page.evaluate("(kind) => window.__asked.filter(({ type }) => type === kind)", kind)
    return found
