// State of one room for its user: messages in order, the user's unsent messages, members, who is typing, what is unread.
// Updated by the events of the client. Pure.

/** @import { JoinedRoom, Message, User } from "../client/protocol.js" */
/** A message of the user that the server has not confirmed. @typedef {{key: string, text: string, at?: number, t: number, state: "sending" | "failed", reason: string}} Pending */

const TYPING_MS = 5_000;
/** How many messages are kept. Beyond it the oldest is dropped, and `history` can bring it back. */
const MOST = 1_000;

export class Conversation {
  /** @param {string} roomId @param {string} me id of the user */
  constructor(roomId, me) {
    this.roomId = roomId;
    this.me = me;
    this.title = "";
    /** @type {Message[]} oldest first */
    this.messages = [];
    /** @type {Pending[]} messages of the user that the server has not confirmed */
    this.pending = [];
    /** @type {Map<string, User>} */
    this.members = new Map();
    /** @type {Map<string, {name: string, until: number}>} users who are typing, by id */
    this.writing = new Map();
    this.unread = 0;
    this.lastRead = "";
    /** id of the message above which the line "New" is shown, empty for none */
    this.divider = "";
    /** whether the server has older messages */
    this.more = true;
    /** whether the room was joined once */
    this.begun = false;
    /** @type {Map<string, string[]>} users who have read up to a message of the user, by messageId */
    this.readers = new Map();
    /** grows with every change */
    this.version = 0;
  }

  /** @param {string} id @returns {number} index of the message, or -1 */
  indexOf(id) {
    return this.messages.findLastIndex((message) => message.messageId === id);
  }

  /** Apply the answer to a join: keep the messages if it resumed, replace them if not. @param {JoinedRoom & {resumed: boolean}} joined */
  begin(joined) {
    this.title = joined.title || this.title;
    this.members = new Map(joined.members.map((user) => [user.id, user]));
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
    const at = this.indexOf(this.lastRead);
    const first = this.messages.slice(at + 1).find((message) => message.userId !== this.me);
    this.divider = this.unread && first ? first.messageId : "";
  }

  /** Add a new message. @param {Message} message @param {boolean} [seen] whether the user sees it at once */
  add(message, seen = false) {
    if (this.indexOf(message.messageId) >= 0) {
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

  /** Replace a message that was edited or deleted. @param {Message} message */
  change(message) {
    const at = this.indexOf(message.messageId);
    if (at < 0) return;
    this.messages[at] = message;
    this.version += 1;
  }

  /** Add a page of history. @param {Message[]} messages oldest first @param {boolean} more */
  older(messages, more) {
    const known = new Set(this.messages.map((message) => message.messageId));
    this.messages.unshift(...messages.filter((message) => !known.has(message.messageId)));
    this.more = more && messages.length > 0;
    this.version += 1;
  }

  // --- messages of the user ---

  /** Note a message that is being sent. @param {string} key @param {string} text @param {number} t @param {number} [at] */
  send(key, text, t, at) {
    this.pending = this.pending.filter((each) => each.key !== key);
    this.pending.push({ key, text, at, t, state: "sending", reason: "" });
    this.divider = "";
    this.version += 1;
  }

  /** Forget a pending message: the room has it, or the user discards it. @param {string} key */
  settle(key) {
    this.pending = this.pending.filter((each) => each.key !== key);
    this.version += 1;
  }

  /** Mark a pending message as refused. @param {string} key @param {string} reason */
  fail(key, reason) {
    const found = this.pending.find((each) => each.key === key);
    if (found) Object.assign(found, { state: "failed", reason });
    this.version += 1;
  }

  // --- reading ---

  /** Mark everything as read. @returns {string} id of the newest message, to tell the server; empty if it has nothing to learn */
  readAll() {
    const newest = this.messages.at(-1)?.messageId ?? "";
    const news = this.messages.slice(this.indexOf(this.lastRead) + 1).some((message) => message.userId !== this.me);
    if (newest) this.lastRead = newest;
    if (this.unread) this.version += 1;
    this.unread = 0;
    return news ? newest : "";
  }

  /** Apply the server's read position, which may come from another page of this user. @param {{messageId: string, unread: number}} read */
  read({ messageId, unread }) {
    const elsewhere = messageId !== this.lastRead;
    this.lastRead = messageId;
    this.unread = unread;
    if (!unread && elsewhere) this.divider = ""; // what was read on this page keeps its line while the user looks at it
    this.version += 1;
  }

  /** Note that another user has read up to a message. @param {{status: string, messageId: string, userId?: string}} ack */
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

  // --- members ---

  /** @param {User} user */
  joined(user) {
    this.members.set(user.id, user);
    this.version += 1;
  }

  /** @param {User} user */
  left(user) {
    this.members.delete(user.id);
    this.writing.delete(user.id);
    this.version += 1;
  }

  /** @param {{userId: string, name: string, isTyping: boolean}} notice @param {number} now */
  typing({ userId, name, isTyping }, now) {
    if (userId === this.me) return;
    if (isTyping) this.writing.set(userId, { name, until: now + TYPING_MS });
    else this.writing.delete(userId);
    this.version += 1;
  }

  /** @param {number} now @returns {string[]} names of the users who are typing */
  typists(now) {
    for (const [id, { until }] of this.writing) if (until <= now) this.writing.delete(id);
    return [...this.writing.values()].map(({ name }) => name);
  }
}

/** Return who is typing, as a sentence. @param {string[]} names @returns {string} */
export function typingText(names) {
  if (!names.length) return "";
  if (names.length === 1) return `${names[0]} is writing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are writing…`;
  return `${names.length} people are writing…`;
}

/** Return the initials of a name. @param {string} name @returns {string} at most two letters */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const first = [...(words[0] ?? "?")];
  const second = words.length > 1 ? [...words[words.length - 1]][0] : (first[1] ?? "");
  return `${first[0]}${second}`.toUpperCase();
}
