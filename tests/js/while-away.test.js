import assert from "node:assert/strict";
import test from "node:test";
import { whileAway } from "../../static/js/data/while-away.js";

const operation = (/** @type {number} */ seq, /** @type {string} */ author) => ({ seq, author, name: author.toUpperCase(), key: `k${seq}`, t: 0, changes: [] });

test("whoever comes back hears what others did since, and what was published", () => {
  const history = [operation(1, "ben"), operation(2, "ann"), operation(3, "ben"), operation(4, "cy"), operation(5, "ben")];
  const draft = { history, from: 0, user: "ann" };
  assert.deepEqual(whileAway(draft, { seq: 1, version: 2 }, 2), { text: "While you were away: BEN made 2 changes, CY made 1 change.", seq: 1 });
  assert.deepEqual(whileAway({ ...draft, history: [], from: 6 }, { seq: 1, version: 2 }, 4), { text: "While you were away: version 4 was published.", seq: 1 });
  assert.deepEqual(whileAway({ ...draft, history: history.slice(4), from: 4 }, { seq: 1, version: 2 }, 2), { text: "While you were away: the draft was discarded, BEN made 1 change.", seq: 1 });
  assert.equal(whileAway(draft, { seq: 5, version: 2 }, 2), null);
  assert.equal(whileAway({ ...draft, history: [], from: 5 }, { seq: 5, version: 2 }, 2), null);
  assert.equal(whileAway(draft, null, 2), null);
});
