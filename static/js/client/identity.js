// Who this client says it is: by a token, said on every connection and renewed before it ends; or by the browser's session,
// which the server knows by itself. Knows no DOM.

import { backoff } from "./backoff.js";
import { Refusal } from "./refusal.js";

/** A token is renewed when this much of its time has passed. */
const RENEW_AT = 0.8;
const LONGEST_TIMER_MS = 86_400_000;
const SHORTEST_MS = 5_000;

/** @typedef {string | (() => string | Promise<string>)} TokenSource */
/** @typedef {{id: string, username?: string, token: TokenSource}} Who */

export class Identity {
  /** @param {(message: object) => boolean} send @param {() => string} id @param {(event: string, data: any) => void} tell @param {() => number} random */
  constructor(send, id, tell, random) {
    this.send = send;
    this.id = id;
    this.tell = tell;
    this.random = random;
    /** @type {Who | null} null: the session's */
    this.who = null;
    this.connection = 0;
    this.failures = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {{resolve: (user: any) => void, reject: (error: Refusal) => void}[]} */
    this.waiters = [];
  }

  /** @returns {Promise<any>} the next `authenticated`; fails when the server does not believe it */
  promise() {
    const done = new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
    done.catch(() => {}); // told as an `error` too
    return done;
  }

  /** There is a connection that does not know us yet. */
  async say() {
    clearTimeout(this.timer);
    const { who, connection } = this;
    if (!who) return;
    let token;
    try {
      token = typeof who.token === "function" ? await who.token() : who.token;
      this.failures = 0;
    } catch (error) {
      if (connection !== this.connection) return;
      this.tell("error", { code: "token", message: `no token: ${error instanceof Error ? error.message : error}` });
      this.later(backoff(this.failures++, this.random) * 1000);
      return;
    }
    if (connection === this.connection && who === this.who) this.send({ type: "auth", id: this.id(), userId: who.id, token });
  }

  /** @param {number} ms */
  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(), Math.min(ms, LONGEST_TIMER_MS));
  }

  /** @param {{now: number, expires: number | null}} message */
  authenticated(message) {
    for (const { resolve } of this.waiters.splice(0)) resolve(message);
    if (typeof this.who?.token === "function" && message.expires) this.later(Math.max(SHORTEST_MS, (message.expires - message.now) * RENEW_AT));
  }

  lost() {
    this.connection += 1;
    clearTimeout(this.timer);
  }

  /** @param {string} code @param {string} reason */
  refuse(code, reason) {
    for (const { reject } of this.waiters.splice(0)) reject(new Refusal(code, reason));
  }
}
