// Error for a request that the server, or this client, refuses.

/** Codes of temporary refusals: send the same message again later, with the same key. */
export const TRANSIENT = new Set(["rate_limited", "unavailable", "overloaded"]);

export class Refusal extends Error {
  /** @param {string} code as in docs/protocol.md, or one of those in docs/javascript-client.md @param {string} [message] */
  constructor(code, message = code) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}
