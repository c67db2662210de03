// One's own typing notices: said at most every three seconds, and taken back when the writing stops. Knows no DOM.

const AGAIN_MS = 3_000;
const QUIET_MS = 4_000;

export class TypingNotices {
  /** @param {(roomId: string, isTyping: boolean) => void} say @param {() => number} now */
  constructor(say, now) {
    this.say = say;
    this.now = now;
    /** @type {Map<string, {saidAt: number, timer: ReturnType<typeof setTimeout>}>} */
    this.rooms = new Map();
  }

  /** @param {string} roomId @param {boolean} isTyping */
  set(roomId, isTyping) {
    const known = this.rooms.get(roomId);
    clearTimeout(known?.timer);
    if (!isTyping) {
      if (this.rooms.delete(roomId)) this.say(roomId, false);
      return;
    }
    const due = !known || this.now() - known.saidAt >= AGAIN_MS;
    if (due) this.say(roomId, true);
    const timer = setTimeout(() => this.set(roomId, false), QUIET_MS);
    this.rooms.set(roomId, { saidAt: due || !known ? this.now() : known.saidAt, timer });
  }

  /** Nobody hears of it: the connection is gone, or the message is sent. @param {string} [roomId] */
  forget(roomId) {
    for (const [id, { timer }] of this.rooms) {
      if (roomId !== undefined && id !== roomId) continue;
      clearTimeout(timer);
      this.rooms.delete(id);
    }
  }
}
