// One WebSocket that comes back: a state table, jittered back-off, and a heartbeat of its own. Knows no DOM and no views.
//
//   idle ──start──► connecting ──opened──► open ──lost/silent──► waiting ──due/wake──► connecting
//   any ──stop──► stopped (final: stop() or a close code that says not to come back)

import { FIRST_S, backoff } from "./backoff.js";

/** @typedef {"idle"|"connecting"|"open"|"waiting"|"stopped"} State */
/** @typedef {"start"|"opened"|"lost"|"due"|"wake"|"stop"} Happening */

/** What each happening leads to in each state; what is not listed changes nothing. */
export const TRANSITIONS = /** @type {Record<State, Partial<Record<Happening, State>>>} */ ({
  idle: { start: "connecting", stop: "stopped" },
  connecting: { opened: "open", lost: "waiting", stop: "stopped" },
  open: { lost: "waiting", stop: "stopped" },
  waiting: { due: "connecting", wake: "connecting", stop: "stopped" },
  stopped: {},
});

/** Close codes from here on say: do not come back. */
export const FINAL_FROM = 4500;
export const FINAL_TO = 4999;
const PAGE_TOO_OLD = 4506;
/** What our own close frames say: after the second the server tells nobody at once that we have left. */
const LEAVING = 1000;
const COMING_BACK = 3000;

const CONNECT_LIMIT_MS = 8_000;
const SILENCE_LIMIT_MS = 8_000;
const PING_AFTER_MS = 3_000;
const WATCH_EVERY_MS = 1_000;
/** A timer this late means that the machine slept. */
const SLEPT_MS = 6_000;
/** A connection that holds so long was no failed try. */
const SOUND_AFTER_MS = 5_000;
/** How long the first answer may be on its way over a slow line. */
const LONG_ANSWER_MS = 60_000;
/** What is shown comes in these. */
const DATA = new Set(["snapshot", "frame"]);
/** A close follows an error within so long, but for Node's sockets that were refused. */
const CLOSE_FOLLOWS_MS = 100;

/**
 * Events: "state" (detail: {state, since, retryAt, reason}), "message" (detail: the parsed object), "opened", "slept".
 */
export class Connection extends EventTarget {
  /**
   * @param {string} url
   * @param {{socket?: typeof WebSocket, now?: () => number, random?: () => number, maxAttempts?: number, firstDelayS?: number}} [options]
   *   `maxAttempts`: so many tries in a row may fail before it gives up for good; without it: it never does
   */
  constructor(url, options = {}) {
    super();
    this.url = url;
    this.Socket = options.socket ?? globalThis.WebSocket;
    if (!this.Socket) throw new TypeError("there is no WebSocket here: give one as the option `socket`");
    this.now = options.now ?? (() => performance.now());
    this.random = options.random ?? Math.random;
    /** @type {State} */
    this.state = "idle";
    this.maxAttempts = options.maxAttempts ?? Infinity;
    this.firstDelayS = options.firstDelayS ?? FIRST_S;
    this.attempt = 0;
    this.reason = "";
    /** the code that the last connection was closed with; 0: none */
    this.code = 0;
    /** when the connection was lost, by `now`; 0: it is not */
    this.lostAt = 0;
    /** when that was noticed */
    this.leftAt = 0;
    this.retryAt = 0;
    this.heardAt = 0;
    this.askedAt = 0;
    /** an answer is to come that may be long: a message is heard of only when all of it is there */
    this.expecting = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.watch = undefined;
    this.openedAt = 0;
    this.watchedAt = 0;
    this.watchedWall = 0;
  }

  /** Begin, and go on for ever. */
  start() {
    if (this.state !== "idle") return;
    this.watchedAt = this.now();
    this.watchedWall = Date.now();
    this.watch = setInterval(() => this.check(), WATCH_EVERY_MS);
    this.happen("start");
  }

  /** End for good. @param {string} [reason] */
  stop(reason = "stopped") {
    this.reason = reason;
    clearInterval(this.watch);
    this.happen("stop");
  }

  /** Try now instead of waiting: the page came back, the network is there again. */
  wake() {
    this.happen("wake");
  }

  /** @param {object} message @returns {boolean} whether it was sent */
  send(message) {
    if (this.state !== "open" || !this.socket) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {Happening} happening */
  happen(happening) {
    if (happening === "lost" && this.attempt >= this.maxAttempts) {
      this.stop(this.reason || `gave up after ${this.attempt} tries`);
      return;
    }
    const next = TRANSITIONS[this.state][happening];
    if (!next) return;
    this.state = next;
    clearTimeout(this.timer);
    if (next === "connecting") this.connect();
    else if (next === "open") this.opened();
    else if (next === "waiting") this.wait();
    else if (next === "stopped") this.drop(LEAVING);
    this.dispatchEvent(new CustomEvent("state", { detail: { state: next, reason: this.reason } }));
    if (happening === "opened") this.dispatchEvent(new CustomEvent("opened"));
  }

  connect() {
    this.drop();
    this.code = 0;
    let socket;
    try {
      socket = new this.Socket(this.url);
    } catch (error) {
      queueMicrotask(() => this.stop(error instanceof Error ? error.message : String(error))); // no address: it stays so
      return;
    }
    this.socket = socket;
    this.heardAt = this.now();
    this.askedAt = 0;
    const current = () => this.socket === socket;
    socket.onopen = () => current() && this.happen("opened");
    socket.onmessage = (event) => current() && this.receive(event.data);
    socket.onclose = (event) => current() && this.closed(event.code, event.reason);
    socket.onerror = () => setTimeout(() => current() && this.state === "connecting" && this.happen("lost"), CLOSE_FOLLOWS_MS);
  }

  opened() {
    this.openedAt = this.now();
    this.retryAt = 0;
    this.reason = "";
    this.heardAt = this.now();
  }

  /** What is on the screen is of now again: a connection that only opens has brought nothing yet. */
  restored() {
    this.lostAt = 0;
    this.leftAt = 0;
  }

  wait() {
    this.drop();
    if (!this.leftAt) this.leftAt = this.now();
    if (!this.lostAt) this.lostAt = this.heardAt || this.now(); // what is on the screen is from the last word heard
    const wait = backoff(this.attempt, this.random, this.firstDelayS) * 1000;
    this.attempt += 1;
    this.retryAt = this.now() + wait;
    this.timer = setTimeout(() => this.happen("due"), wait);
  }

  /** @param {number} code @param {string} reason */
  closed(code, reason) {
    this.code = code;
    this.reason = reason || (code === 1006 ? "" : `closed with ${code}`);
    if (code === PAGE_TOO_OLD) this.dispatchEvent(new CustomEvent("outdated"));
    if (code >= FINAL_FROM && code <= FINAL_TO) this.stop(this.reason);
    else this.happen("lost");
  }

  /** @param {unknown} data */
  receive(data) {
    this.heardAt = this.now();
    this.askedAt = 0;
    if (typeof data !== "string") return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not ours: a proxy's word, perhaps; the heartbeat judges the connection
    }
    if (DATA.has(message?.type)) this.restored();
    if (message && typeof message === "object") this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  /** Every second: ping when it is quiet, give up when it stays quiet, notice that the machine slept. */
  check() {
    const now = this.now();
    const wall = Date.now(); // the monotonic clock stands still while some systems sleep
    const late = Math.max(now - this.watchedAt, wall - this.watchedWall) - WATCH_EVERY_MS;
    this.watchedAt = now;
    this.watchedWall = wall;
    if (late > SLEPT_MS) {
      this.dispatchEvent(new CustomEvent("slept"));
      this.heardAt = Math.max(this.heardAt, now - SILENCE_LIMIT_MS / 2);
      if (this.state === "waiting") this.wake();
    }
    const quiet = now - this.heardAt;
    if (this.state === "open") {
      if (now - this.openedAt >= SOUND_AFTER_MS) {
        this.attempt = 0;
        if (!this.expecting) this.restored(); // nobody watches anything here
      }
      if (quiet > (this.expecting ? LONG_ANSWER_MS : SILENCE_LIMIT_MS)) {
        this.reason = "no answer";
        this.happen("lost");
      } else if (quiet > PING_AFTER_MS && now - this.askedAt > PING_AFTER_MS) {
        this.askedAt = now;
        this.send({ type: "ping" });
      }
    } else if (this.state === "connecting" && quiet > CONNECT_LIMIT_MS) {
      this.reason = "no answer";
      this.happen("lost");
    }
  }

  /** @param {number} [code] */
  drop(code = COMING_BACK) {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
