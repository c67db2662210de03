import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionCurtain } from "../../static/js/widgets/connection-curtain.js";
import { document } from "./page.js";

/** Show the curtain for a connection. @param {object} connection */
function shown(connection) {
  const curtain = new ConnectionCurtain();
  document.body.append(curtain);
  const state = { state: "waiting", lostAt: 1_000, lossNoticedAt: 1_000, retryAt: 0, reason: "", now: () => 10_000, ...connection };
  curtain.show(/** @type {any} */ (state), { now: () => 1_700_000_000_000 });
  return { isShown: curtain.hasAttribute("data-shown"), said: curtain.headline.textContent, line: curtain.line.textContent, page: document.body.dataset.connection };
}

test("a loss is shown after a moment, and at once if the values are older than that", () => {
  assert.equal(shown({ lostAt: 9_000, lossNoticedAt: 9_000 }).isShown, false);
  assert.equal(shown({ lostAt: 9_000, lossNoticedAt: 8_000 }).isShown, true);
  assert.equal(shown({ lostAt: 3_000, lossNoticedAt: 9_900 }).isShown, true);
  assert.deepEqual(shown({ state: "open" }), { isShown: false, said: "", line: "", page: "open" });
});

test("the band says when the next try is", () => {
  const lost = shown({ retryAt: 14_500 });
  assert.equal(lost.said, "Connection lost");
  assert.match(lost.line, /trying again in 5 s$/);
  assert.match(shown({ state: "connecting", retryAt: 14_500 }).line, /trying now$/);
  assert.equal(lost.page, "lost");
});

test("a connection that does not come back says why and what to do", () => {
  const ended = shown({ state: "stopped", reason: "the token was revoked" });
  assert.deepEqual([ended.isShown, ended.said], [true, "Disconnected"]);
  assert.match(ended.line, /^the token was revoked .* reload the page/);
});
