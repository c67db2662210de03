// What this page watches, over connections that come and go: asks again with the last position after each return,
// hands snapshots and frames on, in order. Knows no DOM.

/** @typedef {import("./connection.js").Connection} Connection */
/**
 * @typedef {object} Definition
 * @property {number} sid
 * @property {string} series
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {string} unit
 * @property {number | null} every_s
 * @property {string} [kind]
 * @property {number} [ended]
 * @property {number} last
 * @property {number[]} selectors places in the request's list of those that want it
 * @property {number[]} [t]
 * @property {number[]} [v]
 * @property {number[]} [min]
 * @property {number[]} [mean]
 * @property {number[]} [max]
 * @property {[number, number]} [newest] time and value of the newest sample, where histories are buckets
 * @property {number} [of]
 */
/** @typedef {{key: string, body: any, t: number, every_s: number | null, selectors: number[]}} DocumentState */
/** @typedef {[number, number[], number[]] | [number, number[], number[], number]} PointsRow */
/**
 * @typedef {object} Frame
 * @property {string} type
 * @property {string} view
 * @property {number} as_of
 * @property {string} position
 * @property {number} [accepted]
 * @property {PointsRow[]} [points]
 * @property {[number, number[], number[], number[], number[], [number, number]][]} [buckets]
 * @property {Definition[]} [series]
 * @property {DocumentState[]} [documents]
 * @property {number[]} [gone]
 * @property {string[]} [gone_documents]
 */
/**
 * @typedef {object} Snapshot
 * @property {string} type
 * @property {string} view
 * @property {number} as_of
 * @property {string} position
 * @property {number} window_s
 * @property {number} step_ms
 * @property {Definition[]} series
 * @property {DocumentState[]} documents
 * @property {any} [board]
 */
/**
 * @typedef {object} Handlers
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(frame: Frame) => void} frame
 * @property {(error: {code: string, message: string}) => void} error
 * @property {(reason: string) => void} [gap]
 */

/** One thing watched. */
class Watching {
  /** @param {object} request @param {Handlers} handlers */
  constructor(request, handlers) {
    this.request = request;
    this.handlers = handlers;
    this.id = 0;
    this.view = "";
    this.position = "";
    this.paused = false;
    this.answered = true;
    /** @type {Set<number>} numbers of the series that have been described */
    this.known = new Set();
  }

  /** Take over what is described. @param {Partial<Snapshot & Frame>} message @returns {boolean} whether all of it is known now */
  describe(message) {
    if (message.type === "snapshot") this.known.clear();
    for (const definition of message.series ?? []) this.known.add(definition.sid);
    const rows = [...(message.points ?? []), ...(message.buckets ?? [])];
    const all = rows.every(([sid]) => this.known.has(sid));
    for (const sid of message.gone ?? []) this.known.delete(sid);
    return all;
  }
}

export class Views {
  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection;
    this.nextId = 1;
    /** @type {Set<Watching>} */
    this.all = new Set();
    /** @type {Set<number>} ids of questions that were taken back before they were answered */
    this.forgotten = new Set();
    connection.addEventListener("opened", () => {
      this.forgotten.clear();
      this.askAll();
    });
    connection.addEventListener("message", (event) => this.take(/** @type {CustomEvent} */ (event).detail));
  }

  /** Watch for as long as the page lives. @param {object} request @param {Handlers} handlers @returns {Watching} */
  watch(request, handlers) {
    const watching = new Watching(request, handlers);
    this.all.add(watching);
    this.ask(watching);
    return watching;
  }

  /** Watch something else instead; begins with a snapshot. @param {Watching} watching @param {object} request */
  change(watching, request) {
    this.end(watching);
    watching.request = request;
    watching.view = watching.position = "";
    this.all.add(watching);
    this.ask(watching);
  }

  /** @param {Watching} watching */
  end(watching) {
    this.all.delete(watching);
    this.expect();
    if (watching.view) this.leave(watching.view);
    else if (watching.id) this.forgotten.add(watching.id);
  }

  /** @param {string} view */
  leave(view) {
    if ([...this.all].some((watching) => watching.view === view)) return;
    this.connection.send({ type: "unwatch", view });
  }

  /** Nobody looks: stop the frames; `resume` begins with one snapshot, not with all that was missed. */
  pause() {
    for (const watching of this.all) {
      if (watching.view) this.connection.send({ type: "unwatch", view: watching.view });
      watching.paused = true;
    }
    this.expect();
  }

  resume() {
    for (const watching of this.all) {
      if (!watching.paused) continue;
      watching.paused = false;
      this.askAnew(watching);
    }
  }

  askAll() {
    const asked = [...this.all].filter((watching) => !watching.paused);
    for (const watching of asked) this.ask(watching);
    if (!asked.length) this.connection.send({ type: "ping" }); // a connection that says nothing at first is ended
  }

  /** @param {Watching} watching */
  ask(watching) {
    watching.id = this.nextId++;
    const since = watching.position ? { since: watching.position } : {};
    this.connection.send({ type: "watch", id: watching.id, ...watching.request, ...since });
    watching.answered = false;
    this.expect();
  }

  expect() {
    this.connection.expecting = [...this.all].some((watching) => !watching.answered && !watching.paused);
  }

  /** Begin with a snapshot. @param {Watching} watching */
  askAnew(watching) {
    watching.position = "";
    this.ask(watching);
  }

  /** @param {any} message */
  take(message) {
    if (message.type === "snapshot" && message.id !== undefined && this.forgotten.delete(message.id)) {
      this.leave(message.view); // the answer to a question that was taken back meanwhile
      return;
    }
    for (const watching of this.all) {
      const answer = message.id !== undefined && message.id === watching.id;
      if (answer && message.type !== "gap") {
        watching.answered = true;
        this.expect();
      }
      const another = answer && watching.view !== "" && message.view && message.view !== watching.view; // the board was edited
      if (answer && message.view) watching.view = message.view;
      if (!answer && (message.view === undefined || message.view !== watching.view)) continue;
      if (watching.paused) continue;
      if (message.type === "snapshot") {
        watching.position = message.position;
        watching.describe(message);
        watching.handlers.snapshot(message);
      } else if (message.type === "frame") {
        watching.position = message.position;
        const whole = watching.describe(message);
        watching.handlers.frame(message);
        if (!whole || another) this.askAnew(watching); // this process knows a series that the one before it did not
      } else if (message.type === "gap") watching.handlers.gap?.(message.reason);
      else if (message.type === "error" && answer) watching.handlers.error(message);
    }
  }
}
