// Band over the screen while the connection is lost: since when, and when the next try is. It disappears by itself.

import { clock } from "../draw/format.js";
import { h, setText } from "./dom.js";

/** @import { Connection } from "../client/connection.js" */

/** A loss shorter than this is not shown: the server restarts, or a phone changes its network. */
const GRACE_MS = 1_500;
/** Values older than this are never shown without the band. */
const LONGEST_GRACE_MS = 6_000;

export class ConnectionCurtain extends HTMLElement {
  constructor() {
    super();
    this.headline = h("strong", { role: "alert" }); // announced once; the line below counts seconds and is not announced
    this.line = h("span", { "aria-hidden": "true" });
  }

  connectedCallback() {
    this.append(h("div", { class: "band" }, this.headline, this.line));
  }

  /**
   * Show or hide the band.
   * @param {Connection} connection
   * @param {{now: () => number}} serverClock
   */
  show(connection, serverClock) {
    const { state } = connection;
    const lostFor = connection.lostAt ? connection.now() - connection.lostAt : 0;
    const stopped = state === "stopped";
    const noticedFor = connection.lossNoticedAt ? connection.now() - connection.lossNoticedAt : 0;
    const shown = stopped || (state !== "open" && (noticedFor > GRACE_MS || lostFor > LONGEST_GRACE_MS));
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
    setText(this.line, `since ${clock(serverClock.now() - lostFor, true)} · what you see is from then · ${trying}`);
  }
}
customElements.define("connection-curtain", ConnectionCurtain);
