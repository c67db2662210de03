// What all pages share: the connection, the server's clock, the curtain, theme, keys, dialogs, coming and going.

import "../widgets/user-menu.js";
import { Connection } from "../client/connection.js";
import { Views } from "../client/views.js";
import { WebSocketClient } from "../client/websocket-client.js";
import { ServerClock } from "../data/server-clock.js";
import { FrameLoop } from "../draw/frame-loop.js";
import { clock } from "../draw/format.js";
import { ConnectionCurtain } from "../widgets/connection-curtain.js";
import { showDialog } from "../widgets/dialog.js";
import { h, setText } from "../widgets/dom.js";
import { keepSession } from "./session.js";
import { toggleTheme } from "./theme-toggle.js";

const HIDDEN_AFTER_MS = 5_000;
const REPORT_EVERY_MS = 5_000;
const MOST_REPORTED = 100;
const MOST_SAID = 9;
/** A page this young does not load itself anew at an order; others do it within so long. */
const LEAST_AGE_MS = 10_000;
const RELOADS_WITHIN_MS = 2_000;

export class Shell {
  constructor() {
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.clock = new ServerClock(() => performance.now());
    this.loop = new FrameLoop();
    this.connection = new Connection(address.href);
    this.views = new Views(this.connection);
    this.client = new WebSocketClient(address.href, { connection: this.connection });
    /** @type {number[]} */
    this.painted = [];
    /** @type {(() => void)[]} */
    this.seconds = [];
    /** @type {string[]} */
    this.saying = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.said = undefined;
    /** @type {[string, string, () => void][]} */
    this.keys = [["t", "dark or light", toggleTheme], ["?", "these keys", () => this.showKeys()]];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.hiding = undefined;
    this.curtain = /** @type {ConnectionCurtain} */ (document.querySelector("connection-curtain"));
    this.listen();
  }

  listen() {
    const { connection } = this;
    connection.addEventListener("message", (event) => this.hear(/** @type {CustomEvent} */ (event).detail));
    connection.addEventListener("state", () => this.curtain.show(connection, this.clock));
    connection.addEventListener("slept", () => {
      this.clock.reset();
      if (document.hidden) return; // throttled timers look like sleep, and nobody looks
      this.views.pause();
      this.views.resume();
    });
    connection.addEventListener("outdated", () => location.reload());
    this.client.on("authenticated", ({ expires }) => keepSession(expires, () => this.clock.now()));
    addEventListener("online", () => connection.wake());
    addEventListener("pageshow", () => connection.wake());
    document.addEventListener("visibilitychange", () => this.visibility());
    document.addEventListener("keydown", (event) => this.key(event));
    document.getElementById("theme")?.addEventListener("click", toggleTheme);
    document.getElementById("keys")?.addEventListener("click", () => this.showKeys());
    setInterval(() => this.second(), 1_000);
    setInterval(() => this.report(), REPORT_EVERY_MS);
  }

  start() {
    this.connection.start();
    this.second();
  }

  /** @param {any} message */
  hear(message) {
    if (message.type === "welcome") {
      this.clock.reset();
      this.clock.hear(message.now);
      this.showDegraded(message.degraded);
      const build = document.querySelector('meta[name="build"]')?.getAttribute("content");
      if (build !== message.build) this.reloadFor(message.build);
    } else if (message.type === "pong") this.clock.hear(message.now);
    else if (message.type === "reload") this.reloadAtOrder();
    else if (message.type === "degraded") this.showDegraded(message.reason);
    else if (message.type === "frame") this.hearFrame(message);
  }

  /** Not all screens at once, and none again and again. */
  reloadAtOrder() {
    if (performance.now() > LEAST_AGE_MS) setTimeout(() => location.reload(), Math.random() * RELOADS_WITHIN_MS);
  }

  /** What is shown may be late, and the server knows it. @param {string} [reason] empty: all is well */
  showDegraded(reason) {
    const notice = document.getElementById("degraded");
    if (!notice) return;
    notice.hidden = !reason;
    notice.title = reason ?? "";
    if (reason) this.announce("New data is delayed");
  }

  /** The server has other pages than this one: load them, once; a proxy over servers of two kinds would have us go round. */
  /** @param {string} build */
  reloadFor(build) {
    try {
      if (sessionStorage.getItem("reloaded for") === build) return;
      sessionStorage.setItem("reloaded for", build);
    } catch {
      return; // storage is closed to this page: better an old page than one that reloads for ever
    }
    location.reload();
  }

  /** @param {{as_of: number, accepted?: number}} frame */
  hearFrame(frame) {
    this.clock.hear(frame.as_of);
    const { accepted } = frame;
    if (accepted === undefined || document.hidden || this.painted.length >= MOST_REPORTED) return;
    this.loop.painted(() => this.painted.push(Math.max(0, Math.round(this.clock.now() - accepted))));
  }

  /** Tell the server how long values took to the screen. */
  report() {
    if (!this.painted.length) return;
    this.connection.send({ type: "ping", painted_ms: this.painted.filter((ms) => ms <= 600_000) });
    this.painted = [];
  }

  second() {
    this.curtain.show(this.connection, this.clock);
    const shown = document.getElementById("clock");
    if (shown) setText(shown, clock(this.clock.now(), true));
    for (const tick of this.seconds) tick();
  }

  /** Tell a screen reader; what comes together is said together. @param {string} text */
  announce(text) {
    const announcer = document.getElementById("announcer");
    if (!announcer) return;
    this.saying = [...this.saying.slice(-MOST_SAID), text];
    setText(announcer, this.saying.join(". "));
    clearTimeout(this.said);
    this.said = setTimeout(() => (this.saying = []), 1_000);
  }

  /** A hidden page stops its frames after a while; when it is looked at again one snapshot brings it up to date. */
  visibility() {
    clearTimeout(this.hiding);
    if (document.hidden) this.hiding = setTimeout(() => this.views.pause(), HIDDEN_AFTER_MS);
    else {
      this.connection.wake();
      this.views.resume();
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { target } = event;
    const field = (target instanceof HTMLInputElement && target.type !== "checkbox") || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
    const typing = field || document.querySelector("dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = this.keys.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found[2]();
  }

  showKeys() {
    const list = h("dl", {}, ...this.keys.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: meaning })]));
    const more = h("p", { text: "Tab walks over the tiles; Enter on a tile shows how to feed it; Esc closes." });
    showDialog("Keys", list, more);
  }

  /** @param {string} title @param {string[]} lines */
  showFeed(title, lines) {
    const text = lines.join("\n");
    const copy = h("button", { class: "button", type: "button", text: "Copy" });
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        setText(copy, "Copied");
      } catch {
        setText(copy, "Press Ctrl-C"); // the browser does not let pages of plain HTTP copy: the text can be selected
      }
    });
    showDialog(`Feed “${title}”`, h("p", { text: "Run this in a shell; the value shows at once." }), h("pre", { text }), h("div", { class: "row" }, copy));
  }
}
