// Joins rooms and keeps them joined over reconnections: rejoins from the last position, fills holes, fetches the newest
// messages of direct conversations.

import { Refusal, TRANSIENT } from "./refusal.js";
import { Rooms } from "./rooms.js";

/** Wait before a join that was refused for now is tried again. */
const RETRY_MS = 1_500;
/** How many messages of a direct conversation are fetched at first. */
const FIRST_MESSAGES = 50;

/** @import { ClientMessage, JoinedRoom, Message, Reply, RoomSummary, ServerMessage } from "./protocol.js" */
/** @import { Room, RoomEvent, RoomUpdate } from "./rooms.js" */
/** @typedef {RoomEvent | {event: "room:left", data: {roomId: string, expelled: boolean}}} MembershipEvent */
/** @typedef {{resolve: (joined: JoinedRoom) => void, reject: (error: Refusal) => void}} Waiter */

export class Membership {
  /**
   * @param {object} parts
   * @param {(message: ClientMessage) => boolean} parts.send
   * @param {() => string} parts.newId
   * @param {(roomId: string, limit: number) => Promise<{messages: Message[]}>} parts.history
   * @param {(event: MembershipEvent) => void} parts.publish
   * @param {() => boolean} parts.isReady whether the connection is authenticated
   */
  constructor({ send, newId, history, publish, isReady }) {
    this.send = send;
    this.newId = newId;
    this.history = history;
    this.publish = publish;
    this.isReady = isReady;
    this.rooms = new Rooms();
    /** @type {Map<string, {room: Room, hadPosition: boolean}>} joins under way, by request id */
    this.joins = new Map();
    /** @type {Map<string, Waiter[]>} by room */
    this.waiters = new Map();
    /** @type {Map<string, Partial<RoomSummary>>} the server's summaries of rooms */
    this.summaries = new Map();
    /** @type {Set<string>} rooms that the server put this client out of: joined again as soon as the server allows it */
    this.expelled = new Set();
    /** @type {Set<ReturnType<typeof setTimeout>>} */
    this.timers = new Set();
  }

  /** Join a room and stay in it until `leave`. @param {string} roomId @returns {Promise<JoinedRoom>} fails with a Refusal */
  join(roomId) {
    this.expelled.delete(roomId);
    const room = this.rooms.open(roomId);
    const done = /** @type {Promise<JoinedRoom>} */ (new Promise((resolve, reject) => {
      this.waiters.set(roomId, [...(this.waiters.get(roomId) ?? []), { resolve, reject }]);
    }));
    done.catch(() => {}); // reported as an `error` event as well
    this.enter(room);
    return done;
  }

  /** @param {string} roomId */
  leave(roomId) {
    this.expelled.delete(roomId);
    const room = this.rooms.all.get(roomId);
    this.rooms.all.delete(roomId);
    this.reject(roomId, new Refusal("left", "the room was left"));
    if (room && !room.direct) this.send({ type: "leave_room", roomId });
  }

  /** Send the join of a room, unless a join is under way or the connection is not authenticated. @param {Room} room */
  enter(room) {
    if (room.joining || !this.isReady()) return;
    if (room.direct && room.position === null) {
      this.fetchDirect(room);
      return;
    }
    const hadPosition = room.position !== null;
    const since = hadPosition ? { since: String(room.position) } : {};
    const id = this.newId();
    room.joining = true;
    this.joins.set(id, { room, hadPosition });
    if (!this.send({ type: "join_room", id, roomId: room.roomId, ...since })) {
      this.joins.delete(id);
      room.joining = false;
    }
  }

  /** Fetch the newest messages of a direct conversation; its later ones come without joining. @param {Room} room */
  async fetchDirect(room) {
    const { roomId } = room;
    room.joining = true;
    try {
      const { messages } = await this.history(roomId, FIRST_MESSAGES);
      const { title = "", unread = 0, position = 0 } = this.summaries.get(roomId) ?? {};
      const newest = Math.max(Number(position), room.position ?? 0, ...messages.map((message) => Number(message.position)));
      this.joined({ roomId, title, members: [], messages, position: String(newest), recovered: false, unread, lastRead: "" }, true);
    } catch (error) {
      room.joining = false; // the next message or reconnection tries again
      room.position = null;
      this.reject(roomId, /** @type {Refusal} */ (error));
    }
  }

  /** Join all rooms of this client on a connection that is authenticated now. @param {RoomSummary[]} summaries */
  authenticated(summaries) {
    for (const summary of summaries) {
      this.summaries.set(summary.roomId, summary);
      if (this.expelled.delete(summary.roomId)) this.rooms.open(summary.roomId);
    }
    for (const room of this.rooms.all.values()) {
      const newest = Number(this.summaries.get(room.roomId)?.position ?? 0);
      const isBehind = room.direct ? this.waiters.has(room.roomId) || newest > (room.position ?? newest) : !room.joined;
      if (isBehind) this.enter(room);
    }
  }

  /** Note that the connection is lost. */
  lost() {
    this.joins.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.rooms.lost();
  }

  /** Fail all joins: the client has ended. @param {string} code @param {string} reason */
  end(code, reason) {
    this.lost();
    for (const roomId of [...this.waiters.keys()]) this.reject(roomId, new Refusal(code, reason));
  }

  /** Handle a message from the server. @param {ServerMessage} message @returns {boolean} whether it was about membership, and is done with */
  handle(message) {
    if (message.type === "joined") this.answered(message);
    else if (message.type === "message" || message.type === "message_changed") this.follow(this.rooms.apply(message));
    else if (message.type === "error" && typeof message.id === "string" && this.joins.has(message.id)) this.refused(message.id, message);
    else if (message.type === "left") this.publish({ event: "room:left", data: { roomId: message.roomId, expelled: this.expel(message.roomId) } });
    else {
      if (message.type === "room_opened" && this.expelled.has(message.roomId)) this.join(message.roomId);
      return false;
    }
    return true;
  }

  /** @param {Reply<"joined">} message */
  answered(message) {
    const join = this.joins.get(String(message.id));
    this.joins.delete(String(message.id));
    if (this.rooms.all.has(message.roomId)) this.joined(message, join?.hadPosition ?? false);
    else this.send({ type: "leave_room", roomId: message.roomId }); // left while the join was under way
  }

  /** @param {JoinedRoom} joined @param {boolean} hadPosition */
  joined(joined, hadPosition) {
    const update = this.rooms.join(joined, hadPosition);
    for (const event of update.events) this.publish(event);
    const room = this.rooms.all.get(joined.roomId);
    if (room?.readUpTo) this.send({ type: "read", roomId: room.roomId, messageId: room.readUpTo });
    for (const { resolve } of this.takeWaiters(joined.roomId)) resolve(joined);
    this.follow({ events: [], behind: update.behind });
  }

  /** @param {RoomUpdate} update */
  follow({ events, behind }) {
    for (const event of events) this.publish(event);
    if (!behind) return;
    behind.joined = false;
    this.enter(behind);
  }

  /**
   * Take this client out of a room that the server says it has left.
   * @param {string} roomId @returns {boolean} whether the server put it out: not after `leave`, and not while it joins again
   */
  expel(roomId) {
    const room = this.rooms.all.get(roomId);
    if (!room || room.joining) return false;
    this.rooms.all.delete(roomId);
    this.expelled.add(roomId);
    return true;
  }

  /** @param {string} id @param {{code: string, message: string}} error */
  refused(id, error) {
    const { room } = /** @type {{room: Room}} */ (this.joins.get(id));
    this.joins.delete(id);
    room.joining = false;
    if (TRANSIENT.has(error.code)) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        if (this.rooms.all.get(room.roomId) === room) this.enter(room);
      }, RETRY_MS);
      this.timers.add(timer);
    } else if (error.code !== "not_authenticated") {
      this.rooms.all.delete(room.roomId);
      this.reject(room.roomId, new Refusal(error.code, error.message));
    }
  }

  /** @param {string} roomId @param {Refusal} error */
  reject(roomId, error) {
    for (const { reject } of this.takeWaiters(roomId)) reject(error);
  }

  /** @param {string} roomId @returns {Waiter[]} */
  takeWaiters(roomId) {
    const waiters = this.waiters.get(roomId) ?? [];
    this.waiters.delete(roomId);
    return waiters;
  }

  /** Tell the server that everything up to a message is read. @param {string} roomId @param {string} messageId */
  markRead(roomId, messageId) {
    const room = this.rooms.all.get(roomId);
    if (room) room.readUpTo = messageId;
    return this.send({ type: "read", roomId, messageId });
  }

  /** Return whether messages to this room may be sent now. @param {string} roomId */
  mayPost(roomId) {
    const room = this.rooms.all.get(roomId);
    return !room || room.direct || room.joined;
  }
}
