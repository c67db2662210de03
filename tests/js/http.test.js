import assert from "node:assert/strict";
import { test } from "node:test";
import { api } from "../../static/js/client/http.js";

/** Answer the next requests. @param {import("node:test").TestContext} t @param {() => Promise<Response>} answer */
function server(t, answer) {
  /** @type {{path: string, options: RequestInit}[]} */
  const asked = [];
  t.mock.method(globalThis, "fetch", (/** @type {string} */ path, /** @type {RequestInit} */ options) => {
    asked.push({ path, options });
    return answer();
  });
  return asked;
}
const json = (/** @type {number} */ status, /** @type {unknown} */ body) => async () => new Response(JSON.stringify(body), { status });

test("a body travels as JSON with the session, and the answer is returned", async (t) => {
  const asked = server(t, json(200, { id: 7 }));
  assert.deepEqual(await api("POST", "/api/v1/x", { a: 1 }), { id: 7 });
  const { path, options } = asked[0];
  assert.deepEqual([path, options.method, options.credentials, options.body], ["/api/v1/x", "POST", "same-origin", '{"a":1}']);
  assert.equal(/** @type {Record<string, string>} */ (options.headers)["Content-Type"], "application/json");
});

test("a form travels as a form", async (t) => {
  const asked = server(t, json(200, {}));
  await api("POST", "/x", new URLSearchParams({ query: "a{b='c'}" }));
  const { headers, body } = new Request("http://host/x", asked[0].options);
  assert.match(headers.get("Content-Type") ?? "", /^application\/x-www-form-urlencoded/);
  assert.equal(String(body ? asked[0].options.body : ""), "query=a%7Bb%3D%27c%27%7D");
});

test("a request without a body says nothing about one, and an empty answer is null", async (t) => {
  const asked = server(t, async () => new Response(null, { status: 204 }));
  assert.equal(await api("DELETE", "/api/v1/x"), null);
  assert.equal(asked[0].options.body, undefined);
  assert.ok(!("Content-Type" in /** @type {object} */ (asked[0].options.headers)));
});

test("an error has the server's code, message and field", async (t) => {
  server(t, json(400, { code: "invalid", error: "is taken", field: "name" }));
  await assert.rejects(api("POST", "/x", {}), { name: "ApiError", status: 400, code: "invalid", message: "is taken", field: "name" });
});

test("an error without JSON, as a proxy sends it, names its status", async (t) => {
  server(t, async () => new Response("<html>", { status: 502 }));
  await assert.rejects(api("GET", "/x"), { status: 502, code: "error", message: /502/, field: "" });
});

test("no answer is an error with the code offline", async (t) => {
  server(t, () => Promise.reject(new TypeError("fetch failed")));
  await assert.rejects(api("GET", "/x"), { status: 0, code: "offline" });
});
