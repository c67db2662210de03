import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PendingRequests } from "../../static/js/client/requests.js";

/** @param {import("node:test").TestContext} t */
function setUp(t, isOpen = true) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  /** @type {any[]} */
  const sent = [];
  const requests = new PendingRequests((message) => {
    if (isOpen) sent.push(message);
    return isOpen;
  });
  return { requests, sent };
}

test("each answer goes to its own request, in whatever order they come", async (t) => {
  const { requests, sent } = setUp(t);
  const [first, second] = [requests.ask({ type: "users" }), requests.ask({ type: "users" })];
  assert.equal(requests.handle({ type: "users", id: sent[1].id, users: [] }), true);
  assert.equal(requests.handle({ type: "error", id: sent[0].id, code: "forbidden", message: "may not" }), true);
  assert.deepEqual((await second).id, sent[1].id);
  await assert.rejects(first, { name: "Refusal", code: "forbidden", message: "may not" });
});

test("messages that answer nothing, or that come twice, are left to others", async (t) => {
  const { requests, sent } = setUp(t);
  const asked = requests.ask({ type: "users" });
  assert.equal(requests.handle({ type: "users", id: 1, users: [] }), false);
  assert.equal(requests.handle({ type: "drain", window_s: 1 }), false);
  const answer = /** @type {const} */ ({ type: "users", id: sent[0].id, users: [] });
  assert.deepEqual([requests.handle(answer), requests.handle(answer)], [true, false]);
  await asked;
});

test("a request without an answer ends after fifteen seconds", async (t) => {
  const { requests } = setUp(t);
  const asked = requests.ask({ type: "users" });
  mock.timers.tick(15_000);
  await assert.rejects(asked, { code: "timeout" });
  assert.equal(requests.pending.size, 0);
});

test("without a connection a request fails at once, and all fail when it is lost", async (t) => {
  await assert.rejects(setUp(t, false).requests.ask({ type: "users" }), { code: "offline" });
  const { requests } = setUp(t);
  const all = [requests.ask({ type: "users" }), requests.ask({ type: "rooms" })];
  requests.rejectAll("offline");
  for (const each of all) await assert.rejects(each, { code: "offline" });
});
