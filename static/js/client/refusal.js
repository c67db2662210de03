// Why the server, or this client, would not do something. Knows no DOM.

/** What passes by itself: say it again later, with the same key. */
export const PASSING = new Set(["rate_limited", "unavailable", "overloaded"]);

export class Refusal extends Error {
  /** @param {string} code as in docs/protocol.md, or `offline`, `timeout`, `queue_full`, `disconnected` @param {string} [message] */
  constructor(code, message = code) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}
