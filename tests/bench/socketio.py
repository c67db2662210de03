"""Peer of the bench ``values``: Socket.IO on Node, one message a value, installed into a temporary folder by npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from functools import lru_cache
from pathlib import Path

from tests.bench.processes import SERVER_CORE, Bench, Child
from tests.bench.viewers import Viewers

_VIEWERS, _SERIES, _RATE_HZ = 50, 200, 4

_SERVER = """
const http = require('http').createServer();
const io = new (require('socket.io').Server)(http, {transports: ['websocket']});
http.listen(0, '127.0.0.1', () => console.log(JSON.stringify({port: http.address().port})));
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const [, seconds, rate, series] = line.split(' ').map(Number);
  let ticks = Math.round(seconds * rate);
  const timer = setInterval(() => {
    const t = Date.now();
    for (let n = 0; n < series; n++) io.emit('value', {series: `dense{n="${n}"}`, t, value: Math.round(t % 9973) / 100});
    if (--ticks <= 0) { clearInterval(timer); console.log('{}'); }
  }, 1000 / rate);
});
"""


@lru_cache(maxsize=1)
def _installed() -> tempfile.TemporaryDirectory[str]:
    """Return a folder with socket.io in it; raises OSError or subprocess.SubprocessError if it cannot be installed."""
    folder = tempfile.TemporaryDirectory(prefix="dashboard-bench-socketio-")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "socket.io@4"]
    subprocess.run(
        command, cwd=folder.name, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    Path(folder.name, "server.js").write_text(_SERVER)
    return folder


_ROOM_SERVER = """
const http = require('http').createServer();
const io = new (require('socket.io').Server)(http, {transports: ['websocket']});
io.on('connection', (socket) => socket.join('host'));
http.listen(0, '127.0.0.1', () => console.log(JSON.stringify({port: http.address().port})));
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const [, seconds, rate] = line.split(' ').map(Number);
  let ticks = Math.round(seconds * rate);
  const timer = setInterval(() => {
    io.to('host').emit('chat:message', {id: `host.${ticks}`, senderId: 'operator', senderName: 'Operator',
      text: 'a message of the room', roomId: 'host', timestamp: new Date(), status: 'delivered',
      position: `${ticks}`, html: '<p>a message of the room</p>', key: 'abcdefghijklmnop'});
    if (--ticks <= 0) { clearInterval(timer); console.log('{}'); }
  }, 1000 / rate);
});
"""


class NodeRoom:
    """Socket.IO on Node with ``count`` clients in one room. ``start`` returns None where it cannot be installed."""

    def __init__(self, bench: Bench, count: int) -> None:
        folder = Path(_installed().name)
        (folder / "room.js").write_text(_ROOM_SERVER)
        self._server = Child([shutil.which("node") or "node", "room.js"], SERVER_CORE, folder / "room-log", folder)
        bench.take(self._server)
        self._viewers = Viewers(bench, int(json.loads(self._server.line())["port"]), mode="socketio")
        self._viewers.open(count)

    @classmethod
    def start(cls, bench: Bench, count: int) -> NodeRoom | None:
        """Start a server with its clients; return None if it cannot be installed."""
        try:
            return cls(bench, count)
        except (OSError, subprocess.SubprocessError):
            return None

    def us_per_event(self, seconds: float, rate_hz: float) -> float:
        """Return the server's CPU per event on a client, over a period of sending."""
        self._viewers.report()
        cpu_s = self._server.cpu_s()
        self._server.ask(f"go {seconds} {rate_hz} 0", seconds * 10 + 30)
        time.sleep(0.3)
        cpu_s = self._server.cpu_s() - cpu_s
        return cpu_s * 1e6 / max(1, self._viewers.report()["frames"])


class SocketIo:
    """Socket.IO server and its viewers."""

    why_not = ""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._server = Child([shutil.which("node") or "node", "server.js"], SERVER_CORE, folder / "log", folder)
        bench.take(self._server)
        port = int(json.loads(self._server.line())["port"])
        self._viewers = Viewers(bench, port, mode="socketio")
        self._viewers.open(_VIEWERS)

    @classmethod
    def start(cls, bench: Bench) -> SocketIo | None:
        """Start the server; return None, with the reason in ``why_not``, if there is no npm or no registry."""
        try:
            return cls(bench, Path(_installed().name))
        except (OSError, subprocess.SubprocessError) as error:
            cls.why_not = f"socket.io cannot be installed: {error}"
            return None

    def ns_per_value(self, seconds: float) -> float:
        """Return the server's CPU per value on a screen, over a period of sending."""
        self._viewers.report()
        cpu_s = self._server.cpu_s()
        self._server.ask(f"go {seconds} {_RATE_HZ} {_SERIES}", seconds * 10 + 30)
        time.sleep(0.3)
        cpu_s = self._server.cpu_s() - cpu_s
        return cpu_s * 1e9 / self._viewers.report()["frames"]
