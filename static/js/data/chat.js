// Conversations, notifications and connected users of one page, kept up to date by the events of the client. Dispatches
// "change" whenever any of them has changed.

import { Conversation } from "./conversation.js";
import { Notifications } from "./notifications.js";

/** @import { Pending } from "./conversation.js" */
/** @import { Refusal } from "../client/refusal.js" */
/** @import { Authentication, ConnectedUser, Message, RoomSummary, User } from "../client/protocol.js" */
/** @import { ClientEvents, MessageOptions, WebSocketClient } from "../client/websocket-client.js" */

/** A server that knows this browser's session authenticates it within this time. */
const SESSION_LIMIT_MS = 5_000;
const FIRST_NOTIFICATIONS = 30;
const DIRECT = "direct:";

export class Chat extends EventTarget {
  /**
   * @param {WebSocketClient} client
   * @param {{now: () => number}} clock the server's
   * @param {string} boardId empty: this page has no room
   */
  constructor(client, clock, boardId) {
    super();
    this.client = client;
    this.clock = clock;
    this.boardId = boardId;
    /** @type {User | null} null: the server does not know the user of this page */
    this.me = null;
    /** id of the last user of this page, empty before the first */
    this.lastUserId = "";
    /** @type {Map<string, Conversation>} by roomId */
    this.conversations = new Map();
    /** @type {Map<string, RoomSummary>} by roomId */
    this.rooms = new Map();
    /** roomId of the conversation that is shown */
    this.current = boardId;
    /** why that conversation cannot be shown */
    this.refusal = "";
    /** @type {{people: User[], screens: number}} who watches this board */
    this.watchers = { people: [], screens: 0 };
    /** @type {ConnectedUser[]} everybody who is connected */
    this.directory = [];
    this.notifications = new Notifications();
    /** whether the current conversation is visible to the user, so that its new messages count as read */
    this.isVisible = false;
    /** called when another user has logged in on this page */
    this.onUserReplaced = () => {};
    /** @type {(notification: ClientEvents["notification"]) => void} called once for each new notification */
    this.onNotification = () => {};
    this.listen();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  listen() {
    const { client } = this;
    /** @type {<K extends keyof ClientEvents>(event: K, handle: (data: ClientEvents[K]) => void) => void} */
    const on = (event, handle) => {
      client.on(event, (data) => {
        handle(data);
        this.changed();
      });
    };
    client.on("connected", () => this.expectSession());
    on("state", () => {});
    on("authenticated", (data) => this.authenticated(data));
    on("room:opened", (room) => this.rooms.set(room.roomId, { unread: 0, ...this.rooms.get(room.roomId), ...room }));
    on("room:left", ({ roomId, expelled }) => expelled && this.expelled(roomId));
    on("room:joined", (joined) => {
      if (joined.roomId === this.current) this.refusal = "";
      this.room(joined.roomId).begin(joined);
    });
    on("chat:message", (message) => this.receive(message));
    on("chat:message:changed", (message) => this.room(message.roomId).change(message));
    on("chat:message:ack", (ack) => this.conversations.get(ack.roomId)?.acked(ack));
    on("room:user:joined", ({ roomId, user }) => this.room(roomId).joined(user));
    on("room:user:left", ({ roomId, user }) => this.room(roomId).left(user));
    on("room:read", (read) => this.readElsewhere(read));
    on("typing:indicator", (notice) => this.room(notice.roomId).typing(notice, this.clock.now()));
    on("user:online", ({ user }) => this.updateUser(user));
    on("user:offline", ({ user }) => this.updateUser({ ...user, status: "offline" }));
    on("user:update", ({ user }) => this.updateUser(user));
    on("watchers", ({ people, screens }) => (this.watchers = { people, screens }));
    on("notification", (notification) => this.notifications.add(notification) && this.onNotification(notification));
    on("notification:changed", (notification) => this.notifications.change(notification) || this.loadNotifications()); // unknown: it is an old one, or was edited before it arrived
    on("notifications:read", ({ unread }) => this.notifications.markRead(unread));
  }

  /** Forget the user if the new connection is not authenticated soon: the session ended while there was no connection. */
  expectSession() {
    setTimeout(() => {
      if (!this.me || this.client.authed || this.client.connection.state !== "open") return;
      this.me = null;
      this.changed();
    }, SESSION_LIMIT_MS);
  }

  /** @param {Authentication} answer */
  authenticated({ user, unread, rooms }) {
    const first = this.lastUserId === "";
    if (!first && this.lastUserId !== user.id) this.onUserReplaced();
    this.lastUserId = user.id;
    this.me = user;
    this.notifications.unread = unread;
    for (const room of rooms ?? []) {
      this.rooms.set(room.roomId, room);
      const conversation = this.conversations.get(room.roomId);
      if (conversation) conversation.unread = room.unread;
    }
    if (first && this.boardId) this.enter(this.boardId);
    this.loadDirectory();
    this.loadNotifications();
  }

  // --- rooms ---

  /** Return the conversation of a room, new if it is unknown. @param {string} roomId @returns {Conversation} */
  room(roomId) {
    const known = this.conversations.get(roomId);
    if (known) return known;
    const conversation = new Conversation(roomId, this.me?.id ?? "");
    conversation.unread = this.rooms.get(roomId)?.unread ?? 0;
    conversation.title = this.rooms.get(roomId)?.title ?? "";
    this.conversations.set(roomId, conversation);
    return conversation;
  }

  /** The conversation that is shown. */
  get conversation() {
    return this.conversations.get(this.current);
  }

  /** @param {string} roomId */
  expelled(roomId) {
    this.rooms.delete(roomId);
    if (roomId === this.current) this.refusal = "you are no longer in this room";
  }

  /** Join a room. @param {string} roomId */
  async enter(roomId) {
    const conversation = this.room(roomId);
    try {
      await this.client.joinRoom(roomId);
    } catch (error) {
      const { code, message } = /** @type {Refusal} */ (error);
      if (roomId.startsWith(DIRECT)) conversation.begun = true; // there is no message yet
      else if (roomId === this.current && code !== "offline" && code !== "left") this.refusal = message;
    }
    this.changed();
  }

  /** Show the conversation of a room. @param {string} roomId */
  show(roomId) {
    this.current = roomId;
    this.refusal = "";
    if (!this.conversations.get(roomId)?.begun) this.enter(roomId);
    this.changed();
  }

  /** Show the direct conversation with a user. @param {{id: string, name: string}} user */
  showUser(user) {
    const roomId = `${DIRECT}${[this.me?.id ?? "", user.id].sort().join(":")}`;
    this.addDirect(roomId, user.name);
    this.show(roomId);
  }

  /** @param {string} roomId @param {string} title */
  addDirect(roomId, title) {
    if (!this.rooms.has(roomId)) this.rooms.set(roomId, { roomId, title, kind: "direct", unread: 0 });
  }

  /** Return the id of the other user of a direct conversation, or an empty string for other rooms. @param {string} roomId @returns {string} */
  partner(roomId) {
    if (!roomId.startsWith(DIRECT)) return "";
    const ids = roomId.slice(DIRECT.length).split(":");
    return ids.find((id) => id !== this.me?.id) ?? ids[0];
  }

  /** Return the title of a room. @param {string} roomId */
  titleOf(roomId) {
    const title = this.rooms.get(roomId)?.title || this.conversations.get(roomId)?.title;
    return title || (roomId === this.boardId ? "This board" : this.partner(roomId) || roomId);
  }

  /** Return the ids of the rooms that this page offers: the board's, the direct ones, others than boards, and the one that is shown. @returns {string[]} */
  get offered() {
    const ids = [...this.rooms.values()].filter(({ kind, roomId }) => kind !== "board" || roomId === this.boardId || roomId === this.current).map((room) => room.roomId);
    return [...new Set([...(this.boardId ? [this.boardId] : []), ...ids])];
  }

  // --- messages ---

  /** @param {Message} message */
  receive(message) {
    const { roomId } = message;
    const partner = this.partner(roomId);
    if (partner) this.addDirect(roomId, message.userId === partner ? message.name : partner);
    this.room(roomId).add(message, this.isVisible && roomId === this.current);
  }

  /** Send a message to the conversation that is shown. @param {string} text @param {MessageOptions} [options] */
  async post(text, { at, key = this.client.newKey() } = {}) {
    const { current } = this;
    const conversation = this.room(current);
    conversation.send(key, text, this.clock.now(), at);
    this.changed();
    const partner = this.partner(current);
    try {
      await (partner ? this.client.sendDirect(partner, text, { key }) : this.client.sendMessage(current, text, { at, key }));
    } catch (error) {
      conversation.fail(key, /** @type {Error} */ (error).message);
    }
    this.changed();
  }

  /** Send a message again that failed. @param {Pending} pending */
  repeat({ text, at, key }) {
    return this.post(text, { at, key });
  }

  /** Load older messages of the conversation that is shown. */
  async loadOlder() {
    const { conversation } = this;
    if (!conversation?.more || !conversation.messages.length) return;
    const { messages, more } = await this.client.history(conversation.roomId, conversation.messages[0].messageId);
    conversation.older(messages, more);
    this.changed();
  }

  /** Mark the conversation that is shown as read. */
  markRead() {
    const { conversation } = this;
    const id = conversation?.readAll();
    if (conversation && id) this.client.markRead(conversation.roomId, id);
    const room = this.rooms.get(this.current);
    if (room) room.unread = 0;
  }

  /** @param {{roomId: string, messageId: string, unread: number}} read */
  readElsewhere(read) {
    this.conversations.get(read.roomId)?.read(read);
    const room = this.rooms.get(read.roomId);
    if (room) room.unread = read.unread;
  }

  /** @param {string} roomId */
  unreadIn(roomId) {
    return this.conversations.get(roomId)?.unread ?? this.rooms.get(roomId)?.unread ?? 0;
  }

  /** How many messages are unread, without the rooms of other boards. */
  get unread() {
    const mine = [...this.rooms.values()].filter(({ kind, roomId }) => kind !== "board" || roomId === this.boardId);
    const ids = new Set([...mine.map((room) => room.roomId), ...this.conversations.keys()]);
    return [...ids].reduce((sum, id) => sum + this.unreadIn(id), 0);
  }

  /** Forget who has stopped typing. Call it once a second. */
  tick() {
    const { conversation } = this;
    if (!conversation?.writing.size) return;
    conversation.typists(this.clock.now());
    this.changed();
  }

  // --- users and notifications ---

  async loadDirectory() {
    this.directory = await this.client.users().catch(() => this.directory);
    this.changed();
  }

  /** Apply a new name or status of a user. @param {User} user */
  updateUser(user) {
    if (this.me?.id === user.id) this.me = user;
    this.watchers = { ...this.watchers, people: this.watchers.people.map((each) => (each.id === user.id ? user : each)) };
    for (const { members } of this.conversations.values()) if (members.has(user.id)) members.set(user.id, user);
    const known = this.directory.find((each) => each.id === user.id);
    if (known) Object.assign(known, user);
    else if (user.status !== "offline") this.directory.push({ ...user, screens: [], rooms: [], tabs: 1 });
    if (user.status === "offline") this.directory = this.directory.filter((each) => each.id !== user.id);
  }

  /** Users that a message here can mention. @returns {User[]} */
  get mentionable() {
    const all = [...(this.conversation?.members.values() ?? []), ...this.directory, ...this.watchers.people];
    return [...new Map(all.map((user) => [user.id, user])).values()].filter((user) => user.id !== this.me?.id);
  }

  async loadNotifications() {
    const page = await this.client.notifications({ limit: FIRST_NOTIFICATIONS }).catch(() => null);
    if (page) this.notifications.load(page);
    this.changed();
  }
}
