// One's own typing notices: said at most every three seconds, and taken back when the writing stops. Knows no DOM.

const AGAIN_MS = 3_000;
const QUIET_MS = 4_000;
/** Short messages, one after the other, begin no notice each. */
const LEAST_MS = 1_000;

export class TypingNotices {
  /** @param {(roomId: string, isTyping: boolean) => void} say @param {() => number} now */
  constructor(say, now) {
    this.say = say;
    this.now = now;
    /** @type {Map<string, {said: boolean, timer: ReturnType<typeof setTimeout>}>} where somebody writes */
    this.rooms = new Map();
    /** @type {Map<string, number>} when that was last said */
    this.saidAt = new Map();
  }

  /** @param {string} roomId @param {boolean} isTyping */
  set(roomId, isTyping) {
    const known = this.rooms.get(roomId);
    clearTimeout(known?.timer);
    if (!isTyping) {
      if (this.rooms.delete(roomId) && known?.said) this.say(roomId, false);
      return;
    }
    const due = this.now() - (this.saidAt.get(roomId) ?? -Infinity) >= (known?.said ? AGAIN_MS : LEAST_MS);
    if (due) {
      this.say(roomId, true);
      this.saidAt.set(roomId, this.now());
    }
    const timer = setTimeout(() => this.set(roomId, false), QUIET_MS);
    this.rooms.set(roomId, { said: due || (known?.said ?? false), timer });
  }

  /** Nobody hears of it: the connection is gone, or the message is sent. @param {string} [roomId] */
  forget(roomId) {
    for (const [id, { timer }] of this.rooms) {
      if (roomId !== undefined && id !== roomId) continue;
      clearTimeout(timer);
      this.rooms.delete(id);
    }
    if (roomId === undefined) this.saidAt.clear();
  }
}
