// Rig for the tests of the client: a WebSocketClient on the fake sockets of support.js, for which the test plays the server.

import { WebSocketClient } from "../../static/js/client/websocket-client.js";
import { rig } from "./support.js";

/** @param {import("node:test").TestContext} t @param {{random?: () => number, maxAttempts?: number}} [options] */
export function clientRig(t, options) {
  const r = rig(t, options);
  const client = new WebSocketClient("", { connection: r.connection });
  /** @type {[string, any][]} */
  const told = [];
  for (const name of ["chat:message", "chat:message:ack", "chat:message:changed", "room:user:joined", "room:user:left", "room:joined", "room:left", "typing:indicator", "user:online", "watchers",
    "notification", "error", "connected", "disconnected", "authenticated"]) {
    client.on(name, (data) => told.push([name, data]));
  }
  const sent = (/** @type {string} */ type) => r.last().sent.filter((message) => message.type === type);
  const rooms = { made: 0 };
  return {
    ...r,
    client,
    told,
    sent,
    named: (/** @type {string} */ name) => told.filter(([event]) => event === name).map(([, data]) => data),
    /** Connect or reconnect, and authenticate. */
    async enter(more = {}) {
      if (r.connection.state === "idle") client.authenticate({ id: "anna", username: "Anna", token: "secret" });
      else r.connection.wake();
      r.last().onopen?.();
      await settled();
      r.last().say({ type: "authenticated", user: { id: "anna", name: "Anna", status: "online" }, now: 1_000, expires: null, rooms: [], ...more });
    },
    /** Answer the latest join. @param {any} more */
    admit(more = {}) {
      const join = sent("join_room").at(-1);
      r.last().say({ type: "joined", id: join.id, roomId: join.roomId, title: "Host", members: [], messages: [], position: "0", recovered: false, unread: 0, lastRead: "", ...more });
    },
    /** Answer the latest message with an ack. */
    ack() {
      const { id, key, roomId } = sent("message").at(-1);
      rooms.made += 1;
      r.last().say({ type: "ack", id, key, roomId, messageId: `host.${rooms.made}`, status: "delivered", position: String(rooms.made) });
    },
  };
}

/** @param {number} position @param {any} [more] */
export function message(position, more = {}) {
  return { type: "message", messageId: `host.${position}`, roomId: "host", userId: "ben", name: "Ben", text: `text ${position}`, html: "", t: position, position: String(position), ...more };
}

/** Wait until all promises that can settle have settled. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}
