import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WebSocketClient } from "../../static/js/client/websocket-client.js";
import { clientRig, message, settled } from "./client-support.js";
import { FakeSocket } from "./support.js";

describe("who one is", () => {
  test("the token is said first, and the promise ends with the server's answer", async (t) => {
    const r = clientRig(t);
    const done = r.client.authenticate({ id: "anna", username: "Anna", token: "secret" });
    r.last().onopen?.();
    await settled();
    const [auth] = r.last().sent;
    assert.deepEqual({ ...auth, id: undefined }, { type: "auth", id: undefined, userId: "anna", token: "secret" });
    r.last().say({ type: "authenticated", id: auth.id, user: { id: "anna" }, now: 1, expires: null, rooms: [] });
    assert.equal((await done).user.id, "anna");
  });

  test("it is said again on every connection, with a fresh token where a function gives them", async (t) => {
    const r = clientRig(t);
    let count = 0;
    r.client.authenticate({ id: "anna", token: async () => `token ${++count}` });
    r.last().onopen?.();
    await settled();
    assert.deepEqual(r.sent("auth").map((m) => m.token), ["token 1"]);
    r.last().end(4005, "the token's time has ended");
    r.connection.wake();
    r.last().onopen?.();
    await settled();
    assert.deepEqual(r.sent("auth").map((m) => m.token), ["token 2"]);
  });

  test("a token from a function is renewed before its time ends, on the same connection", async (t) => {
    const r = clientRig(t);
    r.client.authenticate({ id: "anna", token: () => "t" });
    r.last().onopen?.();
    await settled();
    r.last().say({ type: "authenticated", user: { id: "anna" }, now: 0, expires: 20_000, rooms: [] });
    for (let n = 0; n < 8; n++) {
      r.pass(2_050);
      r.last().say({ type: "pong", now: 1 });
    }
    await settled();
    assert.equal(r.sent("auth").length, 2);
    assert.equal(r.sockets.length, 1);
  });

  test("a function that fails is asked again, and nothing is sent meanwhile", async (t) => {
    const r = clientRig(t);
    let count = 0;
    r.client.authenticate({ id: "anna", token: () => { if (count++ < 2) throw new Error("no network"); return "late"; } });
    r.last().onopen?.();
    await settled();
    assert.deepEqual(r.sent("auth"), []);
    for (let n = 0; n < 4; n++) {
      r.pass(500);
      await settled();
    }
    assert.deepEqual(r.sent("auth").map((m) => m.token), ["late"]);
    assert.equal(r.named("error")[0].code, "token");
  });

  test("a bad token ends it: promise, queue and joins are refused, and nothing is tried again", async (t) => {
    const r = clientRig(t);
    const done = r.client.authenticate({ id: "anna", token: "forged" });
    const joined = r.client.joinRoom("host");
    const sent = r.client.sendMessage("host", "hello");
    r.last().onopen?.();
    await settled();
    r.last().say({ type: "error", id: r.sent("auth")[0].id, code: "bad_token", message: "forged" });
    r.last().end(4500, "bad token");
    await assert.rejects(done, { code: "bad_token" });
    await assert.rejects(joined, { code: "bad_token" });
    await assert.rejects(sent, { code: "bad_token" });
    r.pass(60_000);
    assert.equal(r.sockets.length, 1);
    assert.equal(r.named("disconnected")[0].final, true);
  });

  test("a browser's session needs no token: authenticated comes by itself", async (t) => {
    const r = clientRig(t);
    const done = r.client.authenticate();
    r.last().onopen?.();
    await settled();
    assert.deepEqual(r.last().sent, []);
    r.last().say({ type: "authenticated", user: { id: "anna" }, now: 1, expires: null, rooms: [] });
    await done;
    assert.equal(r.client.authed, true);
    assert.equal((await r.client.authenticate()).user.id, "anna"); // the connection has it already
  });
});

describe("messages", () => {
  test("one that is longer than the server takes is refused and not said for ever", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit();
    const long = r.client.sendMessage("host", "x".repeat(100_000));
    const next = r.client.sendMessage("host", "short");
    r.last().end(1009, "message too long");
    await assert.rejects(long, { code: "too_large" });
    await r.enter();
    r.admit();
    assert.deepEqual(r.sent("message").map((m) => m.text), ["short"]);
    r.ack();
    assert.equal((await next).messageId, "host.1");
  });

  test("what is written offline is sent in order after auth and join, each once", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    const acks = ["a", "b", "c"].map((text) => r.client.sendMessage("host", text));
    await r.enter();
    assert.deepEqual(r.sent("message"), []);
    r.admit();
    for (let n = 1; n <= 3; n++) {
      assert.equal(r.sent("message").length, n);
      r.ack();
    }
    assert.deepEqual(r.sent("message").map((m) => m.text), ["a", "b", "c"]);
    assert.deepEqual((await Promise.all(acks)).map((ack) => ack.messageId), ["host.1", "host.2", "host.3"]);
    assert.equal(r.named("chat:message:ack").length, 3);
  });

  test("an ack that is lost with the connection is asked for with the same key", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit();
    const done = r.client.sendMessage("host", "a", { at: 5.4 });
    const [first] = r.sent("message");
    assert.equal(first.at, 5);
    r.last().end(1006);
    await r.enter();
    assert.deepEqual(r.sent("message"), [], "not before the room is joined again");
    r.admit({ recovered: true });
    assert.equal(r.sent("message")[0].key, first.key);
    r.ack();
    assert.equal((await done).status, "delivered");
    assert.deepEqual(r.client.outbox.items, []);
    assert.equal(r.sent("message").length, 1);
  });

  test("half a character is sent as one that says so", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit();
    r.client.sendMessage("host", `cut ${"😀".slice(0, 1)}, whole 😀`);
    assert.equal(r.sent("message")[0].text, "cut \ufffd, whole 😀");
  });

  for (const code of ["rate_limited", "unavailable", "overloaded"]) {
    test(`${code} is tried again after a pause, with the same key, and the next waits for it`, async (t) => {
      const r = clientRig(t);
      r.client.joinRoom("host");
      await r.enter();
      r.admit();
      r.client.sendMessage("host", "a");
      r.client.sendMessage("host", "b");
      const [first] = r.sent("message");
      r.last().say({ type: "error", id: first.id, code, message: "later" });
      assert.equal(r.sent("message").length, 1);
      r.pass(1_300);
      assert.deepEqual(r.sent("message").map((m) => [m.text, m.key]), [["a", first.key], ["a", first.key]]);
      r.ack();
      assert.equal(r.sent("message").at(-1).text, "b");
    });
  }

  test("what the server will never take is refused, and the next goes on", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit();
    const done = r.client.sendMessage("host", "");
    r.client.sendMessage("host", "b");
    r.last().say({ type: "error", id: r.sent("message")[0].id, code: "invalid", message: "is empty" });
    await assert.rejects(done, { code: "invalid" });
    assert.equal(r.sent("message").at(-1).text, "b");
  });

  test("the queue is bounded: the oldest is refused", async (t) => {
    const r = clientRig(t);
    const all = Array.from({ length: 101 }, (_, n) => r.client.sendMessage("host", String(n)));
    await assert.rejects(all[0], { code: "queue_full" });
    assert.equal(r.client.outbox.items.length, 100);
    await settled();
    assert.equal(r.named("error")[0].code, "queue_full");
  });

  test("a direct message needs no room", async (t) => {
    const r = clientRig(t);
    await r.enter();
    const done = r.client.sendDirect("ben", "hi");
    const [direct] = r.sent("direct");
    assert.equal(direct.userId, "ben");
    r.last().say({ type: "ack", id: direct.id, key: direct.key, roomId: "direct:anna:ben", messageId: "host.1", status: "delivered", position: "1" });
    assert.equal((await done).roomId, "direct:anna:ben");
  });
});

describe("rooms", () => {
  /** @param {import("node:test").TestContext} t */
  async function inside(t) {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit({ messages: [message(1)], position: "1" });
    return r;
  }

  test("a message that comes twice is told once", async (t) => {
    const r = await inside(t);
    r.last().say(message(2));
    r.last().say(message(2));
    r.last().say(message(1));
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.2"]);
  });

  test("a return asks for what came since, and tells it as if it had come", async (t) => {
    const r = await inside(t);
    r.last().say(message(2));
    r.last().end(1006);
    await r.enter();
    assert.equal(r.sent("join_room")[0].since, "2");
    r.admit({ recovered: true, position: "5", messages: [message(3), message(4), { ...message(1), edited: 9 }] });
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.2", "host.3", "host.4"]);
    assert.deepEqual(r.named("chat:message:changed").map((m) => m.messageId), ["host.1"]);
    r.last().say(message(6));
    assert.equal(r.named("chat:message").at(-1).messageId, "host.6");
  });

  test("after a return what was written meanwhile is new, whatever its time and whether it was edited since", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit({ position: "9" });
    r.last().say(message(10, { t: 5_000 }));
    r.last().end(1006);
    await r.enter();
    const edited = { ...message(11, { t: 4_000 }), position: "14", edited: 6_000 };
    const gone = { ...message(13, { t: 4_100 }), position: "15", deleted: true, text: "" };
    r.admit({ recovered: true, position: "16", messages: [message(12, { t: 3_000 }), edited, gone, { ...message(9), position: "16", edited: 7_000 }] });
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.10", "host.11", "host.12"]);
    assert.deepEqual(r.named("chat:message:changed").map((m) => m.messageId), ["host.9", "host.13"]);
  });

  test("positions are numbers written as text: 10 follows 9", async (t) => {
    const r = clientRig(t);
    r.client.joinRoom("host");
    await r.enter();
    r.admit({ position: "8" });
    for (const n of [9, 10, 11, 9, 10]) r.last().say(message(n));
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.9", "host.10", "host.11"]);
    assert.equal(r.sent("join_room").length, 1);
  });

  test("recovered:false says that the room begins anew", async (t) => {
    const r = await inside(t);
    r.last().end(1006);
    await r.enter();
    r.admit({ recovered: false, position: "900", messages: [message(900)] });
    assert.equal(r.named("room:joined").at(-1).resumed, false);
    assert.deepEqual(r.named("chat:message"), []);
  });

  test("a hole is filled by joining again, and what came meanwhile follows in order", async (t) => {
    const r = await inside(t);
    r.last().say(message(4));
    assert.deepEqual(r.named("chat:message"), []);
    assert.equal(r.sent("join_room").at(-1).since, "1");
    r.last().say(message(5));
    r.admit({ recovered: true, position: "4", messages: [message(2), message(3), message(4)] });
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.2", "host.3", "host.4", "host.5"]);
  });

  test("a join that cannot be now is tried again; one that may not be is refused", async (t) => {
    const r = clientRig(t);
    const done = r.client.joinRoom("host");
    await r.enter();
    r.last().say({ type: "error", id: r.sent("join_room")[0].id, code: "unavailable", message: "later" });
    r.pass(1_600);
    assert.equal(r.sent("join_room").length, 2);
    r.last().say({ type: "error", id: r.sent("join_room")[1].id, code: "not_found", message: "no such room" });
    await assert.rejects(done, { code: "not_found" });
  });

  test("a room that was left is not joined again, and is silent", async (t) => {
    const r = await inside(t);
    r.client.leaveRoom("host");
    assert.equal(r.sent("leave_room").length, 1);
    r.last().say(message(2));
    assert.deepEqual(r.named("chat:message"), []);
    r.last().end(1006);
    await r.enter();
    assert.deepEqual(r.sent("join_room"), []);
  });

  test("a direct conversation that moved while away goes on from its position", async (t) => {
    const r = clientRig(t);
    await r.enter();
    const direct = { roomId: "direct:anna:ben" };
    r.last().say(message(1, direct));
    r.last().end(1006);
    await r.enter({ rooms: [{ roomId: "direct:anna:ben", title: "Ben", kind: "direct", unread: 2, position: "3" }] });
    const [asked] = r.sent("join_room");
    assert.equal(asked.since, "1");
    const missed = [2, 3].map((n) => message(n, direct));
    r.last().say({ type: "joined", id: asked.id, ...direct, title: "", members: [], messages: missed, position: "3", recovered: true, unread: 2, lastRead: "" });
    await settled();
    r.last().say(message(4, direct));
    assert.deepEqual(r.named("chat:message").map((m) => m.messageId), ["host.1", "host.2", "host.3", "host.4"]);
  });

  test("many who come and go at once are told one by one", async (t) => {
    const r = await inside(t);
    const [a, b] = ["ada", "ben"].map((id) => ({ id, name: id, status: "online" }));
    r.last().say({ type: "users_changed", online: [a, b] });
    r.last().say({ type: "members_changed", roomId: "host", joined: [a], left: [b] });
    assert.deepEqual(r.named("user:online").map((m) => m.user.id), ["ada", "ben"]);
    assert.deepEqual(r.named("room:user:joined").map((m) => [m.roomId, m.user.id]), [["host", "ada"]]);
    assert.deepEqual(r.named("room:user:left").map((m) => m.user.id), ["ben"]);
  });

  test("the role changes on a live connection: rooms that are joined are not joined again", async (t) => {
    const r = await inside(t);
    r.last().say({ type: "authenticated", user: { id: "anna" }, role: "admin", now: 2, expires: null, rooms: [] });
    assert.equal(r.sent("join_room").length, 1);
  });
});

describe("rooms that this client may not be in", () => {
  test("what was written behind a join that is refused is refused, too", async (t) => {
    const r = clientRig(t);
    await r.enter();
    const joined = r.client.joinRoom("nope");
    const written = r.client.sendMessage("nope", "x");
    r.last().say({ type: "error", id: r.sent("join_room")[0].id, code: "not_found", message: "no such room" });
    await assert.rejects(joined, { code: "not_found" });
    const [asked] = r.sent("message");
    r.last().say({ type: "error", id: asked.id, code: "not_member", message: "join first" });
    await assert.rejects(written, { code: "not_member" });
    assert.deepEqual(r.named("error").map((error) => error.code), ["not_found", "not_member"]);
  });

  test("what was written offline for a room that is left meanwhile is refused after the return", async (t) => {
    const r = clientRig(t);
    await r.enter();
    r.client.joinRoom("host");
    r.admit();
    r.last().onclose?.({ code: 1006 });
    const written = r.client.sendMessage("host", "x");
    r.client.leaveRoom("host");
    await r.enter();
    r.last().say({ type: "error", id: r.sent("message")[0].id, code: "not_member", message: "join first" });
    await assert.rejects(written, { code: "not_member" });
  });

  test("a client that has ended refuses joins at once", async (t) => {
    const r = clientRig(t);
    await r.enter();
    r.client.disconnect();
    await assert.rejects(r.client.joinRoom("host"), { code: "disconnected" });
  });

  test("who is put out of a room is told, is not in it, and goes back as soon as that is possible", async (t) => {
    const r = clientRig(t);
    await r.enter();
    r.client.joinRoom("host");
    r.admit({ position: "5" });
    r.last().say({ type: "left", roomId: "host" });
    assert.deepEqual(r.named("room:left"), [{ roomId: "host", expelled: true }]);
    const written = r.client.sendMessage("host", "x");
    r.last().say({ type: "error", id: r.sent("message")[0].id, code: "not_member", message: "join first" });
    await assert.rejects(written, { code: "not_member" });
    r.last().say({ type: "room_opened", roomId: "other", title: "Other", kind: "room" });
    assert.equal(r.sent("join_room").length, 1);
    r.last().say({ type: "room_opened", roomId: "host", title: "Host", kind: "room" });
    assert.deepEqual(r.sent("join_room").at(-1).roomId, "host");
    assert.equal(r.sent("join_room").at(-1).since, undefined, "what was said meanwhile was not for it to hear");
    r.admit({ position: "9" });
    r.last().say({ type: "left", roomId: "host" });
    r.last().onclose?.({ code: 1006 });
    await r.enter({ rooms: [{ roomId: "host", title: "Host", kind: "room", unread: 0, position: "9" }] });
    assert.equal(r.sent("join_room").length, 1, "also when it was let in while it was away");
    r.admit({ position: "9" });
    r.client.leaveRoom("host");
    r.last().say({ type: "left", roomId: "host" });
    assert.equal(r.named("room:left").at(-1).expelled, false);
    r.last().say({ type: "room_opened", roomId: "host", title: "Host", kind: "room" });
    assert.equal(r.sent("join_room").length, 1, "but not when it left by itself");
  });
});

describe("typing, presence, the rest", () => {
  test("short messages one after the other say no more than the server hears", async (t) => {
    const r = clientRig(t);
    await r.enter();
    for (let n = 0; n < 20; n++) {
      r.client.setTypingIndicator("host", true);
      r.pass(60);
      r.client.setTypingIndicator("host", true);
      r.pass(60);
      r.client.setTypingIndicator("host", false);
    }
    const said = r.sent("typing").map((m) => m.isTyping);
    assert.equal(said.filter(Boolean).length, 3, "one a second");
    assert.deepEqual(said, [true, false, true, false, true, false]);
    r.client.setTypingIndicator("host", true);
    r.pass(1_000);
    r.client.setTypingIndicator("host", true);
    assert.equal(r.sent("typing").at(-1).isTyping, true, "who goes on is shown with a later key");
  });

  test("typing is said every three seconds at most, and taken back after four of silence", async (t) => {
    const r = clientRig(t);
    await r.enter();
    for (let n = 0; n < 35; n++) {
      r.client.setTypingIndicator("host", true);
      r.pass(100);
    }
    assert.deepEqual(r.sent("typing").map((m) => m.isTyping), [true, true]);
    r.pass(4_100);
    assert.deepEqual(r.sent("typing").map((m) => m.isTyping), [true, true, false]);
    r.client.setTypingIndicator("host", false);
    assert.equal(r.sent("typing").length, 3);
  });

  test("presence is said once, and again after a return", async (t) => {
    const r = clientRig(t);
    await r.enter();
    r.client.setPresence("away");
    r.client.setPresence("away");
    assert.equal(r.sent("presence").length, 1);
    r.last().end(1006);
    await r.enter();
    assert.equal(r.sent("presence")[0].status, "away");
  });

  test("callbacks come off again, and one that throws stops no other", async (t) => {
    const r = clientRig(t);
    await r.enter();
    let count = 0;
    const off = r.client.on("user:online", () => (count += 1));
    r.last().say({ type: "user_online", user: { id: "ben" } });
    off();
    r.last().say({ type: "user_online", user: { id: "ben" } });
    assert.equal(count, 1);
    assert.equal(r.named("user:online").length, 2);
  });

  test("emit sends what it is given, and chat the safe way", async (t) => {
    const r = clientRig(t);
    await r.enter();
    assert.equal(r.client.emit("notification_read", { notificationId: "n1" }), true);
    assert.deepEqual(r.sent("notification_read"), [{ type: "notification_read", notificationId: "n1" }]);
    r.client.emit("chat:message", { roomId: "host", text: "hi" });
    assert.ok(r.sent("message")[0].key);
  });

  test("errors of a page's views are not told as the client's", async (t) => {
    const r = clientRig(t);
    await r.enter();
    r.last().say({ type: "error", id: 3, code: "not_found", message: "no such board" });
    assert.deepEqual(r.named("error"), []);
  });

  test("a question without an answer ends with the connection", async (t) => {
    const r = clientRig(t);
    await r.enter();
    const asked = r.client.users();
    r.last().end(1006);
    await assert.rejects(asked, { code: "offline" });
    await assert.rejects(r.client.users(), { code: "offline" });
  });

  test("maxReconnectAttempts and reconnectDelay bound the tries", (t) => {
    const r = clientRig(t);
    /** @type {FakeSocket[]} */
    const sockets = [];
    class Socket extends FakeSocket {
      /** @param {string} url */
      constructor(url) {
        super(url);
        sockets.push(this);
      }
    }
    const client = new WebSocketClient("ws://here/ws", { maxReconnectAttempts: 2, reconnectDelay: 100, socket: Socket, random: () => 0.5, now: r.connection.now });
    /** @type {any[]} */
    const told = [];
    client.on("disconnected", (data) => told.push(data.final));
    client.connect();
    sockets[0].end(1006);
    r.pass(60);
    assert.equal(sockets.length, 2, "after half of 100 ms");
    sockets[1].end(1006);
    r.pass(110);
    sockets[2].end(1006);
    r.pass(60_000);
    assert.equal(sockets.length, 3);
    assert.equal(client.connection.state, "stopped");
    assert.deepEqual(told, [true]);
  });

  test("disconnect is the end", async (t) => {
    const r = clientRig(t);
    await r.enter();
    const socket = r.last();
    r.client.disconnect();
    assert.equal(socket.code, 1000, "the server may tell the others at once");
    await assert.rejects(r.client.sendMessage("host", "late"), { code: "disconnected" });
    assert.equal(r.named("disconnected")[0].final, true);
  });
});
