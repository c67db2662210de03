import assert from "node:assert/strict";
import test from "node:test";
import { whileAway } from "../../static/js/data/while-away.js";

const operation = (/** @type {number} */ seq, /** @type {string} */ author) => ({ seq, author, name: author.toUpperCase(), key: `k${seq}`, t: 0, changes: [] });

test("whoever comes back hears what others did since, and what was published", () => {
  const history = [operation(1, "ben"), operation(2, "ann"), operation(3, "ben"), operation(4, "cy"), operation(5, "ben")];
  assert.deepEqual(whileAway(history, "ann", { seq: 1, version: 2 }, 2), { text: "While you were away: BEN made 2 changes, CY made 1 change.", seq: 1 });
  assert.deepEqual(whileAway([], "ann", { seq: 1, version: 2 }, 4), { text: "While you were away: version 4 was published.", seq: 1 });
  assert.equal(whileAway(history, "ann", { seq: 5, version: 2 }, 2), null);
  assert.equal(whileAway(history, "ann", null, 2), null);
});
