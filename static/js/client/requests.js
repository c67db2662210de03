// Questions that have one answer: by id, each with an end, whatever happens to the connection. Knows no DOM.

import { Refusal } from "./refusal.js";

const LIMIT_MS = 15_000;

/** @typedef {{resolve: (answer: any) => void, reject: (error: Refusal) => void, timer: ReturnType<typeof setTimeout>}} Asked */

export class Requests {
  /** @param {(message: object) => boolean} send */
  constructor(send) {
    this.send = send;
    this.next = 1;
    /** @type {Map<string, Asked>} */
    this.asked = new Map();
  }

  /** An id that no other part of the page uses. */
  id() {
    return `c${this.next++}`;
  }

  /** @param {object} message @returns {Promise<any>} the answer; fails with a Refusal */
  ask(message) {
    const id = this.id();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end(id, new Refusal("timeout", "the server did not answer")), LIMIT_MS);
      this.asked.set(id, { resolve, reject, timer });
      if (!this.send({ ...message, id })) this.end(id, new Refusal("offline", "there is no connection"));
    });
  }

  /** @param {any} message @returns {boolean} whether it was an answer to one of these questions */
  take(message) {
    const asked = this.asked.get(message.id);
    if (!asked) return false;
    if (message.type === "error") this.end(message.id, new Refusal(message.code, message.message));
    else this.end(message.id, null, message);
    return true;
  }

  /** @param {string} id @param {Refusal | null} error @param {any} [answer] */
  end(id, error, answer) {
    const asked = this.asked.get(id);
    if (!asked) return;
    this.asked.delete(id);
    clearTimeout(asked.timer);
    if (error) asked.reject(error);
    else asked.resolve(answer);
  }

  /** The connection is gone, and no answer will come. @param {string} code */
  endAll(code) {
    for (const id of [...this.asked.keys()]) this.end(id, new Refusal(code, "the connection was lost"));
  }
}
