import assert from "node:assert/strict";
import { test } from "node:test";
import { trackPresence } from "../../static/js/pages/presence.js";

/** A page without a browser. @param {import("node:test").TestContext} t */
function page(t) {
  const globals = /** @type {any} */ (globalThis);
  const time = { ms: 1_000 };
  /** @type {Map<string, () => void>} */
  const listeners = new Map();
  const listen = (/** @type {string} */ name, /** @type {() => void} */ callback) => listeners.set(name, callback);
  globals.document = { hidden: false, addEventListener: listen };
  globals.addEventListener = listen;
  t.mock.method(performance, "now", () => time.ms);
  t.after(() => {
    delete globals.document;
    delete globals.addEventListener;
  });
  /** @type {string[]} */
  const said = [];
  const update = trackPresence(/** @type {any} */ ({ setPresence: (/** @type {string} */ status) => said.push(status) }));
  return { time, said, update, document: globals.document, fire: (/** @type {string} */ name) => listeners.get(name)?.() };
}

test("a user is away after five minutes without input, and back with the next", (t) => {
  const p = page(t);
  p.time.ms += 300_000;
  p.update();
  p.time.ms += 1;
  p.update();
  p.fire("keydown");
  assert.deepEqual(p.said, ["online", "away", "online"]);
});

test("a user who cannot see the page is away", (t) => {
  const p = page(t);
  p.document.hidden = true;
  p.fire("visibilitychange");
  p.document.hidden = false;
  p.fire("visibilitychange");
  assert.deepEqual(p.said, ["away", "online"]);
});
