// Client for rooms, messages, presence and notifications over one connection that reconnects: it loses nothing and repeats
// nothing. Runs in any page and in Node. Described in docs/javascript-client.md.

import { Authenticator } from "./authenticator.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { Membership } from "./membership.js";
import { Outbox } from "./outbox.js";
import { Refusal } from "./refusal.js";
import { PendingRequests } from "./requests.js";
import { TypingNotices } from "./typing.js";

/** @import { Credentials } from "./authenticator.js" */
/** @import { Acknowledgement, AnswerTypes, Authentication, ClientMessage, ConnectedUser, JoinedRoom, Message, Reply, ServerFields, ServerMessage, User, UserNotification } from "./protocol.js" */

/** The close code for a message beyond the server's limit. */
const TOO_LONG = 1009;

/**
 * @typedef {object} ClientOptions
 * @property {number} [maxReconnectAttempts] how many tries in a row may fail; no limit by default
 * @property {number} [reconnectDelay] ms: the first wait is a random part of it, and the ceiling doubles up to 30 s
 * @property {typeof WebSocket} [socket] a WebSocket class, where there is no global one
 * @property {() => number} [now] monotonic ms
 * @property {() => number} [random]
 * @property {Connection} [connection] a connection that other code uses too, instead of `url`; that code sends the first message
 */
/** @typedef {{at?: number, key?: string}} MessageOptions */
/**
 * Events of the client and their data. Messages of the server that are not listed come under their own type.
 * @typedef {ServerFields & {
 *   "chat:message": Message, "chat:message:changed": Message, "chat:message:ack": Acknowledgement,
 *   "room:joined": JoinedRoom & {resumed: boolean}, "room:left": {roomId: string, expelled: boolean}, "room:opened": ServerFields["room_opened"],
 *   "room:user:joined": ServerFields["user_joined"], "room:user:left": ServerFields["user_left"], "room:read": ServerFields["read"],
 *   "typing:indicator": ServerFields["typing"], "user:online": {user: User}, "user:offline": {user: User}, "user:update": {user: User},
 *   "notification:changed": UserNotification, "notifications:read": {unread: number},
 *   connected: undefined, disconnected: {code: number, reason: string, final: boolean}, state: {state: string, reason: string},
 * }} ClientEvents
 */

/** Names of events for types of server messages. Other messages are events of their own type. */
const EVENTS = /** @type {Record<string, keyof ClientEvents>} */ ({
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

/** Messages about the views of the same connection, which are not for this client. */
const VIEW_MESSAGES = new Set(["snapshot", "frame", "gap", "unwatched", "pong"]);

export class WebSocketClient {
  /** @param {string} url `ws://…/ws` or `wss://…/ws` @param {ClientOptions} [options] */
  constructor(url, options = {}) {
    const { maxReconnectAttempts, reconnectDelay, socket, now, random } = options;
    const firstDelayS = reconnectDelay === undefined ? undefined : reconnectDelay / 1000;
    this.connection = options.connection ?? new Connection(url, { socket, now, random, firstDelayS, maxAttempts: maxReconnectAttempts });
    this.isShared = Boolean(options.connection);
    this.emitter = /** @type {Emitter<ClientEvents>} */ (new Emitter());
    const send = (/** @type {ClientMessage} */ message) => this.connection.send(message);
    this.requests = new PendingRequests(send);
    const newId = () => this.requests.newId();
    this.authenticator = new Authenticator({ send, newId, onError: (error) => this.emitter.emit("error", error), random: this.connection.random });
    this.membership = new Membership({
      send,
      newId,
      history: (roomId, limit) => this.requests.ask({ type: "history", roomId, limit }),
      publish: ({ event, data }) => this.emitter.emit(event, data),
      isReady: () => this.authed,
    });
    this.outbox = new Outbox({ send, newId, newKey, mayPass: (lane) => this.authed && (lane.startsWith("@") || this.membership.mayPost(lane)) });
    this.notices = new TypingNotices((roomId, isTyping) => this.authed && send({ type: "typing", roomId, isTyping }), this.connection.now);
    /** whether the current connection is authenticated */
    this.authed = false;
    /** @type {Authentication | null} the last `authenticated` */
    this.me = null;
    this.status = "online";
    /** whether the current connection has been open */
    this.opened = false;
    this.connection.on("opened", () => this.connected());
    this.connection.on("state", (detail) => this.stateChanged(detail));
    this.connection.on("message", (message) => this.handle(message));
  }

  // --- for the users of this class ---

  /** Connect without a token: with the browser's session, or where the server asks for none. */
  connect() {
    this.connection.start();
  }

  /**
   * Connect, and authenticate this and every later connection.
   * @param {Credentials | null} [credentials] `token` may be a function that returns a fresh one; null: the browser's session
   * @returns {Promise<Authentication>} the server's `authenticated`; fails with a Refusal
   */
  authenticate(credentials = null) {
    this.authenticator.credentials = credentials;
    const done = this.authenticator.next();
    this.connection.start();
    if (this.authed && this.me && !credentials) this.authenticator.authenticated(this.me);
    else if (this.connection.state === "open") this.authenticator.authenticate();
    else if (this.connection.state === "stopped") this.authenticator.refuse("disconnected", this.connection.reason);
    return done;
  }

  /**
   * Add a callback to an event of docs/javascript-client.md.
   * @template {keyof ClientEvents} K
   * @param {K} event @param {(data: ClientEvents[K]) => void} callback
   * @returns {() => void} removes the callback
   */
  on(event, callback) {
    return this.emitter.on(event, callback);
  }

  /**
   * Remove a callback, or all of an event.
   * @template {keyof ClientEvents} K
   * @param {K} event @param {(data: ClientEvents[K]) => void} [callback]
   */
  off(event, callback) {
    this.emitter.off(event, callback);
  }

  /**
   * Send a message of the protocol. Chat messages and joins go through `sendMessage`, `joinRoom` and the like, which repeat them safely.
   * @param {string} type @param {{[field: string]: unknown}} [data]
   * @returns {boolean} whether it was sent or will be
   */
  emit(type, data = {}) {
    const { roomId, text, userId, isTyping, status } = /** @type {{roomId: string, text: string, userId: string, isTyping: boolean, status: string}} */ (data);
    if (type === "message" || type === "chat:message") this.sendMessage(roomId, text, data);
    else if (type === "direct") this.sendDirect(userId, text, data);
    else if (type === "join_room") this.joinRoom(roomId);
    else if (type === "leave_room") this.leaveRoom(roomId);
    else if (type === "typing" || type === "typing:indicator") this.setTypingIndicator(roomId, isTyping);
    else if (type === "presence") this.setPresence(status);
    else return this.connection.send({ ...data, type });
    return this.connection.state !== "stopped";
  }

  /** Join a room, and stay in it over reconnections. @param {string} roomId @returns {Promise<JoinedRoom>} fails with a Refusal */
  joinRoom(roomId) {
    return this.refusedIfStopped() ?? this.membership.join(roomId);
  }

  /** @param {string} roomId */
  leaveRoom(roomId) {
    this.notices.forget(roomId);
    this.membership.leave(roomId);
    this.outbox.pump(); // the server refuses the messages that waited for this room
  }

  /**
   * Send a message, now or when the connection is back.
   * @param {string} roomId @param {string} text
   * @param {MessageOptions} [options] `at`: the moment on the charts, ms; `key`: the key of an earlier try
   * @returns {Promise<Acknowledgement>} when the server has stored it; fails with a Refusal
   */
  sendMessage(roomId, text, { at, key } = {}) {
    this.notices.set(roomId, false);
    return this.post(roomId, { type: "message", roomId, text: wellFormed(text), ...(at ? { at: Math.round(at) } : {}) }, key);
  }

  /** Send a direct message. @param {string} userId @param {string} text @param {MessageOptions} [options] @returns {Promise<Acknowledgement>} its `roomId` is that of the conversation */
  sendDirect(userId, text, { key } = {}) {
    return this.post(`@${userId}`, { type: "direct", userId, text: wellFormed(text) }, key);
  }

  /** @param {string} roomId @param {string} messageId @param {string} text @returns {Promise<Acknowledgement>} */
  editMessage(roomId, messageId, text) {
    return this.request({ type: "edit", roomId, messageId, text: wellFormed(text) });
  }

  /** @param {string} roomId @param {string} messageId @returns {Promise<Acknowledgement>} */
  deleteMessage(roomId, messageId) {
    return this.request({ type: "delete", roomId, messageId });
  }

  /** Note that the user types. Call it with every key press: a notice is sent every 3 s, and withdrawn after 4 s without a call. */
  /** @param {string} roomId @param {boolean} isTyping */
  setTypingIndicator(roomId, isTyping) {
    this.notices.set(roomId, isTyping);
  }

  /** Mark everything up to a message as read. @param {string} roomId @param {string} messageId */
  markRead(roomId, messageId) {
    return this.membership.markRead(roomId, messageId);
  }

  /** Set the presence of this page; it is sent again after a reconnection. @param {string} status `online`, `away` or `offline` */
  setPresence(status) {
    if (status === this.status) return;
    this.status = status;
    if (this.authed) this.connection.send({ type: "presence", status });
  }

  /** Return older messages. @param {string} roomId @param {string} [before] a messageId @param {number} [limit] @returns {Promise<ServerFields["history"]>} oldest first */
  history(roomId, before, limit = 50) {
    return this.request({ type: "history", roomId, limit, ...(before ? { before } : {}) });
  }

  /** Return the users who are connected. @returns {Promise<ConnectedUser[]>} */
  async users() {
    return (await this.request({ type: "users" })).users;
  }

  /** Return notifications, newest first. @param {{before?: string, limit?: number}} [page] @returns {Promise<ServerFields["notifications"]>} */
  notifications(page = {}) {
    return this.request({ type: "notifications", ...page });
  }

  /** Mark notifications as read. @param {string} [notificationId] up to this one; all by default */
  markNotificationsRead(notificationId) {
    return this.connection.send({ type: "notification_read", ...(notificationId ? { notificationId } : {}) });
  }

  /**
   * Send a request that has one answer.
   * @template {keyof AnswerTypes} K
   * @param {ClientMessage & {type: K}} message
   * @returns {Promise<Reply<AnswerTypes[K]>>} fails with a Refusal, at once when there is no connection
   */
  request(message) {
    const done = this.requests.ask(message);
    done.catch(() => {});
    return done;
  }

  /** Return a new key for `sendMessage`. */
  newKey() {
    return newKey();
  }

  /** Close the connection for good. */
  disconnect() {
    this.connection.stop("disconnected");
  }

  // --- events of the connection ---

  /** @param {string} lane @param {ClientMessage} message @param {string} [key] @returns {Promise<Acknowledgement>} */
  post(lane, message, key) {
    const refused = this.refusedIfStopped();
    if (refused) return refused;
    const { done } = this.outbox.add(lane, message, key);
    done.catch((/** @type {Refusal} */ error) => error.code === "queue_full" && this.emitter.emit("error", { code: error.code, message: error.message, key }));
    return done;
  }

  /** @returns {Promise<never> | null} a refusal if this client has ended */
  refusedIfStopped() {
    if (this.connection.state !== "stopped") return null;
    const refused = Promise.reject(new Refusal("disconnected", this.connection.reason));
    refused.catch(() => {});
    return refused;
  }

  connected() {
    this.opened = true;
    this.emitter.emit("connected", undefined);
    const source = typeof this.authenticator.credentials?.token;
    const mayTakeLong = source === "function" || (source === "undefined" && !this.isShared);
    if (mayTakeLong) this.connection.send({ type: "ping" }); // a token may take longer than the server waits for the first message
    this.authenticator.authenticate();
  }

  /** @param {{state: string, reason: string}} detail */
  stateChanged({ state, reason }) {
    const { code } = this.connection;
    const stopped = state === "stopped";
    if (state === "waiting" && code === TOO_LONG) this.outbox.refuseLongest();
    if (state !== "open") this.lost();
    if (stopped) this.end(code === 4500 ? "bad_token" : "disconnected", reason);
    this.emitter.emit("state", { state, reason });
    if (stopped || (this.opened && state === "waiting")) {
      this.opened = false;
      this.emitter.emit("disconnected", { code, reason, final: stopped });
    }
  }

  lost() {
    this.authed = false;
    this.authenticator.lost();
    this.requests.rejectAll("offline");
    this.outbox.rewind();
    this.notices.forget();
    this.membership.lost();
  }

  /** @param {string} code @param {string} reason */
  end(code, reason) {
    this.requests.rejectAll(code);
    this.outbox.refuseAll(code, reason);
    this.membership.end(code, reason);
    this.authenticator.refuse(code, reason);
  }

  /** @param {ServerMessage} message */
  handle(message) {
    if (VIEW_MESSAGES.has(message.type)) return;
    if (message.type === "users_changed" || message.type === "members_changed") {
      this.handleMany(message);
      return;
    }
    const answered = this.requests.handle(message);
    if (message.type === "authenticated") this.authenticated(message);
    else if (message.type === "error") this.refused(message);
    else if (this.membership.handle(message)) this.outbox.pump(); // a room that is joined now lets its messages pass
    else if (!answered || message.type in EVENTS) {
      if (message.type === "ack") this.outbox.handle(message);
      this.emitter.emit(EVENTS[message.type] ?? message.type, /** @type {never} */ (message));
    }
  }

  /** Emit one event for each user in a message about several. @param {ServerFields["users_changed"] & Partial<ServerFields["members_changed"]>} message */
  handleMany({ roomId, online, offline, updated, joined, left }) {
    for (const user of online ?? []) this.emitter.emit("user:online", { user });
    for (const user of offline ?? []) this.emitter.emit("user:offline", { user });
    for (const user of updated ?? []) this.emitter.emit("user:update", { user });
    if (!roomId) return;
    for (const user of joined ?? []) this.emitter.emit("room:user:joined", { roomId, user });
    for (const user of left ?? []) this.emitter.emit("room:user:left", { roomId, user });
  }

  /** @param {Authentication} message */
  authenticated(message) {
    const first = !this.authed;
    this.authed = true;
    this.me = message;
    if (first && this.status !== "online") this.connection.send({ type: "presence", status: this.status });
    this.authenticator.authenticated(message);
    this.emitter.emit("authenticated", message);
    this.membership.authenticated(message.rooms ?? []);
    this.outbox.pump();
  }

  /** @param {Reply<"error">} message */
  refused(message) {
    if (typeof message.id === "number") return; // the answer to a view's request
    if (this.membership.handle(message)) this.outbox.pump(); // the server refuses the messages that waited for that room
    else this.outbox.handle(message);
    this.emitter.emit("error", message);
    if (message.code === "bad_token") this.authenticator.refuse(message.code, message.message);
  }
}

/** Replace halves of surrogate pairs, as a cut text leaves them: they cannot be sent. @param {string} text @returns {string} */
function wellFormed(text) {
  return typeof text === "string" ? text.replace(/\p{Surrogate}/gu, "\ufffd") : text;
}

/** @returns {string} */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
