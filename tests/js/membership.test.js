import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Membership } from "../../static/js/client/membership.js";
import { message, settled } from "./client-support.js";

/** @param {import("node:test").TestContext} t */
function setUp(t) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  /** @type {any[]} */
  const sent = [];
  /** @type {string[]} */
  const published = [];
  const server = { ready: true, history: async () => ({ messages: /** @type {any[]} */ ([]) }) };
  const membership = new Membership({
    send: (each) => sent.push(each) > 0,
    newId: () => `c${sent.length}`,
    history: () => server.history(),
    publish: ({ event }) => published.push(event),
    isReady: () => server.ready,
  });
  const admit = (more = {}) => membership.handle({
    type: "joined", id: sent.findLast(({ type }) => type === "join_room").id, roomId: "host", title: "", members: [], messages: [], position: "3", recovered: false, unread: 0, lastRead: "", ...more,
  });
  return { membership, sent, published, server, admit };
}

test("a join waits for authentication, and is sent once however often it is asked for", async (t) => {
  const { membership, sent, server, admit } = setUp(t);
  server.ready = false;
  const done = [membership.join("host"), membership.join("host")];
  assert.deepEqual(sent, []);
  server.ready = true;
  membership.authenticated([]);
  membership.join("host");
  assert.equal(sent.length, 1);
  assert.equal(membership.mayPost("host"), false);
  admit();
  assert.equal(membership.mayPost("host"), true);
  for (const each of done) assert.equal((await each).position, "3");
});

test("after a loss the room is joined from its position, and what was read is said again", (t) => {
  const { membership, sent, admit } = setUp(t);
  membership.join("host");
  admit();
  membership.markRead("host", "host.3");
  membership.lost();
  membership.authenticated([]);
  assert.deepEqual(sent.at(-1), { type: "join_room", id: "c2", roomId: "host", since: "3" });
  admit({ recovered: true });
  assert.deepEqual(sent.at(-1), { type: "read", roomId: "host", messageId: "host.3" });
});

test("the answer to a join of a room that was left meanwhile leaves it", async (t) => {
  const { membership, sent, published, admit } = setUp(t);
  const done = membership.join("host");
  membership.leave("host");
  await assert.rejects(done, { code: "left" });
  admit();
  assert.deepEqual(sent.at(-1), { type: "leave_room", roomId: "host" });
  assert.deepEqual(published, []);
});

test("a passing refusal is tried again, unless the connection is lost before", (t) => {
  const { membership, sent } = setUp(t);
  membership.join("host");
  membership.handle({ type: "error", id: sent[0].id, code: "unavailable", message: "later" });
  mock.timers.tick(1_500);
  assert.equal(sent.length, 2);
  membership.handle({ type: "error", id: sent[1].id, code: "unavailable", message: "later" });
  membership.lost();
  mock.timers.tick(10_000);
  assert.equal(sent.length, 2);
});

test("a direct conversation is fetched once, and again after it failed", async (t) => {
  const { membership, sent, published, server } = setUp(t);
  server.history = async () => { throw new Error("offline"); };
  await assert.rejects(membership.join("direct:a:b"), /offline/);
  server.history = async () => ({ messages: [message(4, { roomId: "direct:a:b" })] });
  const { messages, position } = await membership.join("direct:a:b");
  assert.deepEqual([messages.length, position], [1, "4"]);
  await settled();
  assert.deepEqual(sent, []);
  assert.deepEqual(published, ["room:joined"]);
});

test("the end fails every join that waits", async (t) => {
  const { membership } = setUp(t);
  const done = [membership.join("host"), membership.join("other")];
  membership.end("bad_token", "forged");
  for (const each of done) await assert.rejects(each, { code: "bad_token" });
});
