import assert from "node:assert/strict";
import test from "node:test";
import { read, write } from "../../static/js/widgets/kept-texts.js";

test("lists of texts are kept by name; what is no such list counts as none", () => {
  write("a", ["x"]); // there is no localStorage in Node yet
  assert.deepEqual(read("a"), []);
  const kept = new Map([["b", "{}"], ["c", '["x", 1]'], ["d", "no JSON"]]);
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) } });
  write("a", ["y", "z"]);
  assert.deepEqual([read("a"), read("b"), read("c"), read("d")], [["y", "z"], [], ["x"], []]);
});
