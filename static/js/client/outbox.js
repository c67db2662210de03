// Messages that wait to be sent or acknowledged. Each has a key: sent again with the same key, it is stored once. A lane (a
// room, or a person) has one message under way at a time, so a refusal cannot change the order of the messages behind it.

import { Refusal, TRANSIENT } from "./refusal.js";

/** How many messages may wait. Beyond it the oldest is refused with `queue_full`. */
const MOST = 100;
/** A message without an acknowledgement is sent again after this time. */
const ACK_LIMIT_MS = 15_000;
const PAUSE_MS = 1_200;
const LONGEST_PAUSE_MS = 15_000;

/** @import { Acknowledgement, ClientMessage, ServerMessage } from "./protocol.js" */
/**
 * `id` is empty while the message is not under way.
 * @typedef {{key: string, lane: string, message: ClientMessage, id: string, timer: ReturnType<typeof setTimeout> | undefined,
 *   resolve: (ack: Acknowledgement) => void, reject: (error: Refusal) => void}} Item
 */

export class Outbox {
  /**
   * @param {object} parts
   * @param {(message: ClientMessage) => boolean} parts.send
   * @param {(lane: string) => boolean} parts.mayPass whether messages of this lane may be sent now
   * @param {() => string} parts.newId
   * @param {() => string} parts.newKey
   * @param {number} [parts.most]
   */
  constructor({ send, mayPass, newId, newKey, most = MOST }) {
    this.send = send;
    this.mayPass = mayPass;
    this.newId = newId;
    this.newKey = newKey;
    this.most = most;
    /** @type {Item[]} */
    this.items = [];
    this.pauses = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pauseTimer = undefined;
  }

  /**
   * Queue a message.
   * @param {string} lane
   * @param {ClientMessage} message
   * @param {string} [key] the key of an earlier try, to send the same message again
   * @returns {{key: string, done: Promise<Acknowledgement>}} `done` fails with a Refusal
   */
  add(lane, message, key = this.newKey()) {
    let settle = /** @type {Pick<Item, "resolve" | "reject">} */ ({});
    const done = /** @type {Promise<Acknowledgement>} */ (new Promise((resolve, reject) => (settle = { resolve, reject })));
    this.items.push({ key, lane, message: { ...message, key }, id: "", timer: undefined, ...settle });
    if (this.items.length > this.most) {
      const oldest = this.items.find((item) => !item.id) ?? this.items[0];
      this.remove(oldest)?.reject(new Refusal("queue_full", "too many messages wait to be sent"));
    }
    this.pump();
    return { key, done };
  }

  /** Send the first message of each lane that may pass. */
  pump() {
    if (this.pauseTimer) return;
    const busy = new Set();
    for (const item of this.items) {
      if (!busy.has(item.lane) && !item.id && this.mayPass(item.lane)) this.dispatch(item);
      busy.add(item.lane); // those behind it wait, whether it was sent or not
    }
  }

  /** @param {Item} item */
  dispatch(item) {
    item.id = this.newId();
    if (!this.send({ ...item.message, id: item.id })) {
      item.id = "";
      return;
    }
    item.timer = setTimeout(() => {
      item.id = ""; // perhaps it was lost: its key makes sending it again harmless
      this.pump();
    }, ACK_LIMIT_MS);
  }

  /** @param {Item} item @returns {Item | undefined} the item, if it was still queued */
  remove(item) {
    clearTimeout(item.timer);
    const at = this.items.indexOf(item);
    return at < 0 ? undefined : this.items.splice(at, 1)[0];
  }

  /** Handle an acknowledgement or an error from the server. @param {ServerMessage} message */
  handle(message) {
    if (message.type === "ack") {
      const item = this.items.find((each) => (message.key !== undefined ? each.key === message.key : this.isUnderWay(each, message.id)));
      if (!item) return;
      this.pauses = 0;
      this.remove(item)?.resolve(message);
      this.pump();
    } else if (message.type === "error") {
      const item = this.items.find((each) => this.isUnderWay(each, message.id));
      if (item) this.refused(item, message);
    }
  }

  /** @param {Item} item @param {string | number | undefined} id */
  isUnderWay(item, id) {
    return item.id !== "" && item.id === id;
  }

  /** @param {Item} item @param {{code: string, message: string}} error */
  refused(item, error) {
    if (TRANSIENT.has(error.code)) {
      clearTimeout(item.timer);
      item.id = "";
      this.pause();
      return;
    }
    this.remove(item)?.reject(new Refusal(error.code, error.message));
    this.pump();
  }

  /** Send nothing for a while; each further pause is twice as long. */
  pause() {
    const wait = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(this.pauses, 5));
    this.pauses += 1;
    clearTimeout(this.pauseTimer);
    this.pauseTimer = setTimeout(() => {
      this.pauseTimer = undefined;
      this.pump();
    }, wait);
  }

  /** Mark every message as not sent: the connection is lost. */
  rewind() {
    clearTimeout(this.pauseTimer);
    this.pauseTimer = undefined;
    this.pauses = 0;
    for (const item of this.items) {
      clearTimeout(item.timer);
      item.id = "";
    }
  }

  /** Refuse the longest message under way: the server closed the connection because of its length. */
  refuseLongest() {
    const length = (/** @type {Item} */ item) => JSON.stringify(item.message).length;
    const [longest] = this.items.filter((item) => item.id).sort((a, b) => length(b) - length(a));
    if (longest) this.remove(longest)?.reject(new Refusal("too_large", "the message is longer than the server accepts"));
  }

  /** Refuse every message: the client has ended. @param {string} code @param {string} reason */
  refuseAll(code, reason) {
    this.rewind();
    for (const item of this.items.splice(0)) item.reject(new Refusal(code, reason));
  }
}
