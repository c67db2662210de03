// The rooms this client is in: their positions, what came twice, what is missing. Says who must join again; asks nobody
// itself. Pure.

/**
 * @typedef {object} Message
 * @property {string} messageId @property {string} roomId @property {string} userId @property {string} name
 * @property {string} text @property {string} html @property {number} t  @property {number} position
 * @property {string} [key] @property {number} [at] @property {number} [edited] @property {boolean} [deleted] @property {string[]} [mentions]
 */
/** @typedef {{type: string, roomId: string, title: string, members: {id: string, name: string, status: string}[], messages: Message[], position: string, recovered: boolean, unread: number, lastRead: string}} Joined */
/** @typedef {{event: "chat:message" | "chat:message:changed" | "room:joined", data: any}} News */

/** One of them. */
export class Room {
  /** @param {string} roomId */
  constructor(roomId) {
    this.roomId = roomId;
    this.direct = roomId.startsWith("direct:");
    /** @type {number | null} the last change that this client has; null: none yet */
    this.position = null;
    this.joined = false;
    /** a join is under way */
    this.joining = false;
    /** the last one that was read here, to say so again after a return */
    this.read = "";
    /** @type {Message[]} what came while a hole was being filled */
    this.held = [];
  }
}

/** The change that wrote it. @param {Message} message */
function numberOf({ messageId }) {
  return Number(messageId.slice(messageId.lastIndexOf(".") + 1));
}

export class Rooms {
  constructor() {
    /** @type {Map<string, Room>} */
    this.all = new Map();
  }

  /** @param {string} roomId @returns {Room} */
  open(roomId) {
    const room = this.all.get(roomId) ?? new Room(roomId);
    this.all.set(roomId, room);
    return room;
  }

  /** The connection is gone. */
  lost() {
    for (const room of this.all.values()) {
      room.joined = room.joining = false;
      room.held = [];
    }
  }

  /** @param {Message & {type: string}} message @returns {{news: News[], behind?: Room}} `behind`: this room must join again */
  take(message) {
    let room = this.all.get(message.roomId);
    if (!room && message.roomId?.startsWith("direct:")) room = this.open(message.roomId);
    if (!room) return { news: [] }; // left meanwhile
    if (room.joining) {
      room.held.push(message);
      return { news: [] };
    }
    return this.place(room, message);
  }

  /** @param {Room} room @param {Message & {type?: string}} message @returns {{news: News[], behind?: Room}} */
  place(room, message) {
    const position = Number(message.position);
    if (room.position !== null && position <= room.position) return { news: [] };
    if (room.position !== null && position > room.position + 1) {
      room.held.push(message);
      return { news: [], behind: room };
    }
    room.position = position;
    return { news: [{ event: message.type === "message_changed" ? "chat:message:changed" : "chat:message", data: message }] };
  }

  /**
   * The answer to a join.
   * @param {Joined} joined @param {boolean} asked whether it said `since`
   * @returns {{news: News[], behind?: Room}}
   */
  join(joined, asked) {
    const room = this.open(joined.roomId);
    const resumed = asked && joined.recovered;
    /** @type {News[]} */
    const news = [{ event: "room:joined", data: { ...joined, resumed } }];
    if (resumed) { // they come by their latest changes; what was written after the position is new
      const position = room.position ?? 0;
      for (const message of [...joined.messages].sort((a, b) => numberOf(a) - numberOf(b))) {
        const isNew = numberOf(message) > position && !message.deleted;
        news.push({ event: isNew ? "chat:message" : "chat:message:changed", data: message });
      }
    }
    room.position = Number(joined.position);
    room.joined = true;
    room.joining = false;
    const held = room.held.sort((a, b) => Number(a.position) - Number(b.position));
    room.held = [];
    /** @type {Room | undefined} */
    let behind;
    for (const message of held) {
      const placed = this.place(room, message);
      news.push(...placed.news);
      behind = placed.behind ?? behind;
    }
    return { news, behind };
  }
}
