import assert from "node:assert/strict";
import { test } from "node:test";
import { Rooms } from "../../static/js/client/rooms.js";
import { message } from "./client-support.js";

/** @param {any} [more] */
const joined = (more) => ({ roomId: "host", title: "Host", members: [], messages: [], position: "0", recovered: false, unread: 0, lastRead: "", ...more });
/** @param {import("../../static/js/client/rooms.js").RoomUpdate} update */
const told = ({ events }) => events.map(({ event, data }) => `${event} ${"messageId" in data ? data.messageId : data.roomId}`);

test("messages are told once and in order, whatever comes twice or late", () => {
  const rooms = new Rooms();
  rooms.join(joined({ position: "8" }), false);
  assert.deepEqual([9, 10, 9, 10, 8].flatMap((n) => told(rooms.apply(message(n)))), ["chat:message host.9", "chat:message host.10"]);
});

test("a hole is reported, and what lies behind it is held until the room is joined again", () => {
  const rooms = new Rooms();
  rooms.join(joined({ position: "1" }), false);
  const { events, behind } = rooms.apply(message(4));
  assert.deepEqual([events, behind?.roomId], [[], "host"]);
  const update = rooms.join(joined({ position: "3", recovered: true, messages: [message(2), message(3)] }), true);
  assert.deepEqual(told(update), ["room:joined host", "chat:message host.2", "chat:message host.3", "chat:message host.4"]);
  assert.equal(update.behind, undefined);
});

test("a hole that a join did not fill is reported again", () => {
  const rooms = new Rooms();
  rooms.join(joined({ position: "1" }), false);
  rooms.apply(message(9));
  assert.equal(rooms.join(joined({ position: "3", recovered: true }), true).behind?.roomId, "host");
});

test("a join without a position, or one that could not be recovered, begins the room anew", () => {
  const rooms = new Rooms();
  for (const [recovered, hadPosition, resumed] of [[true, false, false], [false, true, false], [true, true, true]]) {
    const [begun] = rooms.join(joined({ recovered, messages: [] }), hadPosition).events;
    assert.equal(/** @type {any} */ (begun.data).resumed, resumed);
  }
});

test("what was edited before it was ever received is new, what was deleted is a change", () => {
  const rooms = new Rooms();
  rooms.join(joined({ position: "1" }), false);
  const messages = [{ ...message(2), position: "5", edited: 9 }, { ...message(1), position: "4", edited: 9 }, { ...message(3), position: "6", deleted: true }];
  assert.deepEqual(told(rooms.join(joined({ position: "6", recovered: true, messages }), true)).slice(1), ["chat:message:changed host.1", "chat:message host.2", "chat:message:changed host.3"]);
});

test("messages of a room that was left are dropped, a direct conversation opens by itself", () => {
  const rooms = new Rooms();
  assert.deepEqual(rooms.apply(message(1)), { events: [] });
  assert.deepEqual(told(rooms.apply(message(7, { roomId: "direct:a:b" }))), ["chat:message host.7"]);
  assert.equal(rooms.all.get("direct:a:b")?.position, 7);
});

test("a lost connection forgets joins and held messages, and keeps positions", () => {
  const rooms = new Rooms();
  rooms.join(joined({ position: "4" }), false);
  rooms.apply(message(9));
  rooms.lost();
  const room = rooms.open("host");
  assert.deepEqual([room.joined, room.joining, room.held, room.position], [false, false, [], 4]);
});
