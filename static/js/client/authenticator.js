// Authentication of each connection: by a token, sent on every connection and renewed before it expires, or by the browser's
// session cookie, which needs no message.

import { backoff } from "./backoff.js";
import { Refusal } from "./refusal.js";

/** A token is renewed when this share of its life has passed. */
const RENEW_AT = 0.8;
const LONGEST_TIMER_MS = 86_400_000;
const SHORTEST_TIMER_MS = 5_000;

/** @import { Authentication, ClientMessage } from "./protocol.js" */
/** @typedef {string | (() => string | Promise<string>)} TokenSource */
/** @typedef {{id: string, username?: string, token: TokenSource}} Credentials */

export class Authenticator {
  /**
   * @param {object} parts
   * @param {(message: ClientMessage) => boolean} parts.send
   * @param {() => string} parts.newId
   * @param {(error: {code: string, message: string}) => void} parts.onError called when the token source fails
   * @param {() => number} parts.random
   */
  constructor({ send, newId, onError, random }) {
    this.send = send;
    this.newId = newId;
    this.onError = onError;
    this.random = random;
    /** @type {Credentials | null} null: the browser's session */
    this.credentials = null;
    /** number of the current connection: a token that arrives after a loss is not sent */
    this.connection = 0;
    this.failures = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {{resolve: (answer: Authentication) => void, reject: (error: Refusal) => void}[]} */
    this.waiters = [];
  }

  /** Return the next `authenticated` of the server. @returns {Promise<Authentication>} fails when the server refuses the token */
  next() {
    const done = /** @type {Promise<Authentication>} */ (new Promise((resolve, reject) => this.waiters.push({ resolve, reject })));
    done.catch(() => {}); // reported as an `error` event as well
    return done;
  }

  /** Send `auth` on a connection that is not authenticated yet, with a fresh token where there is a source. */
  async authenticate() {
    clearTimeout(this.timer);
    const { credentials, connection } = this;
    if (!credentials) return;
    let token;
    try {
      token = typeof credentials.token === "function" ? await credentials.token() : credentials.token;
      this.failures = 0;
    } catch (error) {
      if (connection !== this.connection) return;
      this.onError({ code: "token", message: `no token: ${error instanceof Error ? error.message : error}` });
      this.schedule(backoff(this.failures++, this.random) * 1000);
      return;
    }
    if (connection === this.connection && credentials === this.credentials) this.send({ type: "auth", id: this.newId(), userId: credentials.id, token });
  }

  /** @param {number} delayMs */
  schedule(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.authenticate(), Math.min(delayMs, LONGEST_TIMER_MS));
  }

  /** Handle the server's `authenticated`: resolve those who wait, and plan the renewal of the token. @param {Authentication} answer */
  authenticated(answer) {
    for (const { resolve } of this.waiters.splice(0)) resolve(answer);
    if (typeof this.credentials?.token === "function" && answer.expires) this.schedule(Math.max(SHORTEST_TIMER_MS, (answer.expires - answer.now) * RENEW_AT));
  }

  /** Note that the connection is lost. */
  lost() {
    this.connection += 1;
    clearTimeout(this.timer);
  }

  /** Fail those who wait. @param {string} code @param {string} reason */
  refuse(code, reason) {
    for (const { reject } of this.waiters.splice(0)) reject(new Refusal(code, reason));
  }
}
