import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Chat } from "../../static/js/data/chat.js";
import { clientRig, message, settled } from "./client-support.js";

/** @param {import("node:test").TestContext} t @param {string} [boardId] */
async function chatting(t, boardId = "host") {
  const r = clientRig(t);
  const chat = new Chat(r.client, { now: () => 5_000 }, boardId);
  let changes = 0;
  chat.addEventListener("change", () => (changes += 1));
  await r.enter();
  return { ...r, chat, changes: () => changes };
}
const user = (/** @type {string} */ id, status = "online") => ({ id, name: id.toUpperCase(), status });

describe("rooms", () => {
  test("the room of the board is joined with the first user, and shown", async (t) => {
    const r = await chatting(t);
    assert.deepEqual(r.sent("join_room").map(({ roomId }) => roomId), ["host"]);
    r.admit({ messages: [message(1)], position: "1" });
    assert.deepEqual(r.chat.conversation?.messages.map(({ messageId }) => messageId), ["host.1"]);
    assert.ok(r.changes() > 0);
  });

  test("a refused room says why, and being put out of it too", async (t) => {
    const r = await chatting(t);
    r.last().say({ type: "error", id: r.sent("join_room")[0].id, code: "not_found", message: "no such room" });
    await settled();
    assert.equal(r.chat.refusal, "no such room");
    const other = await chatting(t);
    other.admit();
    other.last().say({ type: "left", roomId: "host" });
    assert.equal(other.chat.refusal, "you are no longer in this room");
  });

  test("a direct conversation is named after its partner, whoever writes first", async (t) => {
    const r = await chatting(t);
    r.last().say(message(1, { roomId: "direct:anna:ben" }));
    assert.deepEqual([r.chat.partner("direct:anna:ben"), r.chat.titleOf("direct:anna:ben"), r.chat.partner("host")], ["ben", "Ben", ""]);
    r.chat.showUser({ id: "cleo", name: "Cleo" });
    assert.deepEqual([r.chat.current, r.chat.titleOf(r.chat.current)], ["direct:anna:cleo", "Cleo"]);
  });

  test("rooms of other boards are neither offered nor counted", async (t) => {
    const r = await chatting(t);
    const room = (/** @type {string} */ roomId, /** @type {string} */ kind) => ({ roomId, title: roomId, kind, unread: 2, position: "0" });
    await r.enter({ rooms: [room("host", "board"), room("other", "board"), room("ops", "room"), room("direct:anna:ben", "direct")] });
    assert.deepEqual(r.chat.offered, ["host", "ops", "direct:anna:ben"]);
    assert.equal(r.chat.unread, 6);
  });
});

describe("messages", () => {
  test("one that is visible at once is not unread", async (t) => {
    const r = await chatting(t);
    r.admit();
    r.last().say(message(1));
    assert.equal(r.chat.unread, 1);
    r.chat.markRead();
    assert.equal(r.chat.unread, 0);
    assert.deepEqual(r.sent("read").map(({ messageId }) => messageId), ["host.1"]);
    r.chat.isVisible = true;
    r.last().say(message(2));
    assert.equal(r.chat.unread, 0);
  });

  test("one's own is pending until it is in the room, and says why when it is refused", async (t) => {
    const r = await chatting(t);
    r.admit();
    const posted = r.chat.post("hello");
    assert.deepEqual(r.chat.conversation?.pending.map(({ text, state }) => [text, state]), [["hello", "sending"]]);
    const [{ id, key }] = r.sent("message");
    r.last().say({ type: "error", id, code: "invalid", message: "is empty" });
    await posted;
    const [pending] = r.chat.conversation?.pending ?? [];
    assert.deepEqual([pending.state, pending.reason], ["failed", "is empty"]);
    r.chat.repeat(pending);
    assert.equal(r.sent("message")[1].key, key);
  });

  test("a direct message goes to the partner", async (t) => {
    const r = await chatting(t);
    r.chat.showUser({ id: "ben", name: "Ben" });
    r.chat.post("hi");
    assert.deepEqual(r.sent("direct").map(({ userId, text }) => [userId, text]), [["ben", "hi"]]);
  });
});

describe("users", () => {
  test("a status changes wherever the user stands", async (t) => {
    const r = await chatting(t);
    r.admit({ members: [user("ben")] });
    r.last().say({ type: "watchers", board: "host", people: [user("ben")], screens: 1 });
    r.last().say({ type: "user_update", user: user("ben", "away") });
    assert.equal(r.chat.watchers.people[0].status, "away");
    assert.equal(r.chat.conversation?.members.get("ben")?.status, "away");
    assert.deepEqual(r.chat.directory.map(({ id, status }) => [id, status]), [["ben", "away"]]);
    r.last().say({ type: "user_offline", user: user("ben") });
    assert.deepEqual(r.chat.directory, []);
  });

  test("everybody who is around can be mentioned, once, but not oneself", async (t) => {
    const r = await chatting(t);
    r.admit({ members: [user("ben"), user("anna")] });
    r.last().say({ type: "watchers", board: "host", people: [user("ben"), user("cleo")], screens: 0 });
    r.last().say({ type: "user_online", user: user("dan") });
    assert.deepEqual(r.chat.mentionable.map(({ id }) => id).sort(), ["ben", "cleo", "dan"]);
  });

  test("another user on this page is told, the same one after a return is not", async (t) => {
    const r = await chatting(t);
    let replaced = 0;
    r.chat.onUserReplaced = () => (replaced += 1);
    await r.enter();
    assert.equal(replaced, 0);
    r.last().say({ type: "authenticated", user: user("ben"), now: 1, expires: null, rooms: [] });
    assert.equal(replaced, 1);
  });

  test("a session that ended meanwhile leaves nobody after five seconds", async (t) => {
    const r = await chatting(t);
    r.last().end(1006);
    r.connection.wake();
    r.last().onopen?.();
    r.pass(4_000);
    assert.equal(r.chat.me?.id, "anna");
    r.pass(1_100);
    assert.equal(r.chat.me, null);
  });
});

describe("notifications", () => {
  test("each is told once, and an unknown one that changes is loaded", async (t) => {
    const r = await chatting(t);
    /** @type {string[]} */
    const told = [];
    r.chat.onNotification = ({ title }) => told.push(title);
    const notification = { type: "notification", notificationId: "n1", title: "Disk full", body: "", data: null, t: 1, unread: 1 };
    r.last().say(notification);
    r.last().say(notification);
    assert.deepEqual([told, r.chat.notifications.unread], [["Disk full"], 1]);
    const asked = r.sent("notifications").length;
    r.last().say({ type: "notification_changed", notificationId: "n1", title: "", body: "now", data: null, t: 1 });
    assert.equal(r.sent("notifications").length, asked);
    r.last().say({ type: "notification_changed", notificationId: "n0", title: "", body: "now", data: null, t: 1 });
    assert.equal(r.sent("notifications").length, asked + 1);
  });
});
