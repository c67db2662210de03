// One room as a person sees it: messages in order, one's own on their way, who is here, who writes, what is unread.
// Fed by the client's events. Pure.

/** @typedef {import("../client/rooms.js").Message} Message */
/** @typedef {{id: string, name: string, status: string}} Person */
/** @typedef {{key: string, text: string, at?: number, t: number, state: "sending" | "failed", reason: string}} Pending */

const TYPING_MS = 5_000;
/** More than so many are let go at the old end; `history` brings them back. */
const MOST = 1_000;

export class Conversation {
  /** @param {string} roomId @param {string} me one's own id */
  constructor(roomId, me) {
    this.roomId = roomId;
    this.me = me;
    this.title = "";
    /** @type {Message[]} oldest first */
    this.messages = [];
    /** @type {Pending[]} one's own that the server has not confirmed */
    this.pending = [];
    /** @type {Map<string, Person>} */
    this.members = new Map();
    /** @type {Map<string, {name: string, until: number}>} */
    this.writing = new Map();
    this.unread = 0;
    this.lastRead = "";
    /** the message above which the "new" line stands; empty: none */
    this.divider = "";
    /** whether there is more before the oldest */
    this.more = true;
    this.begun = false;
    /** @type {Map<string, string[]>} who has read up to a message of one's own, by messageId */
    this.readers = new Map();
    /** changes with everything */
    this.version = 0;
  }

  /** @param {string} id @returns {number} its place, or -1 */
  place(id) {
    return this.messages.findLastIndex((message) => message.messageId === id);
  }

  /** The answer to a join. @param {import("../client/rooms.js").Joined & {resumed: boolean}} joined */
  begin(joined) {
    this.title = joined.title || this.title;
    this.members = new Map(joined.members.map((person) => [person.id, person]));
    this.unread = joined.unread;
    if (joined.lastRead) this.lastRead = joined.lastRead;
    if (!joined.resumed) {
      this.messages = [...joined.messages];
      this.more = joined.messages.length > 0;
      for (const { key } of this.messages) if (key) this.settle(key);
      this.markDivider();
    }
    this.begun = true;
    this.version += 1;
  }

  markDivider() {
    const at = this.place(this.lastRead);
    const first = this.messages.slice(at + 1).find((message) => message.userId !== this.me);
    this.divider = this.unread && first ? first.messageId : "";
  }

  /** @param {Message} message @param {boolean} [seen] whether it is read as it comes */
  add(message, seen = false) {
    if (this.place(message.messageId) >= 0) {
      this.change(message);
      return;
    }
    this.messages.push(message);
    if (this.messages.length > MOST) {
      this.messages.shift();
      this.more = true;
    }
    this.writing.delete(message.userId);
    if (message.key && message.userId === this.me) this.settle(message.key);
    if (message.userId !== this.me && !seen) {
      this.unread += 1;
      if (!this.divider) this.divider = message.messageId;
    }
    this.version += 1;
  }

  /** @param {Message} message as it is now */
  change(message) {
    const at = this.place(message.messageId);
    if (at < 0) return;
    this.messages[at] = message;
    this.version += 1;
  }

  /** A page of history. @param {Message[]} messages oldest first @param {boolean} more */
  older(messages, more) {
    const known = new Set(this.messages.map((message) => message.messageId));
    this.messages.unshift(...messages.filter((message) => !known.has(message.messageId)));
    this.more = more && messages.length > 0;
    this.version += 1;
  }

  // --- one's own ---

  /** @param {string} key @param {string} text @param {number} t @param {number} [at] */
  send(key, text, t, at) {
    this.pending = this.pending.filter((each) => each.key !== key);
    this.pending.push({ key, text, at, t, state: "sending", reason: "" });
    this.divider = "";
    this.version += 1;
  }

  /** It is in the room, or was taken back. @param {string} key */
  settle(key) {
    this.pending = this.pending.filter((each) => each.key !== key);
    this.version += 1;
  }

  /** @param {string} key @param {string} reason */
  fail(key, reason) {
    const found = this.pending.find((each) => each.key === key);
    if (found) Object.assign(found, { state: "failed", reason });
    this.version += 1;
  }

  // --- reading ---

  /** @returns {string} the newest message, to say that all is read; empty: there is nothing to say */
  readAll() {
    const newest = this.messages.at(-1)?.messageId ?? "";
    const news = this.messages.slice(this.place(this.lastRead) + 1).some((message) => message.userId !== this.me);
    if (newest) this.lastRead = newest;
    if (this.unread) this.version += 1;
    this.unread = 0;
    return news ? newest : "";
  }

  /** The server says so, perhaps because of another page of this user. @param {{messageId: string, unread: number}} read */
  read({ messageId, unread }) {
    const elsewhere = messageId !== this.lastRead;
    this.lastRead = messageId;
    this.unread = unread;
    if (!unread && elsewhere) this.divider = ""; // what was read here keeps its line for as long as it is looked at
    this.version += 1;
  }

  /** @param {{status: string, messageId: string, userId?: string}} ack */
  acked({ status, messageId, userId }) {
    if (status !== "read" || !userId) return;
    for (const [id, readers] of this.readers) {
      const others = readers.filter((reader) => reader !== userId);
      if (others.length) this.readers.set(id, others);
      else this.readers.delete(id);
    }
    this.readers.set(messageId, [...(this.readers.get(messageId) ?? []), userId]);
    this.version += 1;
  }

  // --- people ---

  /** @param {Person} person */
  joined(person) {
    this.members.set(person.id, person);
    this.version += 1;
  }

  /** @param {Person} person */
  left(person) {
    this.members.delete(person.id);
    this.writing.delete(person.id);
    this.version += 1;
  }

  /** @param {{userId: string, name: string, isTyping: boolean}} notice @param {number} now */
  typing({ userId, name, isTyping }, now) {
    if (userId === this.me) return;
    if (isTyping) this.writing.set(userId, { name, until: now + TYPING_MS });
    else this.writing.delete(userId);
    this.version += 1;
  }

  /** @param {number} now @returns {string[]} names of those who write */
  typists(now) {
    for (const [id, { until }] of this.writing) if (until <= now) this.writing.delete(id);
    return [...this.writing.values()].map(({ name }) => name);
  }
}

/** @param {string[]} names @returns {string} */
export function typingText(names) {
  if (!names.length) return "";
  if (names.length === 1) return `${names[0]} is writing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are writing…`;
  return `${names.length} people are writing…`;
}

/** @param {string} name @returns {string} at most two letters */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const first = [...(words[0] ?? "?")];
  const second = words.length > 1 ? [...words[words.length - 1]][0] : (first[1] ?? "");
  return `${first[0]}${second}`.toUpperCase();
}
