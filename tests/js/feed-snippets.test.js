import assert from "node:assert/strict";
import { test } from "node:test";
import { SNIPPETS } from "../../static/js/widgets/feed-snippets.js";

const feed = { series: "it's; $(rm)", origin: "http://h:1", host: "h", token: "" };

test("a shell's line is one word where it must be", () => {
  assert.equal(SNIPPETS.curl(feed), "curl 'http://h:1/api/v1/samples/it'\\''s%3B%20%24(rm)' -d 3.1");
  assert.equal(SNIPPETS.StatsD(feed).split("\n")[1], "printf 'it_s____rm_:3.1|g' | nc -u -w1 h 8125");
});

test("a token stands where each sender wants it, and nowhere without one", () => {
  for (const [way, snippet] of Object.entries(SNIPPETS)) {
    assert.ok(!snippet(feed).includes("dsh_"), way);
    if (way !== "StatsD") assert.ok(snippet({ ...feed, token: "dsh_x" }).includes("dsh_x"), way);
  }
});
