// What people say to each other, on this page: conversations, notifications, who is here; between the client, which knows
// the server, and the panel, which shows it. "change" says that something of it is different.

import { Conversation } from "../data/conversation.js";

/** @typedef {import("../client/websocket-client.js").WebSocketClient} WebSocketClient */
/** @typedef {{id: string, name: string, status: string}} Person */
/** @typedef {{notificationId: string, title: string, body: string, data: any, t: number, read: boolean}} Notice */

const AWAY_AFTER_MS = 300_000;
/** A page that lives long keeps the newest. */
const MAX_NOTICES = 200;
/** A server that knows this browser's session says so at once. */
const KNOWN_WITHIN_MS = 5_000;

export class Talk extends EventTarget {
  /** @param {WebSocketClient} client @param {{now: () => number}} clock @param {string} boardId empty: this page has no room */
  constructor(client, clock, boardId) {
    super();
    this.client = client;
    this.clock = clock;
    this.boardId = boardId;
    /** @type {Person | null} null: nobody that the server knows */
    this.me = null;
    /** who it was last */
    this.knownId = "";
    /** @type {Map<string, Conversation>} */
    this.conversations = new Map();
    /** @type {Map<string, {roomId: string, title: string, kind: string, unread: number}>} */
    this.rooms = new Map();
    this.current = boardId;
    /** why the current room cannot be shown */
    this.refusal = "";
    /** @type {{people: Person[], screens: number}} */
    this.watchers = { people: [], screens: 0 };
    /** @type {any[]} who is connected anywhere */
    this.directory = [];
    /** @type {Notice[]} */
    this.notices = [];
    this.unreadNotices = 0;
    /** whether the conversation is before somebody's eyes */
    this.looking = false;
    this.activeAt = performance.now();
    this.listen();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  listen() {
    const { client } = this;
    /** @type {Record<string, (data: any) => void>} */
    const heard = {
      authenticated: (data) => this.authenticated(data),
      "room:opened": (room) => this.rooms.set(room.roomId, { unread: 0, ...this.rooms.get(room.roomId), ...room }),
      "room:left": ({ roomId, expelled }) => expelled && this.putOut(roomId),
      "room:joined": (joined) => this.begun(joined),
      "chat:message": (message) => this.heard(message),
      "chat:message:changed": (message) => this.room(message.roomId).change(message),
      "chat:message:ack": (ack) => this.conversations.get(ack.roomId)?.acked(ack),
      "room:user:joined": ({ roomId, user }) => this.room(roomId).joined(user),
      "room:user:left": ({ roomId, user }) => this.room(roomId).left(user),
      "room:read": (read) => this.readElsewhere(read),
      "typing:indicator": (notice) => this.room(notice.roomId).typing(notice, this.clock.now()),
      "user:online": ({ user }) => this.person(user),
      "user:offline": ({ user }) => this.person({ ...user, status: "offline" }),
      "user:update": ({ user }) => this.person(user),
      watchers: ({ people, screens }) => (this.watchers = { people, screens }),
      notification: (notice) => this.notified(notice),
      "notification:changed": (notice) => this.renotified(notice),
      "notifications:read": ({ unread }) => this.noticesRead(unread),
    };
    client.on("connected", () => this.expectSession());
    client.on("state", () => this.changed());
    for (const [event, take] of Object.entries(heard)) {
      client.on(event, (data) => {
        take(data);
        this.changed();
      });
    }
  }

  /** The session may have ended while the connection was away: then this page's person is nobody. */
  expectSession() {
    setTimeout(() => {
      if (!this.me || this.client.authed || this.client.connection.state !== "open") return;
      this.me = null;
      this.changed();
    }, KNOWN_WITHIN_MS);
  }

  /** @param {any} said */
  authenticated(said) {
    const first = this.knownId === "";
    if (!first && this.knownId !== said.user.id) location.reload(); // somebody else is logged in now
    this.knownId = said.user.id;
    this.me = said.user;
    this.unreadNotices = said.unread;
    for (const room of said.rooms ?? []) {
      this.rooms.set(room.roomId, room);
      const conversation = this.conversations.get(room.roomId);
      if (conversation) conversation.unread = room.unread;
    }
    if (first && this.boardId) this.enter(this.boardId);
    this.loadPeople();
    this.loadNotices();
  }

  /** @param {string} roomId @returns {Conversation} */
  room(roomId) {
    const known = this.conversations.get(roomId);
    if (known) return known;
    const made = new Conversation(roomId, this.me?.id ?? "");
    made.unread = this.rooms.get(roomId)?.unread ?? 0;
    made.title = this.rooms.get(roomId)?.title ?? "";
    this.conversations.set(roomId, made);
    return made;
  }

  /** @param {any} joined */
  begun(joined) {
    if (joined.roomId === this.current) this.refusal = "";
    this.room(joined.roomId).begin(joined);
  }

  /** It is there no more. @param {string} roomId */
  putOut(roomId) {
    this.rooms.delete(roomId);
    if (roomId === this.current) this.refusal = "you are no longer in this room";
  }

  /** The one that is shown. */
  get conversation() {
    return this.conversations.get(this.current);
  }

  /** @param {string} roomId */
  async enter(roomId) {
    const conversation = this.room(roomId);
    try {
      await this.client.joinRoom(roomId);
    } catch (error) {
      const { code, message } = /** @type {import("../client/refusal.js").Refusal} */ (error);
      if (roomId.startsWith("direct:")) conversation.begun = true; // nothing was said yet
      else if (roomId === this.current && code !== "offline" && code !== "left") this.refusal = message;
    }
    this.changed();
  }

  /** Show this conversation. @param {string} roomId */
  show(roomId) {
    this.current = roomId;
    this.refusal = "";
    if (!this.conversations.get(roomId)?.begun) this.enter(roomId);
    this.changed();
  }

  /** Show the conversation with somebody. @param {{id: string, name: string}} person */
  showPerson(person) {
    const roomId = `direct:${[this.me?.id ?? "", person.id].sort().join(":")}`;
    if (!this.rooms.has(roomId)) this.rooms.set(roomId, { roomId, title: person.name, kind: "direct", unread: 0 });
    this.show(roomId);
  }

  /** The other one of a conversation of two. @param {string} roomId @returns {string} an id; empty: it is no such conversation */
  partner(roomId) {
    if (!roomId.startsWith("direct:")) return "";
    const ids = roomId.slice("direct:".length).split(":");
    return ids.find((id) => id !== this.me?.id) ?? ids[0];
  }

  /** @param {import("../client/rooms.js").Message} message */
  heard(message) {
    const { roomId } = message;
    const seen = this.looking && roomId === this.current;
    const partner = this.partner(roomId);
    if (partner && !this.rooms.has(roomId)) this.rooms.set(roomId, { roomId, title: message.userId === partner ? message.name : partner, kind: "direct", unread: 0 });
    this.room(roomId).add(message, seen);
  }

  // --- what one says ---

  /** @param {string} text @param {{at?: number, key?: string}} [more] */
  async say(text, { at, key = this.client.newKey() } = {}) {
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

  /** @param {import("../data/conversation.js").Pending} pending */
  again({ text, at, key }) {
    return this.say(text, { at, key });
  }

  async older() {
    const { conversation } = this;
    if (!conversation?.more || !conversation.messages.length) return;
    const { messages, more } = await this.client.history(conversation.roomId, conversation.messages[0].messageId);
    conversation.older(messages, more);
    this.changed();
  }

  /** All of it has been seen. */
  read() {
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

  /** Of this board, and of all conversations of two. */
  get unread() {
    const mine = [...this.rooms.values()].filter(({ kind, roomId }) => kind !== "board" || roomId === this.boardId);
    const ids = new Set([...mine.map((room) => room.roomId), ...this.conversations.keys()]);
    return [...ids].reduce((sum, id) => sum + this.unreadIn(id), 0);
  }

  // --- people ---

  async loadPeople() {
    this.directory = await this.client.users().catch(() => this.directory);
    this.changed();
  }

  /** @param {Person} user */
  person(user) {
    if (this.me?.id === user.id) this.me = user;
    this.watchers = { ...this.watchers, people: this.watchers.people.map((each) => (each.id === user.id ? user : each)) };
    for (const { members } of this.conversations.values()) if (members.has(user.id)) members.set(user.id, user);
    const known = this.directory.find((each) => each.id === user.id);
    if (known) Object.assign(known, user);
    else if (user.status !== "offline") this.directory.push({ ...user, screens: [], rooms: [], tabs: 1 });
    if (user.status === "offline") this.directory = this.directory.filter((each) => each.id !== user.id);
  }

  /** Everybody that can be named here. @returns {Person[]} */
  get nameable() {
    const all = [...(this.conversation?.members.values() ?? []), ...this.directory, ...this.watchers.people];
    return [...new Map(all.map((person) => [person.id, person])).values()].filter((person) => person.id !== this.me?.id);
  }

  // --- notifications ---

  async loadNotices() {
    const said = await this.client.notifications({ limit: 30 }).catch(() => null);
    if (said) {
      this.notices = said.notifications;
      this.unreadNotices = said.unread;
    }
    this.changed();
  }

  /** @param {Notice & {unread?: number}} notice */
  notified(notice) {
    if (this.notices.some((each) => each.notificationId === notice.notificationId)) return;
    this.notices.unshift({ ...notice, read: false });
    this.notices.splice(MAX_NOTICES);
    this.unreadNotices = notice.unread ?? this.unreadNotices + 1; // while the store does not answer nobody has counted
    if (document.hidden && globalThis.Notification?.permission === "granted") new Notification(notice.title, { body: notice.body, tag: notice.notificationId });
  }

  /** What it quotes was edited or deleted. @param {Notice} notice */
  renotified({ notificationId, body }) {
    const known = this.notices.find((each) => each.notificationId === notificationId);
    if (known) known.body = body;
    else this.loadNotices(); // an old one, or one that was edited before it came here
  }

  /** @param {number} unread */
  noticesRead(unread) {
    this.unreadNotices = unread;
    this.notices.forEach((notice, i) => (notice.read ||= i >= unread)); // newest first: what is left is at the top
  }

  // --- presence ---

  /** Away after five minutes without a hand on it, or when nobody can see the page. */
  watchPresence() {
    const active = () => {
      this.activeAt = performance.now();
      this.tellPresence();
    };
    for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) addEventListener(name, active, { passive: true });
    document.addEventListener("visibilitychange", active);
  }

  tellPresence() {
    const idle = performance.now() - this.activeAt > AWAY_AFTER_MS;
    this.client.setPresence(document.hidden || idle ? "away" : "online");
  }

  /** Once a second. */
  second() {
    this.tellPresence();
    const { conversation } = this;
    if (!conversation?.writing.size) return;
    conversation.typists(this.clock.now());
    this.changed();
  }
}
