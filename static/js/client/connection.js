// One WebSocket that reconnects: a state table, back-off with jitter, and a heartbeat of its own.
//
//   idle ──start──► connecting ──opened──► open ──lost──► waiting ──due/wake──► connecting
//   any ──stop──► stopped (final: by stop(), or by a close code that forbids reconnecting)

import { FIRST_S, backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";

/** @import { ClientMessage, ServerMessage } from "./protocol.js" */
/** @typedef {"idle"|"connecting"|"open"|"waiting"|"stopped"} State */
/** @typedef {"start"|"opened"|"lost"|"due"|"wake"|"stop"} Trigger */
/**
 * `slept`: the machine was suspended. `outdated`: the server says that this page is too old.
 * @typedef {{state: {state: State, reason: string}, opened: undefined, message: ServerMessage, slept: undefined, outdated: undefined}} ConnectionEvents
 */

/** The next state for each trigger in each state. A trigger that is not listed changes nothing. */
export const TRANSITIONS = /** @type {Record<State, Partial<Record<Trigger, State>>>} */ ({
  idle: { start: "connecting", stop: "stopped" },
  connecting: { opened: "open", lost: "waiting", stop: "stopped" },
  open: { lost: "waiting", stop: "stopped" },
  waiting: { due: "connecting", wake: "connecting", stop: "stopped" },
  stopped: {},
});

/** Close codes in this range forbid reconnecting. */
export const FINAL_FROM = 4500;
export const FINAL_TO = 4999;
const PAGE_TOO_OLD = 4506;
/** Close codes that this client sends. After `RECONNECTING` the server keeps the user present for a few seconds. */
const LEAVING = 1000;
const RECONNECTING = 3000;

const CONNECT_LIMIT_MS = 8_000;
const SILENCE_LIMIT_MS = 8_000;
const PING_AFTER_MS = 3_000;
const CHECK_EVERY_MS = 1_000;
/** A timer that is late by more than this means that the machine was suspended. */
const SLEPT_MS = 6_000;
/** A connection that lives this long ends the run of failed tries. */
const STABLE_AFTER_MS = 5_000;
/** A snapshot may take this long over a slow line: a WebSocket message is delivered only when all of it has arrived. */
const SNAPSHOT_LIMIT_MS = 60_000;
/** Messages that bring the screen up to date. */
const DATA = new Set(["snapshot", "frame"]);
/** An error without a close event within this time counts as a loss: some sockets of Node send no close when they are refused. */
const CLOSE_FOLLOWS_MS = 100;

/** @extends {Emitter<ConnectionEvents>} */
export class Connection extends Emitter {
  /**
   * @param {string} url
   * @param {{socket?: typeof WebSocket, now?: () => number, random?: () => number, maxAttempts?: number, firstDelayS?: number}} [options]
   *   `maxAttempts`: how many tries in a row may fail before the connection stops for good; no limit by default
   */
  constructor(url, options = {}) {
    super();
    this.url = url;
    this.Socket = options.socket ?? globalThis.WebSocket;
    if (!this.Socket) throw new TypeError("there is no global WebSocket here: pass a class as the option `socket`");
    this.now = options.now ?? (() => performance.now());
    this.random = options.random ?? Math.random;
    /** @type {State} */
    this.state = "idle";
    this.maxAttempts = options.maxAttempts ?? Infinity;
    this.firstDelayS = options.firstDelayS ?? FIRST_S;
    this.attempt = 0;
    this.reason = "";
    /** close code of the last connection, 0 for none */
    this.code = 0;
    /** since when the screen is old, by `now`: the time of the last message before the loss; 0 while there is no loss */
    this.lostAt = 0;
    /** when the loss was noticed, 0 while there is no loss */
    this.lossNoticedAt = 0;
    this.retryAt = 0;
    this.lastMessageAt = 0;
    this.lastPingAt = 0;
    /** set by the views: a snapshot is on its way, so silence is judged by SNAPSHOT_LIMIT_MS */
    this.awaitingSnapshot = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retryTimer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.checkTimer = undefined;
    this.openedAt = 0;
    this.checkedAt = 0;
    this.checkedWallMs = 0;
  }

  /** Connect, and reconnect after every loss. */
  start() {
    if (this.state !== "idle") return;
    this.checkedAt = this.now();
    this.checkedWallMs = Date.now();
    this.checkTimer = setInterval(() => this.check(), CHECK_EVERY_MS);
    this.trigger("start");
  }

  /** Close the connection for good. @param {string} [reason] */
  stop(reason = "stopped") {
    this.reason = reason;
    clearInterval(this.checkTimer);
    this.trigger("stop");
  }

  /** Try now instead of waiting: the page is visible again, or the network is back. */
  wake() {
    this.trigger("wake");
  }

  /** Send a message if the connection is open. @param {ClientMessage} message @returns {boolean} whether it was sent */
  send(message) {
    if (this.state !== "open" || !this.socket) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Move to the next state of the table. @param {Trigger} trigger */
  trigger(trigger) {
    if (trigger === "lost" && this.attempt >= this.maxAttempts) {
      this.stop(this.reason || `gave up after ${this.attempt} tries`);
      return;
    }
    const next = TRANSITIONS[this.state][trigger];
    if (!next) return;
    this.state = next;
    clearTimeout(this.retryTimer);
    if (next === "connecting") this.connect();
    else if (next === "open") this.opened();
    else if (next === "waiting") this.wait();
    else if (next === "stopped") this.drop(LEAVING);
    this.emit("state", { state: next, reason: this.reason });
    if (trigger === "opened") this.emit("opened", undefined);
  }

  connect() {
    this.drop();
    this.code = 0;
    let socket;
    try {
      socket = new this.Socket(this.url);
    } catch (error) {
      queueMicrotask(() => this.stop(error instanceof Error ? error.message : String(error))); // the address is invalid: another try would not help
      return;
    }
    this.socket = socket;
    this.lastMessageAt = this.now();
    this.lastPingAt = 0;
    const current = () => this.socket === socket;
    socket.onopen = () => current() && this.trigger("opened");
    socket.onmessage = (event) => current() && this.receive(event.data);
    socket.onclose = (event) => current() && this.closed(event.code, event.reason);
    socket.onerror = () => setTimeout(() => current() && this.state === "connecting" && this.trigger("lost"), CLOSE_FOLLOWS_MS);
  }

  opened() {
    this.openedAt = this.now();
    this.retryAt = 0;
    this.reason = "";
    this.lastMessageAt = this.now();
  }

  /** End the loss: the screen is up to date. Opening a connection is not enough, because it brings no data. */
  endLoss() {
    this.lostAt = 0;
    this.lossNoticedAt = 0;
  }

  wait() {
    this.drop();
    if (!this.lossNoticedAt) this.lossNoticedAt = this.now();
    if (!this.lostAt) this.lostAt = this.lastMessageAt || this.now(); // the screen shows the state as of the last message
    const wait = backoff(this.attempt, this.random, this.firstDelayS) * 1000;
    this.attempt += 1;
    this.retryAt = this.now() + wait;
    this.retryTimer = setTimeout(() => this.trigger("due"), wait);
  }

  /** @param {number} code @param {string} reason */
  closed(code, reason) {
    this.code = code;
    this.reason = reason || (code === 1006 ? "" : `closed with ${code}`);
    if (code === PAGE_TOO_OLD) this.emit("outdated", undefined);
    if (code >= FINAL_FROM && code <= FINAL_TO) this.stop(this.reason);
    else this.trigger("lost");
  }

  /** @param {unknown} data */
  receive(data) {
    this.lastMessageAt = this.now();
    this.lastPingAt = 0;
    if (typeof data !== "string") return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not from this server, perhaps from a proxy: the heartbeat decides whether the connection is alive
    }
    if (DATA.has(message?.type)) this.endLoss();
    if (message && typeof message === "object") this.emit("message", message);
  }

  /** Check the connection, once a second: ping when it is silent, give it up when it stays silent, notice a suspended machine. */
  check() {
    const now = this.now();
    this.noticeSleep(now);
    const silence = now - this.lastMessageAt;
    if (this.state === "open") {
      if (now - this.openedAt >= STABLE_AFTER_MS) {
        this.attempt = 0;
        if (!this.awaitingSnapshot) this.endLoss(); // nothing is watched here, so no data will come
      }
      if (silence > (this.awaitingSnapshot ? SNAPSHOT_LIMIT_MS : SILENCE_LIMIT_MS)) {
        this.reason = "no answer";
        this.trigger("lost");
      } else if (silence > PING_AFTER_MS && now - this.lastPingAt > PING_AFTER_MS) {
        this.lastPingAt = now;
        this.send({ type: "ping" });
      }
    } else if (this.state === "connecting" && silence > CONNECT_LIMIT_MS) {
      this.reason = "no answer";
      this.trigger("lost");
    }
  }

  /** @param {number} now */
  noticeSleep(now) {
    const wallMs = Date.now(); // the monotonic clock stands still while some systems are suspended
    const late = Math.max(now - this.checkedAt, wallMs - this.checkedWallMs) - CHECK_EVERY_MS;
    this.checkedAt = now;
    this.checkedWallMs = wallMs;
    if (late <= SLEPT_MS) return;
    this.emit("slept", undefined);
    this.lastMessageAt = Math.max(this.lastMessageAt, now - SILENCE_LIMIT_MS / 2); // time enough for one ping before it is given up
    if (this.state === "waiting") this.wake();
  }

  /** Close the current socket and ignore what it still sends. @param {number} [code] */
  drop(code = RECONNECTING) {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
