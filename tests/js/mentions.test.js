import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionable, typedMention } from "../../static/js/data/mentions.js";

const PEOPLE = [{ id: "ann", name: "Ann Berg" }, { id: "b.smith", name: "Bob Smith" }, { id: "øyv", name: "Øyvind" }];
/** @param {string | undefined} typed */
const ids = (typed) => mentionable(PEOPLE, typed).map(({ id }) => id);

test("a mention begins with an @ after a blank or at the beginning", () => {
  assert.equal(typedMention("@"), "");
  assert.equal(typedMention("hello @b.sm"), "b.sm");
  assert.equal(typedMention("hello\n@øy"), "øy");
  for (const text of ["", "ann@example", "@ann ", "@a,b", `@${"x".repeat(41)}`]) assert.equal(typedMention(text), undefined, text);
});

test("ids, names and the words of names are searched from their beginnings, in any case", () => {
  assert.deepEqual(ids("B"), ["ann", "b.smith"]);
  assert.deepEqual(ids("smi"), ["b.smith"]);
  assert.deepEqual(ids("ØY"), ["øyv"]);
  assert.deepEqual(ids("mith"), []);
  assert.deepEqual(ids(undefined), []);
});

test("no more are offered than a list can hold", () => {
  assert.equal(mentionable(Array.from({ length: 9 }, (_, i) => ({ id: `u${i}`, name: "" })), "").length, 6);
});
