import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { keepSession } from "../../static/js/pages/session.js";
import { settled } from "./client-support.js";

/** @param {import("node:test").TestContext} t @param {() => Promise<Response>} answer */
function setUp(t, answer) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked = t.mock.method(globalThis, "fetch", answer);
  t.after(() => {
    keepSession(null, () => 0);
    mock.timers.reset();
  });
  return () => asked.mock.callCount();
}

test("a session is prolonged before it expires, again and again", async (t) => {
  let now = 0;
  const asked = setUp(t, async () => new Response(JSON.stringify({ expires: now + 100_000 })));
  keepSession(100_000, () => now);
  for (let n = 1; n <= 3; n++) {
    mock.timers.tick(59_999);
    assert.equal(asked(), n - 1);
    now += 60_000;
    mock.timers.tick(1);
    await settled();
    await settled();
    assert.equal(asked(), n);
  }
});

test("a server that does not answer is asked again, but not at once", async (t) => {
  const asked = setUp(t, () => Promise.reject(new TypeError("no network")));
  keepSession(1_000, () => 900);
  for (let n = 1; n <= 3; n++) {
    mock.timers.tick(9_999);
    assert.equal(asked(), n - 1);
    mock.timers.tick(1);
    await settled();
    assert.equal(asked(), n);
  }
});

test("a session that does not expire is left alone", (t) => {
  const asked = setUp(t, async () => new Response("{}"));
  keepSession(1_000, () => 0);
  keepSession(null, () => 0);
  mock.timers.tick(1_000_000);
  assert.equal(asked(), 0);
});
