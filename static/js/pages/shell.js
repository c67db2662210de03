// Base of the pages with live data: the connection, the server's clock, the curtain, theme, keys, dialogs, and pausing while hidden.

import "../widgets/user-menu.js";
import { Connection } from "../client/connection.js";
import { Views } from "../client/views.js";
import { WebSocketClient } from "../client/websocket-client.js";
import { ServerClock } from "../data/server-clock.js";
import { FrameLoop } from "../draw/frame-loop.js";
import { clock } from "../draw/format.js";
import { ConnectionCurtain } from "../widgets/connection-curtain.js";
import { copyButton, showSheet } from "../widgets/dialog.js";
import { h, setText } from "../widgets/dom.js";
import { keepSession } from "./session.js";
import { toggleTheme } from "./theme-toggle.js";

/** A page that is hidden for this long stops its frames. */
const HIDDEN_AFTER_MS = 5_000;
/** Delays between acceptance and paint are reported this often. */
const REPORT_EVERY_MS = 5_000;
/** Delays are measured only in views of at least this many frames a second: views with a lower rate wait on purpose. */
const MEASURED_HZ = 5;
/** The server takes this many delays in one message, and none longer than ten minutes. */
const MOST_REPORTED = 100;
const LONGEST_REPORTED_MS = 600_000;
/** Announcements within this time are read together. */
const ANNOUNCE_MS = 1_000;
const MOST_ANNOUNCED = 10;
/** A page younger than this ignores an order to reload, so that it cannot reload again and again. */
const LEAST_AGE_MS = 10_000;
/** Pages reload within this time, not all at once. */
const RELOADS_WITHIN_MS = 2_000;

/** @import { ServerMessage } from "../client/protocol.js" */
/** A key, its meaning, and what it does. @typedef {[string, string, () => void]} Key */

export class Shell {
  constructor() {
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.clock = new ServerClock(() => performance.now());
    this.loop = new FrameLoop();
    this.connection = new Connection(address.href);
    this.views = new Views(this.connection);
    this.client = new WebSocketClient(address.href, { connection: this.connection });
    /** @type {number[]} delays from acceptance to paint since the last report, ms */
    this.paintDelays = [];
    /** @type {Set<string>} views whose frames are to come at once */
    this.prompt = new Set();
    /** @type {(() => void)[]} called once a second */
    this.everySecond = [];
    /** something that takes the focus is on its way, so that keys are meant for it */
    this.isOpening = false;
    /** @type {string[]} recent announcements */
    this.announcements = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.announceTimer = undefined;
    /** @type {Key[]} */
    this.keys = [["t", "dark or light", toggleTheme], ["?", "these keys", () => this.showKeys()]];
    /** about the keys of tiles */
    this.keysOfTiles = "Tab moves between the tiles. Enter on a tile shows how to feed it.";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.hideTimer = undefined;
    this.curtain = /** @type {ConnectionCurtain} */ (document.querySelector("connection-curtain"));
    this.listen();
  }

  listen() {
    const { connection } = this;
    connection.on("message", (message) => this.handle(message));
    connection.on("state", () => this.curtain.show(connection, this.clock));
    connection.on("slept", () => {
      this.clock.reset();
      if (document.hidden) return; // throttled timers of a hidden page look like a suspended machine
      this.views.pause();
      this.views.resume();
    });
    connection.on("outdated", () => location.reload());
    this.client.on("authenticated", ({ expires }) => keepSession(expires, () => this.clock.now()));
    addEventListener("online", () => connection.wake());
    addEventListener("pageshow", () => connection.wake());
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.getElementById("theme")?.addEventListener("click", toggleTheme);
    document.getElementById("keys")?.addEventListener("click", () => this.showKeys());
    setInterval(() => this.tick(), 1_000);
    setInterval(() => this.report(), REPORT_EVERY_MS);
  }

  start() {
    this.connection.start();
    this.tick();
  }

  /** @param {ServerMessage} message */
  handle(message) {
    if (message.type === "welcome") {
      this.clock.reset();
      this.clock.observe(message.now);
      this.showDegraded(message.degraded);
      const build = document.querySelector('meta[name="build"]')?.getAttribute("content");
      if (build !== message.build) this.reloadFor(message.build);
    } else if (message.type === "pong") this.clock.observe(message.now);
    else if (message.type === "reload") this.reloadSoon();
    else if (message.type === "degraded") this.showDegraded(message.reason);
    else if (message.type === "snapshot" && message.rate_hz >= MEASURED_HZ) this.prompt.add(message.view);
    else if (message.type === "frame") this.observeFrame(message);
  }

  /** Reload this page by order of the server. */
  reloadSoon() {
    if (performance.now() > LEAST_AGE_MS) setTimeout(() => location.reload(), Math.random() * RELOADS_WITHIN_MS);
  }

  /** Show that the server itself gets its data late. @param {string} [reason] empty when that is over */
  showDegraded(reason) {
    const notice = document.getElementById("degraded");
    if (!notice) return;
    notice.hidden = !reason;
    notice.title = reason ?? "";
    if (reason) this.announce("New data is delayed");
  }

  /** Load the pages of another build, once for each build: otherwise a page behind a proxy to servers with two builds would reload without end. */
  /** @param {string} build */
  reloadFor(build) {
    try {
      if (sessionStorage.getItem("reloaded for") === build) return;
      sessionStorage.setItem("reloaded for", build);
    } catch {
      return; // the browser denies storage to this page: an old page is better than one that reloads without end
    }
    location.reload();
  }

  /** Set the clock by a frame, and measure when it is painted. @param {{view: string, as_of: number, accepted?: number}} frame */
  observeFrame(frame) {
    this.clock.observe(frame.as_of);
    const { accepted } = frame;
    if (accepted === undefined || !this.prompt.has(frame.view) || document.hidden || this.paintDelays.length >= MOST_REPORTED) return;
    this.loop.afterPaint(() => this.paintDelays.push(Math.max(0, Math.round(this.clock.now() - accepted))));
  }

  /** Tell the server how long values took from acceptance to paint. */
  report() {
    if (!this.paintDelays.length) return;
    this.connection.send({ type: "ping", painted_ms: this.paintDelays.filter((ms) => ms <= LONGEST_REPORTED_MS) });
    this.paintDelays = [];
  }

  tick() {
    this.curtain.show(this.connection, this.clock);
    const shown = document.getElementById("clock");
    if (shown) setText(shown, clock(this.clock.now(), true));
    for (const callback of this.everySecond) callback();
  }

  /** Have screen readers announce a text. @param {string} text */
  announce(text) {
    const announcer = document.getElementById("announcer");
    if (!announcer) return;
    this.announcements = [...this.announcements, text].slice(-MOST_ANNOUNCED);
    setText(announcer, this.announcements.join(". "));
    clearTimeout(this.announceTimer);
    this.announceTimer = setTimeout(() => (this.announcements = []), ANNOUNCE_MS);
  }

  /** Stop the frames of a page that stays hidden. When it is visible again, one snapshot brings it up to date. */
  visibilityChanged() {
    clearTimeout(this.hideTimer);
    if (document.hidden) this.hideTimer = setTimeout(() => this.views.pause(), HIDDEN_AFTER_MS);
    else {
      this.connection.wake();
      this.views.resume();
    }
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const { target } = event;
    const field = (target instanceof HTMLInputElement && target.type !== "checkbox") || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLElement && target.isContentEditable);
    const isTyping = field || document.querySelector("dialog[open]");
    if (isTyping || this.isOpening || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = this.keys.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found[2]();
  }

  showKeys() {
    const list = h("dl", {}, ...this.keys.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: meaning })]));
    const more = h("p", { text: `${this.keysOfTiles} Esc closes.` });
    showSheet("Keys", list, more);
  }

  /** Show the shell lines that feed a tile. @param {string} title @param {string[]} lines */
  showFeed(title, lines) {
    const text = lines.join("\n");
    showSheet(`Feed “${title}”`, h("p", { text: "Run this in a shell. The value appears at once." }), h("pre", { text }), h("div", { class: "row" }, copyButton(text)));
  }
}
