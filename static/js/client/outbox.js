// Messages on their way out: kept with their keys until the server has them for good, in the order in which they were
// written. A lane (a room, or a person) has one message under way at a time, so that a refusal in between cannot turn the
// order round; said again with the same key nothing is doubled. Knows no DOM.

import { PASSING, Refusal } from "./refusal.js";

const MOST = 100;
/** An ack that takes longer is asked for again. */
const ANSWER_MS = 15_000;
const PAUSE_MS = 1_200;
const LONGEST_PAUSE_MS = 15_000;

/** @typedef {{key: string, lane: string, message: any, id: string, timer: ReturnType<typeof setTimeout> | undefined, resolve: (ack: any) => void, reject: (error: Refusal) => void}} Item */

export class Outbox {
  /**
   * @param {object} parts
   * @param {(message: object) => boolean} parts.send
   * @param {(lane: string) => boolean} parts.ready whether messages of this lane may go now
   * @param {() => string} parts.id
   * @param {() => string} parts.key
   * @param {number} [parts.most]
   */
  constructor({ send, ready, id, key, most = MOST }) {
    this.send = send;
    this.ready = ready;
    this.id = id;
    this.key = key;
    this.most = most;
    /** @type {Item[]} */
    this.items = [];
    this.tries = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pausing = undefined;
  }

  /**
   * @param {string} lane
   * @param {any} message
   * @param {string} [key] the one it was written with, to say it again
   * @returns {{key: string, done: Promise<any>}}
   */
  add(lane, message, key = this.key()) {
    let settle = /** @type {Pick<Item, "resolve" | "reject">} */ ({});
    const done = new Promise((resolve, reject) => (settle = { resolve, reject }));
    this.items.push({ key, lane, message: { ...message, key }, id: "", timer: undefined, ...settle });
    if (this.items.length > this.most) {
      const oldest = this.items.find((item) => !item.id) ?? this.items[0];
      this.drop(oldest)?.reject(new Refusal("queue_full", "too many messages wait to be sent"));
    }
    this.pump();
    return { key, done };
  }

  /** Send what may go. */
  pump() {
    if (this.pausing) return;
    const busy = new Set();
    for (const item of this.items) {
      if (!busy.has(item.lane) && !item.id && this.ready(item.lane)) this.dispatch(item);
      busy.add(item.lane); // one behind it waits for it, sent or not
    }
  }

  /** @param {Item} item */
  dispatch(item) {
    item.id = this.id();
    if (!this.send({ ...item.message, id: item.id })) {
      item.id = "";
      return;
    }
    item.timer = setTimeout(() => {
      item.id = ""; // perhaps it was lost: the key makes saying it again harmless
      this.pump();
    }, ANSWER_MS);
  }

  /** @param {Item} item @returns {Item | undefined} it, when it was still there */
  drop(item) {
    clearTimeout(item.timer);
    const at = this.items.indexOf(item);
    return at < 0 ? undefined : this.items.splice(at, 1)[0];
  }

  /** @param {any} message an ack or an error @returns {Item | undefined} the item that it ended, or paused */
  take(message) {
    const item = this.items.find((each) => (message.key !== undefined && message.type === "ack" ? each.key === message.key : each.id !== "" && each.id === message.id));
    if (!item) return undefined;
    if (message.type === "error") this.refused(item, message);
    else if (message.type === "ack") {
      this.tries = 0;
      this.drop(item)?.resolve(message);
      this.pump();
    } else return undefined;
    return item;
  }

  /** @param {Item} item @param {{code: string, message: string}} error */
  refused(item, error) {
    if (PASSING.has(error.code)) {
      clearTimeout(item.timer);
      item.id = "";
      this.pause();
      return;
    }
    this.drop(item)?.reject(new Refusal(error.code, error.message));
    this.pump();
  }

  pause() {
    const wait = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(this.tries, 5));
    this.tries += 1;
    clearTimeout(this.pausing);
    this.pausing = setTimeout(() => {
      this.pausing = undefined;
      this.pump();
    }, wait);
  }

  /** The connection is gone: whatever was under way is sent again, with its key. */
  rewind() {
    clearTimeout(this.pausing);
    this.pausing = undefined;
    this.tries = 0;
    for (const item of this.items) {
      clearTimeout(item.timer);
      item.id = "";
    }
  }

  /** One of those under way was longer than the server takes: the longest. */
  refuseLongest() {
    const under = this.items.filter((item) => item.id).sort((a, b) => JSON.stringify(b.message).length - JSON.stringify(a.message).length);
    if (under[0]) this.drop(under[0])?.reject(new Refusal("too_large", "the message is longer than the server takes"));
  }

  /** It is over: nothing of it will be sent. @param {string} code @param {string} reason */
  refuseAll(code, reason) {
    this.rewind();
    for (const item of this.items.splice(0)) item.reject(new Refusal(code, reason));
  }
}
