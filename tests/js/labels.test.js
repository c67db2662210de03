import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shortNames } from "../../static/js/data/labels.js";

describe("labels", () => {
  test("one series is called by its name, one of many by what differs", () => {
    assert.deepEqual(shortNames([{ name: "cpu", labels: { host: "a" } }]), ["cpu"]);
    assert.deepEqual(shortNames([{ name: "cpu", labels: { host: "a", dc: "x" } }, { name: "cpu", labels: { host: "b", dc: "x" } }]), ["a", "b"]);
    assert.deepEqual(shortNames([{ name: "net_receive_bytes", labels: {} }, { name: "net_send_bytes", labels: {} }]), ["receive", "send"]);
  });

  test("a bare number is shown with its label", () => {
    assert.deepEqual(shortNames([{ name: "c", labels: { core: "0" } }, { name: "c", labels: { core: "1" } }]), ["core 0", "core 1"]);
  });

  test("control characters are shown escaped, as in the text of the series", () => {
    const all = ["a\n\t\x00b", "\x85é"].map((x) => ({ name: "c", labels: { x } }));
    assert.deepEqual(shortNames(all), ["a\\n\\t\\x00b", "\\u0085é"]);
  });

  test("the board's label wins, and falls back to the name", () => {
    assert.deepEqual(shortNames([{ name: "c", labels: { a: "1", b: "x" } }, { name: "d", labels: {} }], "b"), ["x", "d"]);
  });

  test("a name that ends where another goes on is not empty", () => {
    for (const name of shortNames([{ name: "a_b", labels: {} }, { name: "a_b_c", labels: {} }])) assert.notEqual(name, "");
  });
});
