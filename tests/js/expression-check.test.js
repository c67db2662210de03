import assert from "node:assert/strict";
import test from "node:test";
import { faultOf } from "../../static/js/client/expression-check.js";

test("an expression is checked by the server; one that nobody can check now counts as readable", async () => {
  let status = 200;
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = async (/** @type {any} */ path) => {
    asked.push(path);
    if (!status) throw new TypeError("no network");
    return new Response(JSON.stringify(status === 200 ? {} : { error: { code: "invalid", message: "unclosed (" } }), { status, headers: { "Content-Type": "application/json" } });
  };
  assert.equal(await faultOf("sum(a)"), "");
  assert.deepEqual(asked, ["/prometheus/api/v1/parse_query?query=sum(a)"]);
  status = 400;
  assert.notEqual(await faultOf("sum(a"), "");
  for (status of [503, 0]) assert.equal(await faultOf("sum(a"), "");
});
