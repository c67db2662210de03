import assert from "node:assert/strict";
import { test } from "node:test";
import { safeRedirect } from "../../static/js/data/safe-redirect.js";

test("after logging in one comes back to where one was, and never to another site", () => {
  const place = (/** @type {string | null} */ asked) => safeRedirect(asked, "https://dash.example");
  for (const same of ["/", "/boards/host", "/board?series=a%7Bb%3D%22c%22%7D&window=60", "/admin#tokens"]) assert.equal(place(same), same);
  const others = [null, "", "boards/host", "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
    "/..//evil.example", "/%2f/..//evil.example", "/login", "/login?next=/login", "/first-admin", "/a\\b"];
  for (const other of others) assert.equal(place(other), "/", String(other));
});
