import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Authenticator } from "../../static/js/client/authenticator.js";
import { settled } from "./client-support.js";

/** @param {import("node:test").TestContext} t */
function setUp(t) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  /** @type {any[]} */
  const sent = [];
  /** @type {any[]} */
  const errors = [];
  const authenticator = new Authenticator({ send: (message) => sent.push(message) > 0, newId: () => `c${sent.length}`, onError: (error) => errors.push(error), random: () => 0.5 });
  return { authenticator, sent, errors };
}
const answer = { user: { id: "anna", name: "Anna", status: "online" }, role: "viewer", roles: [], grants: {}, now: 0, expires: 100_000, unread: 0 };

test("the browser's session sends nothing", async (t) => {
  const { authenticator, sent } = setUp(t);
  await authenticator.authenticate();
  assert.deepEqual(sent, []);
});

test("a token that arrives after the connection was lost is not sent on the next one", async (t) => {
  const { authenticator, sent } = setUp(t);
  /** @type {(token: string) => void} */
  let arrive = () => {};
  authenticator.credentials = { id: "anna", token: () => new Promise((resolve) => (arrive = resolve)) };
  authenticator.authenticate();
  authenticator.lost();
  arrive("late");
  await settled();
  assert.deepEqual(sent, []);
});

test("a token from a source is renewed after eighty percent of its life, a fixed one is not", async (t) => {
  const { authenticator, sent } = setUp(t);
  authenticator.credentials = { id: "anna", token: () => "fresh" };
  authenticator.authenticated(answer);
  mock.timers.tick(79_999);
  await settled();
  assert.equal(sent.length, 0);
  mock.timers.tick(1);
  await settled();
  assert.deepEqual(sent, [{ type: "auth", id: "c0", userId: "anna", token: "fresh" }]);
  authenticator.credentials = { id: "anna", token: "fixed" };
  authenticator.lost();
  authenticator.authenticated(answer);
  mock.timers.tick(100_000);
  await settled();
  assert.equal(sent.length, 1);
});

test("a source that fails is reported, and asked again after a pause", async (t) => {
  const { authenticator, sent, errors } = setUp(t);
  let calls = 0;
  authenticator.credentials = { id: "anna", token: () => { if (!calls++) throw new Error("no network"); return "second"; } };
  await authenticator.authenticate();
  assert.deepEqual(errors, [{ code: "token", message: "no token: no network" }]);
  mock.timers.tick(250);
  await settled();
  assert.equal(sent[0].token, "second");
});

test("all who wait get the answer, or the refusal", async (t) => {
  const { authenticator } = setUp(t);
  const waiting = [authenticator.next(), authenticator.next()];
  authenticator.authenticated(answer);
  assert.deepEqual(await Promise.all(waiting), [answer, answer]);
  const refused = authenticator.next();
  authenticator.refuse("bad_token", "forged");
  await assert.rejects(refused, { code: "bad_token", message: "forged" });
});
