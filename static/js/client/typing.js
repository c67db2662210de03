// Typing notices of this user: at most one every three seconds, and withdrawn when the user stops typing.

const REPEAT_MS = 3_000;
const IDLE_MS = 4_000;
/** Shortest time between two notices, so that a run of short messages does not send a notice for each. */
const LEAST_MS = 1_000;

export class TypingNotices {
  /** @param {(roomId: string, isTyping: boolean) => void} send @param {() => number} now monotonic ms */
  constructor(send, now) {
    this.send = send;
    this.now = now;
    /** @type {Map<string, {notified: boolean, timer: ReturnType<typeof setTimeout>}>} rooms in which the user is typing */
    this.rooms = new Map();
    /** @type {Map<string, number>} when the last notice of each room was sent */
    this.notifiedAt = new Map();
  }

  /** Note that the user types, or has stopped typing. Call it with every key press. @param {string} roomId @param {boolean} isTyping */
  set(roomId, isTyping) {
    const room = this.rooms.get(roomId);
    clearTimeout(room?.timer);
    if (!isTyping) {
      if (this.rooms.delete(roomId) && room?.notified) this.send(roomId, false);
      return;
    }
    const due = this.now() - (this.notifiedAt.get(roomId) ?? -Infinity) >= (room?.notified ? REPEAT_MS : LEAST_MS);
    if (due) {
      this.send(roomId, true);
      this.notifiedAt.set(roomId, this.now());
    }
    const timer = setTimeout(() => this.set(roomId, false), IDLE_MS);
    this.rooms.set(roomId, { notified: due || (room?.notified ?? false), timer });
  }

  /** Drop the notice of one room, or of all rooms when the connection is lost, without sending anything. @param {string} [roomId] */
  forget(roomId) {
    for (const [id, { timer }] of this.rooms) {
      if (roomId !== undefined && id !== roomId) continue;
      clearTimeout(timer);
      this.rooms.delete(id);
    }
    if (roomId === undefined) this.notifiedAt.clear();
  }
}
