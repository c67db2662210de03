import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Outbox } from "../../static/js/client/outbox.js";

/** @param {import("node:test").TestContext} t @param {{most?: number}} [options] */
function setUp(t, options = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  /** @type {any[]} */
  const sent = [];
  const state = { open: true, closed: new Set() };
  let [ids, keys] = [0, 0];
  const outbox = new Outbox({
    send: (message) => state.open && sent.push(message) > 0,
    mayPass: (lane) => !state.closed.has(lane),
    newId: () => `c${++ids}`,
    newKey: () => `k${++keys}`,
    ...options,
  });
  const add = (/** @type {string} */ lane, /** @type {string} */ text) => {
    const { done } = outbox.add(lane, { type: "message", text });
    done.catch(() => {});
    return done;
  };
  const ack = (/** @type {any} */ message) => outbox.handle({ type: "ack", id: message.id, key: message.key, messageId: "m", roomId: "r", status: "delivered" });
  return { outbox, sent, state, add, ack, texts: () => sent.map(({ text }) => text) };
}

test("one message of a lane is under way at a time, lanes do not wait for each other", async (t) => {
  const { add, ack, sent, texts } = setUp(t);
  const done = ["a1", "a2", "b1"].map((text) => add(text[0], text));
  assert.deepEqual(texts(), ["a1", "b1"]);
  ack(sent[0]);
  assert.deepEqual(texts(), ["a1", "b1", "a2"]);
  assert.equal((await done[0]).messageId, "m");
});

test("a lane that may not pass is passed over until it may", (t) => {
  const { outbox, add, state, texts } = setUp(t);
  state.closed.add("a");
  add("a", "a1");
  add("b", "b1");
  assert.deepEqual(texts(), ["b1"]);
  state.closed.clear();
  outbox.pump();
  assert.deepEqual(texts(), ["b1", "a1"]);
});

test("an acknowledgement is found by its key, also when it answers an earlier try", async (t) => {
  const { outbox, add, ack, sent } = setUp(t);
  const done = add("a", "a1");
  outbox.rewind();
  outbox.pump();
  assert.notEqual(sent[0].id, sent[1].id);
  ack(sent[0]);
  await done;
  assert.deepEqual(outbox.items, []);
});

test("a message without an acknowledgement is sent again with its key after fifteen seconds", (t) => {
  const { add, sent } = setUp(t);
  add("a", "a1");
  mock.timers.tick(15_000);
  assert.deepEqual(sent.map(({ key }) => key), ["k1", "k1"]);
});

test("pauses double after each passing refusal, up to fifteen seconds, and end with an acknowledgement", (t) => {
  const { outbox, add, ack, sent } = setUp(t);
  add("a", "a1");
  const refuse = () => outbox.handle({ type: "error", id: sent.at(-1).id, code: "overloaded", message: "later" });
  for (const wait of [1_200, 2_400, 4_800, 9_600, 15_000, 15_000]) {
    const count = sent.length;
    refuse();
    mock.timers.tick(wait - 1);
    assert.equal(sent.length, count, `not before ${wait} ms`);
    mock.timers.tick(1);
    assert.equal(sent.length, count + 1);
  }
  ack(sent.at(-1));
  add("a", "a2");
  refuse();
  mock.timers.tick(1_200);
  assert.equal(sent.at(-1).text, "a2");
});

test("beyond the limit the oldest that is not under way is refused", async (t) => {
  const { add, texts } = setUp(t, { most: 2 });
  add("a", "a1");
  const second = add("a", "a2");
  add("a", "a3");
  await assert.rejects(second, { code: "queue_full" });
  assert.deepEqual(texts(), ["a1"]);
});

test("of those under way the longest is refused when the server found one too long", async (t) => {
  const { outbox, add } = setUp(t);
  add("a", "short");
  const long = add("b", "much longer than the other");
  const waiting = add("b", "the longest of all of them, but it waits for its turn");
  outbox.refuseLongest();
  await assert.rejects(long, { code: "too_large" });
  outbox.refuseAll("disconnected", "bye");
  await assert.rejects(waiting, { code: "disconnected", message: "bye" });
});
