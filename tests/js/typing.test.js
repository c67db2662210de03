import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { TypingNotices } from "../../static/js/client/typing.js";

/** @param {import("node:test").TestContext} t */
function setUp(t) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const time = { ms: 0 };
  /** @type {[string, boolean][]} */
  const sent = [];
  const notices = new TypingNotices((room, isTyping) => sent.push([room, isTyping]), () => time.ms);
  return { notices, sent, pass: (/** @type {number} */ ms) => { time.ms += ms; mock.timers.tick(ms); } };
}

test("a user who keeps typing is announced every three seconds", (t) => {
  const { notices, sent, pass } = setUp(t);
  for (let n = 0; n < 61; n++) {
    notices.set("a", true);
    pass(100);
  }
  assert.deepEqual(sent, [["a", true], ["a", true], ["a", true]]);
});

test("the notice is withdrawn after four seconds without a key, and when the message is sent", (t) => {
  const { notices, sent, pass } = setUp(t);
  notices.set("a", true);
  pass(4_000);
  assert.deepEqual(sent, [["a", true], ["a", false]]);
  notices.set("a", true);
  notices.set("a", false);
  notices.set("a", false);
  assert.deepEqual(sent.slice(2), [["a", true], ["a", false]]);
});

test("a notice that was not sent is not withdrawn", (t) => {
  const { notices, sent, pass } = setUp(t);
  notices.set("a", true);
  notices.set("a", false);
  pass(500);
  notices.set("a", true);
  notices.set("a", false);
  assert.deepEqual(sent, [["a", true], ["a", false]]);
});

test("rooms do not disturb each other, and a forgotten room sends nothing more", (t) => {
  const { notices, sent, pass } = setUp(t);
  notices.set("a", true);
  notices.set("b", true);
  notices.forget("a");
  pass(4_000);
  assert.deepEqual(sent, [["a", true], ["b", true], ["b", false]]);
  notices.set("b", true);
  notices.forget();
  pass(4_000);
  assert.deepEqual(sent.slice(3), [["b", true]]);
});
