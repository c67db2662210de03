// Joining rooms and staying in them over connections that come and go: joins again from the last position, fills holes,
// catches up with direct conversations. Knows no DOM.

import { PASSING, Refusal } from "./refusal.js";
import { Rooms } from "./rooms.js";

const PAUSE_MS = 1_500;
const CATCH_UP = 50;

/** @typedef {import("./rooms.js").Room} Room */
/** @typedef {import("./rooms.js").News} News */
/** @typedef {{resolve: (joined: any) => void, reject: (error: Refusal) => void}} Waiter */

export class Membership {
  /**
   * @param {object} parts
   * @param {(message: object) => boolean} parts.send
   * @param {() => string} parts.id
   * @param {(message: object) => Promise<any>} parts.ask
   * @param {(event: string, data: any) => void} parts.tell
   * @param {() => boolean} parts.ready whether this connection is authenticated
   */
  constructor({ send, id, ask, tell, ready }) {
    this.send = send;
    this.id = id;
    this.ask = ask;
    this.tell = tell;
    this.ready = ready;
    this.rooms = new Rooms();
    /** @type {Map<string, {room: Room, since: boolean}>} joins under way, by id */
    this.joins = new Map();
    /** @type {Map<string, Waiter[]>} by room */
    this.waiters = new Map();
    /** @type {Map<string, any>} what the server said of rooms, by id */
    this.known = new Map();
    /** @type {Set<string>} rooms that this client was put out of, and goes back to when it may */
    this.expelled = new Set();
    /** @type {Set<ReturnType<typeof setTimeout>>} */
    this.timers = new Set();
  }

  /** @param {string} roomId @returns {Promise<any>} the answer, when this client is in the room */
  join(roomId) {
    this.expelled.delete(roomId);
    const room = this.rooms.open(roomId);
    const done = new Promise((resolve, reject) => {
      this.waiters.set(roomId, [...(this.waiters.get(roomId) ?? []), { resolve, reject }]);
    });
    done.catch(() => {}); // told as an `error` too
    this.enter(room);
    return done;
  }

  /** @param {string} roomId */
  leave(roomId) {
    this.expelled.delete(roomId);
    const room = this.rooms.all.get(roomId);
    this.rooms.all.delete(roomId);
    this.settle(roomId, new Refusal("left", "the room was left"));
    if (room && !room.direct) this.send({ type: "leave_room", roomId });
  }

  /** Ask to be let in, when that is possible and not done already. @param {Room} room */
  enter(room) {
    if (room.joining || !this.ready()) return;
    if (room.direct && room.position === null) {
      this.catchUp(room);
      return;
    }
    const since = room.position === null ? {} : { since: String(room.position) };
    const id = this.id();
    room.joining = true;
    this.joins.set(id, { room, since: room.position !== null });
    if (!this.send({ type: "join_room", id, roomId: room.roomId, ...since })) {
      this.joins.delete(id);
      room.joining = false;
    }
  }

  /** A direct conversation is heard without joining: at first its newest messages are fetched. @param {Room} room */
  async catchUp(room) {
    const { roomId } = room;
    room.joining = true;
    try {
      const { messages } = await this.ask({ type: "history", roomId, limit: CATCH_UP });
      const about = this.known.get(roomId) ?? {};
      const position = Math.max(Number(about.position ?? 0), room.position ?? 0, ...messages.map((/** @type {any} */ m) => Number(m.position)));
      const joined = { type: "joined", roomId, title: about.title ?? "", members: [], messages, position: String(position), recovered: false, unread: about.unread ?? 0, lastRead: "" };
      this.spread(this.rooms.join(joined, true), joined);
    } catch (error) {
      room.joining = false; // a return, or the next message, tries again
      room.position = null;
      this.settle(roomId, /** @type {Refusal} */ (error));
    }
  }

  /** This connection is authenticated. @param {{roomId: string, position: string}[]} about the rooms there are */
  authenticated(about) {
    for (const room of about) {
      this.known.set(room.roomId, room);
      if (this.expelled.delete(room.roomId)) this.rooms.open(room.roomId);
    }
    for (const room of this.rooms.all.values()) {
      const said = Number(this.known.get(room.roomId)?.position ?? 0);
      if (room.direct ? this.waiters.has(room.roomId) || said > (room.position ?? said) : !room.joined) this.enter(room);
    }
  }

  lost() {
    this.joins.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.rooms.lost();
  }

  /** @param {string} code @param {string} reason */
  end(code, reason) {
    this.lost();
    for (const roomId of [...this.waiters.keys()]) this.settle(roomId, new Refusal(code, reason));
  }

  /** @param {any} message @returns {boolean} whether it was about being in rooms */
  take(message) {
    if (message.type === "joined") {
      const asked = this.joins.get(message.id);
      this.joins.delete(message.id);
      if (this.rooms.all.has(message.roomId)) this.spread(this.rooms.join(message, asked?.since ?? false), message);
      else this.send({ type: "leave_room", roomId: message.roomId }); // left while the join was under way
    } else if (message.type === "message" || message.type === "message_changed") this.spread(this.rooms.take(message));
    else if (message.type === "error" && this.joins.has(message.id)) this.refused(message);
    else if (message.type === "left") this.tell("room:left", { roomId: message.roomId, expelled: this.putOut(message.roomId) });
    else {
      if (message.type === "room_opened" && this.expelled.has(message.roomId)) this.join(message.roomId);
      return false;
    }
    return true;
  }

  /** @param {string} roomId @returns {boolean} whether this client did not leave it itself; who asks to be let in again is answered */
  putOut(roomId) {
    const room = this.rooms.all.get(roomId);
    if (!room || room.joining) return false;
    this.rooms.all.delete(roomId);
    this.expelled.add(roomId);
    return true;
  }

  /** @param {{id: string, code: string, message: string}} error */
  refused(error) {
    const { room } = /** @type {{room: Room}} */ (this.joins.get(error.id));
    this.joins.delete(error.id);
    room.joining = false;
    if (PASSING.has(error.code)) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        if (this.rooms.all.get(room.roomId) === room) this.enter(room);
      }, PAUSE_MS);
      this.timers.add(timer);
    } else if (error.code !== "not_authenticated") {
      this.rooms.all.delete(room.roomId);
      this.settle(room.roomId, new Refusal(error.code, error.message));
    }
  }

  /** @param {{news: News[], behind?: Room}} taken @param {any} [joined] */
  spread({ news, behind }, joined) {
    for (const { event, data } of news) this.tell(event, data);
    if (joined) {
      const room = this.rooms.all.get(joined.roomId);
      if (room?.read) this.send({ type: "read", roomId: room.roomId, messageId: room.read });
      this.settle(joined.roomId, null, joined);
    }
    if (behind) {
      behind.joined = false;
      this.enter(behind);
    }
  }

  /** @param {string} roomId @param {Refusal | null} error @param {any} [joined] */
  settle(roomId, error, joined) {
    const waiters = this.waiters.get(roomId) ?? [];
    this.waiters.delete(roomId);
    for (const waiter of waiters) {
      if (error) waiter.reject(error);
      else waiter.resolve(joined);
    }
  }

  /** @param {string} roomId @param {string} messageId */
  read(roomId, messageId) {
    const room = this.rooms.all.get(roomId);
    if (room) room.read = messageId;
    return this.send({ type: "read", roomId, messageId });
  }

  /** Whether messages to this room may go now. @param {string} roomId */
  open(roomId) {
    const room = this.rooms.all.get(roomId);
    return !room || room.direct || room.joined;
  }
}
