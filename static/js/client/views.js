// Subscriptions of this page to views: asks again from the last position after each reconnection, and passes snapshots and
// frames on in order.

/** @import { Connection } from "./connection.js" */
/** @import { Frame, ServerMessage, Snapshot, WatchRequest } from "./protocol.js" */
/**
 * @typedef {object} Handlers
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(frame: Frame) => void} frame
 * @property {(error: {code: string, message: string}) => void} error
 * @property {(reason: string) => void} [gap] entries are missing: a snapshot follows
 */

export class Subscription {
  /** @param {WatchRequest} request @param {Handlers} handlers */
  constructor(request, handlers) {
    this.request = request;
    this.handlers = handlers;
    /** id of the latest request, 0 before the first */
    this.id = 0;
    this.view = "";
    this.position = "";
    this.paused = false;
    this.answered = true;
    /** @type {Set<number>} numbers of the series that the server has defined */
    this.known = new Set();
  }

  /** Note which series a message defines and removes. @param {Snapshot | Frame} message @returns {boolean} whether every series with values is defined */
  learn(message) {
    if (message.type === "snapshot") this.known.clear();
    for (const definition of message.series ?? []) this.known.add(definition.sid);
    if (message.type === "snapshot") return true;
    const rows = [...(message.points ?? []), ...(message.buckets ?? [])];
    const complete = rows.every(([sid]) => this.known.has(sid));
    for (const sid of message.gone ?? []) this.known.delete(sid);
    return complete;
  }
}

export class Views {
  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection;
    this.nextId = 1;
    /** @type {Set<Subscription>} */
    this.all = new Set();
    /** @type {Set<string | number>} ids of requests that were cancelled before their answer */
    this.cancelled = new Set();
    /** @type {Set<string>} views of cancelled requests. They are left once no answer is awaited, because an awaited answer may be of the same view */
    this.unwanted = new Set();
    connection.on("opened", () => {
      this.cancelled.clear();
      this.unwanted.clear();
      this.requestAll();
    });
    connection.on("message", (message) => this.handle(message));
  }

  /** Watch a board or selectors. @param {WatchRequest} request @param {Handlers} handlers @returns {Subscription} */
  watch(request, handlers) {
    const subscription = new Subscription(request, handlers);
    this.all.add(subscription);
    this.request(subscription);
    return subscription;
  }

  /**
   * Watch something else on the same subscription. It begins with a snapshot, or with the changes since a position of the same series.
   * @param {Subscription} subscription @param {WatchRequest} request @param {string} [since]
   */
  change(subscription, request, since = "") {
    if (!subscription.paused) this.end(subscription);
    subscription.request = request;
    subscription.view = "";
    subscription.position = since;
    this.all.add(subscription);
    if (!subscription.paused) this.request(subscription); // else `resume` does
  }

  /** Stop watching. @param {Subscription} subscription */
  end(subscription) {
    this.all.delete(subscription);
    this.updateAwaiting();
    if (subscription.view) this.leave(subscription.view);
    else if (!subscription.answered) this.cancelled.add(subscription.id); // an answer that was an error is all that comes
  }

  /** Leave a view that no other subscription uses. @param {string} view */
  leave(view) {
    if ([...this.all].some((subscription) => subscription.view === view)) return;
    this.connection.send({ type: "unwatch", view });
  }

  /** Stop all frames while the page is hidden. `resume` asks for one snapshot instead of all that was missed. */
  pause() {
    for (const subscription of this.all) {
      if (subscription.view) this.connection.send({ type: "unwatch", view: subscription.view });
      else if (!subscription.answered) this.cancelled.add(subscription.id);
      subscription.paused = true;
    }
    this.updateAwaiting();
  }

  resume() {
    for (const subscription of this.all) {
      if (!subscription.paused) continue;
      subscription.paused = false;
      this.restart(subscription);
    }
  }

  requestAll() {
    const active = [...this.all].filter((subscription) => !subscription.paused);
    for (const subscription of active) this.request(subscription);
    if (!active.length) this.connection.send({ type: "ping" }); // the server closes a connection that begins with silence
  }

  /** @param {Subscription} subscription */
  request(subscription) {
    subscription.id = this.nextId++;
    const since = subscription.position ? { since: subscription.position } : {};
    this.connection.send({ type: "watch", id: subscription.id, ...subscription.request, ...since });
    subscription.answered = false;
    this.updateAwaiting();
  }

  updateAwaiting() {
    this.connection.awaitingSnapshot = [...this.all].some((subscription) => !subscription.answered && !subscription.paused);
  }

  /** Ask for a snapshot. @param {Subscription} subscription */
  restart(subscription) {
    subscription.position = "";
    this.request(subscription);
  }

  /** @param {ServerMessage} message */
  handle(message) {
    if ((message.type === "snapshot" || message.type === "frame") && message.id !== undefined && this.cancelled.delete(message.id)) {
      this.unwanted.add(message.view); // the answer to a request that was cancelled meanwhile
    } else for (const subscription of this.all) this.deliver(message, subscription);
    if (message.id !== undefined) this.leaveUnwanted();
  }

  leaveUnwanted() {
    if ([...this.all].some((subscription) => !subscription.answered && !subscription.paused)) return;
    for (const view of this.unwanted) this.leave(view);
    this.unwanted.clear();
  }

  /** @param {ServerMessage} message @param {Subscription} subscription */
  deliver(message, subscription) {
    const view = "view" in message ? message.view : undefined;
    const isAnswer = message.id !== undefined && message.id === subscription.id;
    if (isAnswer && message.type !== "gap") {
      subscription.answered = true;
      this.updateAwaiting();
    }
    const moved = isAnswer && subscription.view !== "" && Boolean(view) && view !== subscription.view; // the board was edited
    if (isAnswer && view) subscription.view = view;
    if (!isAnswer && (view === undefined || view !== subscription.view)) return;
    if (subscription.paused) return;
    if (message.type === "snapshot") {
      subscription.position = message.position;
      subscription.learn(message);
      subscription.handlers.snapshot(message);
    } else if (message.type === "frame") {
      subscription.position = message.position;
      const complete = subscription.learn(message);
      subscription.handlers.frame(message);
      if (!complete || moved) this.restart(subscription); // this server process knows series that the one before did not
    } else if (message.type === "gap") subscription.handlers.gap?.(message.reason);
    else if (message.type === "error" && isAnswer) subscription.handlers.error(message);
  }
}
