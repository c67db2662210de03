// Rooms, messages, presence and notifications over one connection that comes back: nothing lost, nothing doubled. For any
// page, or Node. Described in docs/javascript-client.md. Knows no DOM.

import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { Identity } from "./identity.js";
import { Membership } from "./membership.js";
import { Outbox } from "./outbox.js";
import { Refusal } from "./refusal.js";
import { Requests } from "./requests.js";
import { TypingNotices } from "./typing.js";

/** The close code for a message beyond the server's limit. */
const TOO_LONG = 1009;

/**
 * @typedef {object} ClientOptions
 * @property {number} [maxReconnectAttempts] so many tries in a row may fail; without it: it tries for ever
 * @property {number} [reconnectDelay] ms: the first wait is a random part of this, and the ceiling doubles up to 30 s
 * @property {any} [socket] a WebSocket class, where there is no global one
 * @property {() => number} [now] monotonic ms
 * @property {() => number} [random]
 * @property {Connection} [connection] one that others use too, instead of `url`; they say the first word on it
 */

/** What the server's messages are called here; others come under their own type. */
const EVENTS = /** @type {Record<string, string>} */ ({
  ack: "chat:message:ack",
  room_opened: "room:opened",
  user_joined: "room:user:joined",
  user_left: "room:user:left",
  typing: "typing:indicator",
  user_online: "user:online",
  user_offline: "user:offline",
  user_update: "user:update",
  read: "room:read",
  notification_changed: "notification:changed",
  notifications_read: "notifications:read",
});

/** Many changes at once: their parts, and what each of one would be called. */
const MANY = /** @type {Record<string, Record<string, string>>} */ ({
  users_changed: { online: "user_online", offline: "user_offline", updated: "user_update" },
  members_changed: { joined: "user_joined", left: "user_left" },
});

/** What the view's part of the connection is about; not ours. */
const FOREIGN = new Set(["snapshot", "frame", "gap", "unwatched", "pong"]);

export class WebSocketClient {
  /** @param {string} url `ws://…/ws` or `wss://…/ws` @param {ClientOptions} [options] */
  constructor(url, options = {}) {
    const { maxReconnectAttempts, reconnectDelay, socket, now, random } = options;
    const firstDelayS = reconnectDelay === undefined ? undefined : reconnectDelay / 1000;
    this.connection = options.connection ?? new Connection(url, { socket, now, random, firstDelayS, maxAttempts: maxReconnectAttempts });
    this.shared = Boolean(options.connection);
    this.emitter = new Emitter();
    const send = (/** @type {object} */ message) => this.connection.send(message);
    const tell = (/** @type {string} */ event, /** @type {any} */ data) => this.emitter.tell(event, data);
    this.requests = new Requests(send);
    const id = () => this.requests.id();
    this.identity = new Identity(send, id, tell, this.connection.random);
    this.membership = new Membership({ send, id, tell, ask: (message) => this.requests.ask(message), ready: () => this.authed });
    this.outbox = new Outbox({ send, id, key: newKey, ready: (lane) => this.authed && (lane.startsWith("@") || this.membership.open(lane)) });
    this.notices = new TypingNotices((roomId, isTyping) => this.authed && send({ type: "typing", roomId, isTyping }), this.connection.now);
    /** whether this connection knows who we are */
    this.authed = false;
    /** @type {any} the last `authenticated` */
    this.me = null;
    this.status = "online";
    this.opened = false;
    this.connection.addEventListener("opened", () => this.connected());
    this.connection.addEventListener("state", (event) => this.moved(/** @type {CustomEvent} */ (event).detail));
    this.connection.addEventListener("message", (event) => this.take(/** @type {CustomEvent} */ (event).detail));
  }

  // --- for its users ---

  /** Connect without a token: where the browser's session says who one is, or nobody needs to. */
  connect() {
    this.connection.start();
  }

  /**
   * Say who one is, now and on every connection to come.
   * @param {import("./identity.js").Who | null} [who] `token` may be a function that gets a fresh one; nothing: the browser's session
   * @returns {Promise<any>} the server's `authenticated`
   */
  authenticate(who = null) {
    this.identity.who = who;
    const done = this.identity.promise();
    this.connection.start();
    if (this.authed && !who) this.identity.authenticated(this.me);
    else if (this.connection.state === "open") this.identity.say();
    else if (this.connection.state === "stopped") this.identity.refuse("disconnected", this.connection.reason);
    return done;
  }

  /** @param {string} event @param {(data: any) => void} callback @returns {() => void} takes it back */
  on(event, callback) {
    return this.emitter.on(event, callback);
  }

  /** @param {string} event @param {(data: any) => void} [callback] */
  off(event, callback) {
    this.emitter.off(event, callback);
  }

  /**
   * Send any message of the protocol. Chat messages and joins take the safe way, as with `sendMessage` and `joinRoom`.
   * @param {string} event its type @param {any} [data] @returns {boolean} whether it is sent, or kept to be
   */
  emit(event, data = {}) {
    if (event === "message" || event === "chat:message") this.sendMessage(data.roomId, data.text, data);
    else if (event === "direct") this.sendDirect(data.userId, data.text, data);
    else if (event === "join_room") this.joinRoom(data.roomId);
    else if (event === "leave_room") this.leaveRoom(data.roomId);
    else if (event === "typing" || event === "typing:indicator") this.setTypingIndicator(data.roomId, data.isTyping);
    else if (event === "presence") this.setPresence(data.status);
    else return this.connection.send({ ...data, type: event });
    return this.connection.state !== "stopped";
  }

  /** @param {string} roomId @returns {Promise<any>} the server's `joined`; stays joined over reconnections */
  joinRoom(roomId) {
    return this.over() ?? this.membership.join(roomId);
  }

  /** @param {string} roomId */
  leaveRoom(roomId) {
    this.notices.forget(roomId);
    this.membership.leave(roomId);
    this.outbox.pump(); // what waited for the room is refused
  }

  /**
   * @param {string} roomId @param {string} text
   * @param {{at?: number, key?: string}} [more] `at`: the moment on the charts, ms; `key`: the one of an earlier try
   * @returns {Promise<any>} the ack, when the message is kept; fails with a Refusal
   */
  sendMessage(roomId, text, { at, key } = {}) {
    this.notices.set(roomId, false);
    return this.post(roomId, { type: "message", roomId, text: wellFormed(text), ...(at ? { at: Math.round(at) } : {}) }, key);
  }

  /** @param {string} userId @param {string} text @param {{key?: string}} [more] @returns {Promise<any>} the ack; its `roomId` is the conversation's */
  sendDirect(userId, text, { key } = {}) {
    return this.post(`@${userId}`, { type: "direct", userId, text: wellFormed(text) }, key);
  }

  /** @param {string} roomId @param {string} messageId @param {string} text @returns {Promise<any>} */
  editMessage(roomId, messageId, text) {
    return this.request({ type: "edit", roomId, messageId, text: wellFormed(text) });
  }

  /** @param {string} roomId @param {string} messageId @returns {Promise<any>} */
  deleteMessage(roomId, messageId) {
    return this.request({ type: "delete", roomId, messageId });
  }

  /** Say so as often as you like: it is passed on every three seconds, and taken back when you stop. */
  /** @param {string} roomId @param {boolean} isTyping */
  setTypingIndicator(roomId, isTyping) {
    this.notices.set(roomId, isTyping);
  }

  /** @param {string} roomId @param {string} messageId everything up to this one has been read */
  markRead(roomId, messageId) {
    return this.membership.read(roomId, messageId);
  }

  /** @param {"online" | "away" | "offline"} status said again after a reconnection */
  setPresence(status) {
    if (status === this.status) return;
    this.status = status;
    if (this.authed) this.connection.send({ type: "presence", status });
  }

  /** Older messages. @param {string} roomId @param {string} [before] a messageId @param {number} [limit] @returns {Promise<{messages: any[], more: boolean}>} */
  history(roomId, before, limit = 50) {
    return this.request({ type: "history", roomId, limit, ...(before ? { before } : {}) });
  }

  /** @returns {Promise<any[]>} who is connected */
  async users() {
    return (await this.request({ type: "users" })).users;
  }

  /** @param {{before?: string, limit?: number}} [page] @returns {Promise<{notifications: any[], unread: number, more: boolean}>} */
  notifications(page = {}) {
    return this.request({ type: "notifications", ...page });
  }

  /** @param {string} [notificationId] up to this one; without it: all */
  markNotificationsRead(notificationId) {
    return this.connection.send({ type: "notification_read", ...(notificationId ? { notificationId } : {}) });
  }

  /** Ask anything of the protocol that has one answer. @param {object} message @returns {Promise<any>} fails with a Refusal, at once when offline */
  request(message) {
    const done = this.requests.ask(message);
    done.catch(() => {});
    return done;
  }

  /** A key for a message, as `sendMessage` takes it. */
  newKey() {
    return newKey();
  }

  /** End for good. */
  disconnect() {
    this.connection.stop("disconnected");
  }

  // --- from the connection ---

  /** @param {string} lane @param {object} message @param {string} [key] @returns {Promise<any>} */
  post(lane, message, key) {
    const over = this.over();
    if (over) return over;
    const { done } = this.outbox.add(lane, message, key);
    done.catch((/** @type {Refusal} */ error) => error.code === "queue_full" && this.emitter.tell("error", { code: error.code, message: error.message, key }));
    return done;
  }

  /** @returns {Promise<any> | null} a refusal, when this client has ended for good */
  over() {
    if (this.connection.state !== "stopped") return null;
    const refused = Promise.reject(new Refusal("disconnected", this.connection.reason));
    refused.catch(() => {});
    return refused;
  }

  connected() {
    this.opened = true;
    this.emitter.tell("connected");
    const token = typeof this.identity.who?.token;
    const late = token === "function" || (token === "undefined" && !this.shared);
    if (late) this.connection.send({ type: "ping" }); // a token may take longer than the server waits for a first word
    this.identity.say();
  }

  /** @param {{state: string, reason: string}} detail */
  moved({ state, reason }) {
    const { code } = this.connection;
    if (state === "waiting" && code === TOO_LONG) this.outbox.refuseLongest();
    if (state !== "open") this.lost();
    if (state === "stopped") {
      const why = code === 4500 ? "bad_token" : "disconnected";
      this.requests.endAll(why);
      this.outbox.refuseAll(why, reason);
      this.membership.end(why, reason);
      this.identity.refuse(why, reason);
    }
    this.emitter.tell("state", { state, reason });
    if (state === "stopped" || (this.opened && state === "waiting")) {
      this.opened = false;
      this.emitter.tell("disconnected", { code, reason, final: state === "stopped" });
    }
  }

  lost() {
    this.authed = false;
    this.identity.lost();
    this.requests.endAll("offline");
    this.outbox.rewind();
    this.notices.forget();
    this.membership.lost();
  }

  /** @param {any} message */
  take(message) {
    if (FOREIGN.has(message.type)) return;
    if (message.type in MANY) {
      for (const [name, type] of Object.entries(MANY[message.type])) {
        for (const user of message[name] ?? []) this.take({ type, user, ...(message.roomId ? { roomId: message.roomId } : {}) });
      }
      return;
    }
    const answered = this.requests.take(message);
    if (message.type === "authenticated") this.authenticated(message);
    else if (message.type === "error") this.refused(message);
    else if (this.membership.take(message)) this.outbox.pump(); // a room that is joined lets its messages out
    else if (!answered || message.type in EVENTS) {
      if (message.type === "ack") this.outbox.take(message);
      this.emitter.tell(EVENTS[message.type] ?? message.type, message);
    }
  }

  /** @param {any} message */
  authenticated(message) {
    const first = !this.authed;
    this.authed = true;
    this.me = message;
    if (first && this.status !== "online") this.connection.send({ type: "presence", status: this.status });
    this.identity.authenticated(message);
    this.emitter.tell("authenticated", message);
    this.membership.authenticated(message.rooms ?? []);
    this.outbox.pump();
  }

  /** @param {any} message */
  refused(message) {
    if (typeof message.id === "number") return; // a view's
    if (this.membership.take(message)) this.outbox.pump(); // what waited for that room is refused too
    else this.outbox.take(message);
    this.emitter.tell("error", message);
    if (message.code === "bad_token") this.identity.refuse(message.code, message.message);
  }
}

/** Half a character, as a cut leaves it, cannot be sent. @param {string} text @returns {string} */
function wellFormed(text) {
  return typeof text === "string" ? text.replace(/\p{Surrogate}/gu, "\ufffd") : text;
}

/** @returns {string} */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
