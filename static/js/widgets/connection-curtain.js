// The band over the screen when the connection is lost: since when, and what is being tried. It lifts by itself.

import { clock } from "../draw/format.js";
import { h, setText } from "./dom.js";

/** A loss shorter than this is not shown: a server that restarts, a roaming phone. */
const GRACE_MS = 1_500;
/** What is on the screen is never older than this without a word about it. */
const LONGEST_GRACE_MS = 6_000;

export class ConnectionCurtain extends HTMLElement {
  constructor() {
    super();
    this.headline = h("strong", { role: "alert" }); // said once; the line below counts seconds for the eye
    this.line = h("span", { "aria-hidden": "true" });
  }

  connectedCallback() {
    this.append(h("div", { class: "band" }, this.headline, this.line));
  }

  /**
   * @param {import("../client/connection.js").Connection} connection
   * @param {{now: () => number}} server
   */
  show(connection, server) {
    const { state } = connection;
    const lostFor = connection.lostAt ? connection.now() - connection.lostAt : 0;
    const stopped = state === "stopped";
    const away = connection.leftAt ? connection.now() - connection.leftAt : 0;
    const shown = stopped || (state !== "open" && (away > GRACE_MS || lostFor > LONGEST_GRACE_MS));
    this.toggleAttribute("data-shown", shown);
    document.body.dataset.connection = shown ? "lost" : state;
    if (!shown) return;
    if (stopped) {
      setText(this.headline, "Disconnected");
      setText(this.line, `${connection.reason || "the server ended the connection"} · what you see is old · reload the page to try again`);
      return;
    }
    const next = Math.max(0, Math.ceil((connection.retryAt - connection.now()) / 1000));
    const trying = state === "connecting" || !next ? "trying now" : `trying again in ${next} s`;
    setText(this.headline, "Connection lost");
    setText(this.line, `since ${clock(server.now() - lostFor, true)} · what you see is from then · ${trying}`);
  }
}
customElements.define("connection-curtain", ConnectionCurtain);
