// Requests that wait for their answer. Every request ends: with the answer, a refusal, a timeout, or the loss of the connection.

import { Refusal } from "./refusal.js";

const TIMEOUT_MS = 15_000;

/** @import { AnswerTypes, ClientMessage, Reply, ServerMessage } from "./protocol.js" */
/** @typedef {{resolve: (answer: never) => void, reject: (error: Refusal) => void, timer: ReturnType<typeof setTimeout>}} PendingRequest */

export class PendingRequests {
  /** @param {(message: ClientMessage) => boolean} send */
  constructor(send) {
    this.send = send;
    this.nextNumber = 1;
    /** @type {Map<string, PendingRequest>} */
    this.pending = new Map();
  }

  /** Return a request id. The letter keeps it apart from the ids of views, which are numbers. */
  newId() {
    return `c${this.nextNumber++}`;
  }

  /**
   * Send a request and return its answer.
   * @template {keyof AnswerTypes} K
   * @param {ClientMessage & {type: K}} message
   * @returns {Promise<Reply<AnswerTypes[K]>>} fails with a Refusal
   */
  ask(message) {
    const id = this.newId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.reject(id, new Refusal("timeout", "the server did not answer")), TIMEOUT_MS);
      this.pending.set(id, { resolve, reject, timer });
      if (!this.send({ ...message, id })) this.reject(id, new Refusal("offline", "there is no connection"));
    });
  }

  /** Handle a message from the server. @param {ServerMessage} message @returns {boolean} whether it answers one of these requests */
  handle(message) {
    const request = typeof message.id === "string" ? this.remove(message.id) : undefined;
    if (!request) return false;
    if (message.type === "error") request.reject(new Refusal(message.code, message.message));
    else request.resolve(/** @type {never} */ (message));
    return true;
  }

  /** @param {string} id @param {Refusal} error */
  reject(id, error) {
    this.remove(id)?.reject(error);
  }

  /** @param {string} id @returns {PendingRequest | undefined} */
  remove(id) {
    const request = this.pending.get(id);
    this.pending.delete(id);
    clearTimeout(request?.timer);
    return request;
  }

  /** Fail all requests: the connection is lost, and no answer will come. @param {string} code */
  rejectAll(code) {
    for (const id of [...this.pending.keys()]) this.reject(id, new Refusal(code, "the connection was lost"));
  }
}
