// Rig for the tests of client/: a connection on fake sockets, and a clock that the test moves.

import { mock } from "node:test";
import { Connection } from "../../static/js/client/connection.js";

/** Stands in for WebSocket; the test plays the server. */
export class FakeSocket {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    /** @type {any[]} */
    this.sent = [];
    this.closed = false;
    /** @type {number | undefined} what it was closed with */
    this.code = undefined;
    /** @type {(() => void) | null} */
    this.onopen = null;
    /** @type {((event: {data: unknown}) => void) | null} */
    this.onmessage = null;
    /** @type {((event: {code: number, reason: string}) => void) | null} */
    this.onclose = null;
    /** @type {(() => void) | null} */
    this.onerror = null;
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  /** @param {number} [code] */
  close(code) {
    this.closed = true;
    this.code = code;
  }

  /** The server says something. @param {unknown} message */
  say(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** The connection ends. @param {number} [code] @param {string} [reason] */
  end(code = 1006, reason = "") {
    this.onclose?.({ code, reason });
  }
}

/**
 * A connection on fake sockets and a hand-moved clock.
 * @param {import("node:test").TestContext} t
 * @param {{random?: () => number}} [options]
 */
export function rig(t, { random = () => 0.5 } = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => mock.timers.reset());
  const time = { ms: 1_000_000 };
  /** @type {FakeSocket[]} */
  const sockets = [];
  class Socket extends FakeSocket {
    /** @param {string} url */
    constructor(url) {
      super(url);
      sockets.push(this);
    }
  }
  const connection = new Connection("ws://here/ws", { socket: /** @type {any} */ (Socket), now: () => time.ms, random });
  /** @type {string[]} */
  const events = [];
  for (const name of ["state", "opened", "message", "slept", "outdated"]) {
    connection.on(name, (detail) => events.push(name === "state" ? `state ${detail.state}` : name));
  }
  return {
    connection,
    sockets,
    events,
    last: () => sockets[sockets.length - 1],
    /** Let time pass as it does for an awake machine. @param {number} ms */
    pass(ms) {
      for (let rest = ms; rest > 0; rest -= 50) {
        time.ms += Math.min(50, rest);
        mock.timers.tick(Math.min(50, rest));
      }
    },
    /** The machine sleeps: the clock goes on, timers do not. @param {number} ms */
    sleep(ms) {
      time.ms += ms;
    },
  };
}
