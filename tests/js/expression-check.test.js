import assert from "node:assert/strict";
import test from "node:test";
import { faultOf } from "../../static/js/client/expression-check.js";

test("an expression is checked by the server; one that nobody can check now counts as readable", async (t) => {
  let status = 200;
  /** @type {unknown[]} */
  const asked = [];
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ path, /** @type {RequestInit} */ { method, body }) => {
    asked.push([method, path, String(body)]);
    if (!status) throw new TypeError("no network");
    return new Response(JSON.stringify(status === 200 ? {} : { status: "error", error: "unclosed (" }), { status, headers: { "Content-Type": "application/json" } });
  });
  assert.equal(await faultOf("sum(a)"), "");
  assert.deepEqual(asked, [["POST", "/prometheus/api/v1/parse_query", "query=sum%28a%29"]]);
  for (status of [400, 422]) assert.equal(await faultOf("sum(a"), "unclosed (");
  for (status of [401, 403, 408, 413, 414, 429, 503, 0]) assert.equal(await faultOf("sum(a"), "", String(status));
});

test("a check without an answer ends after three seconds", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(globalThis, "fetch", () => new Promise(() => {}));
  const fault = faultOf("sum(a)");
  t.mock.timers.tick(3_000);
  assert.equal(await fault, "");
});
