// Rooms of this client with their positions: drops messages that come twice, and finds the rooms in which some are missing. Pure.

/** @import { JoinedRoom, Message } from "./protocol.js" */
/**
 * @typedef {{event: "chat:message" | "chat:message:changed", data: Message} | {event: "room:joined", data: JoinedRoom & {resumed: boolean}}} RoomEvent
 */
/** What one message from the server leads to. `behind` is a room with a hole: it has to be joined again. @typedef {{events: RoomEvent[], behind?: Room}} RoomUpdate */

export class Room {
  /** @param {string} roomId */
  constructor(roomId) {
    this.roomId = roomId;
    this.direct = roomId.startsWith("direct:");
    /** @type {number | null} position of the last change that this client has, null before the first join */
    this.position = null;
    this.joined = false;
    /** whether a join is under way */
    this.joining = false;
    /** id of the last message that was read here: sent again after a reconnection */
    this.readUpTo = "";
    /** @type {Message[]} messages that arrived while a join was under way */
    this.held = [];
  }
}

/** Return the position at which a message was written: the number in its id. @param {Message} message */
function writtenAt({ messageId }) {
  return Number(messageId.slice(messageId.lastIndexOf(".") + 1));
}

export class Rooms {
  constructor() {
    /** @type {Map<string, Room>} */
    this.all = new Map();
  }

  /** Return the room of this id, new if it is unknown. @param {string} roomId @returns {Room} */
  open(roomId) {
    const room = this.all.get(roomId) ?? new Room(roomId);
    this.all.set(roomId, room);
    return room;
  }

  /** Mark all rooms as not joined: the connection is lost. */
  lost() {
    for (const room of this.all.values()) {
      room.joined = room.joining = false;
      room.held = [];
    }
  }

  /** Apply a message or a changed message. @param {Message & {type?: string}} message @returns {RoomUpdate} */
  apply(message) {
    let room = this.all.get(message.roomId);
    if (!room && message.roomId?.startsWith("direct:")) room = this.open(message.roomId);
    if (!room) return { events: [] }; // the room was left meanwhile
    if (room.joining) {
      room.held.push(message);
      return { events: [] };
    }
    return this.advance(room, message);
  }

  /** @param {Room} room @param {Message & {type?: string}} message @returns {RoomUpdate} */
  advance(room, message) {
    const position = Number(message.position);
    if (room.position !== null && position <= room.position) return { events: [] };
    if (room.position !== null && position > room.position + 1) {
      room.held.push(message);
      return { events: [], behind: room };
    }
    room.position = position;
    return { events: [{ event: message.type === "message_changed" ? "chat:message:changed" : "chat:message", data: message }] };
  }

  /**
   * Apply the answer to a join.
   * @param {JoinedRoom} joined @param {boolean} hadPosition whether the join asked for the changes since a position
   * @returns {RoomUpdate}
   */
  join(joined, hadPosition) {
    const room = this.open(joined.roomId);
    const resumed = hadPosition && joined.recovered;
    /** @type {RoomEvent[]} */
    const events = [{ event: "room:joined", data: { ...joined, resumed } }];
    if (resumed) events.push(...missed(joined.messages, room.position ?? 0));
    room.position = Number(joined.position);
    room.joined = true;
    room.joining = false;
    const held = room.held.sort((a, b) => Number(a.position) - Number(b.position));
    room.held = [];
    /** @type {Room | undefined} */
    let behind;
    for (const message of held) {
      const update = this.advance(room, message);
      events.push(...update.events);
      behind = update.behind ?? behind;
    }
    return { events, behind };
  }
}

/**
 * Return the events for the messages that a rejoin brought. Messages written after the client's position are new. The others
 * were edited or deleted meanwhile. The server sends them in the order of their latest change.
 * @param {Message[]} messages @param {number} position @returns {RoomEvent[]}
 */
function missed(messages, position) {
  return [...messages].sort((a, b) => writtenAt(a) - writtenAt(b)).map((message) => {
    const isNew = writtenAt(message) > position && !message.deleted;
    return { event: isNew ? "chat:message" : "chat:message:changed", data: message };
  });
}
