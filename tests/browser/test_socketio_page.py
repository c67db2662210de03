"""A page of another origin that was made for a Socket.IO server: its client class and socket.io-client, unchanged, in Chromium."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.deadline import scaled
from tests.support.node_packages import node_modules
from tests.support.server import ServerProcess

#: The class of the user's description: tries five times, keeps what is sent meanwhile, tells its own listeners by ``emit``.
PAGE = """<!doctype html><meta charset="utf-8"><title>chat</title><ul id="log"></ul><p id="state"></p>
<script src="socket.io.min.js"></script>
<script>
class WebSocketClient {
  constructor(url) {
    this.queue = [];
    this.user = null;
    this.socket = io(url, { reconnectionAttempts: 5, reconnectionDelay: 1000, reconnectionDelayMax: 30000 });
    this.socket.on("connect", () => this.onConnect());
    this.socket.on("disconnect", () => this.show("offline"));
  }
  show(state) { document.getElementById("state").textContent = state; }
  note(text) { const row = document.createElement("li"); row.textContent = text; document.getElementById("log").append(row); }
  on(event, listener) { this.socket.on(event, listener); return this; }
  emit(event, ...args) { this.socket.emit(event, ...args); }
  onConnect() {
    if (this.user) this.authenticate(this.user);
    if (this.room) this.joinRoom(this.room);
    for (const [event, ...args] of this.queue.splice(0)) this.socket.emit(event, ...args);
  }
  authenticate(user) {
    this.user = user;
    this.socket.emit("auth", user, (answer) => {
      this.emit(answer.success ? "authenticated" : "error", answer);
      this.show(answer.success ? `online as ${answer.user.username}` : answer.message);
    });
  }
  joinRoom(room) { this.room = room; this.socket.emit("room:join", room); }
  sendMessage(text, key) {
    const message = ["chat:message", { roomId: this.room, text, key }, ({ id }) => this.note(`stored ${id}`)];
    if (this.socket.connected) this.socket.emit(...message); else this.queue.push(message);
  }
}
const parameters = new URLSearchParams(location.search);
const client = new WebSocketClient(parameters.get("server"));
client
  .on("chat:message", ({ senderName, text }) => client.note(`${senderName}: ${text}`))
  .on("user:online", ({ username }) => client.note(`${username} is online`))
  .on("user:offline", ({ username }) => client.note(`${username} is offline`))
  .on("typing:indicator", ({ username, isTyping }) => client.note(`${username} types: ${isTyping}`));
client.authenticate({ id: parameters.get("name").toLowerCase(), username: parameters.get("name") });
client.joinRoom("host");
</script>"""


@pytest.fixture
def page_server(tmp_path: Path) -> Iterator[str]:
    """Serve the page from an origin of its own."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "socket.io.min.js").write_bytes((node_modules() / "socket.io-client/dist/socket.io.min.js").read_bytes())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def has(page: Page, text: str) -> None:
    expect(page.locator("li", has_text=text)).to_have_count(1)


def test_a_page_made_for_socketio_talks_types_and_comes_back(
    browser: Browser, page_server: str, tmp_path: Path
) -> None:
    flags = ("--no-host-feeder", "--no-server-feeder", "--trusted-origins", page_server)
    server = ServerProcess(tmp_path / "server", *flags).start()
    context = browser.new_context()
    try:
        pages = {}
        for name in ("Ann", "Bo"):
            pages[name] = context.new_page()
            pages[name].goto(f"{page_server}/?name={name}&server=http://127.0.0.1:{server.port}")
            expect(pages[name].locator("#state")).to_have_text(f"online as {name}")
        ann, bo = pages.values()
        has(ann, "Bo is online")
        ann.evaluate("client.sendMessage('hello', 'k1')")
        for page in (ann, bo):
            has(page, "Ann: hello")
        has(ann, "stored host.1")
        bo.evaluate("client.emit('typing:start', { roomId: 'host' })")
        has(ann, "Bo types: true")
        ann.wait_for_function("client.socket.io.engine.transport.name === 'websocket'")  # it began with polling
        server.kill()
        expect(ann.locator("#state")).to_have_text("offline")
        ann.evaluate("client.sendMessage('while away', 'k2')")
        server.start()  # on a busy machine this takes as long as several of the five tries
        for page, name in ((ann, "Ann"), (bo, "Bo")):
            expect(page.locator("#state")).to_have_text(f"online as {name}", timeout=scaled(60_000))
        has(ann, "Ann: while away")
        has(ann, "stored host.2")
        bo.close()
        has(ann, "Bo is offline")
    finally:
        context.close()
        server.close()
