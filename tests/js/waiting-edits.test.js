import assert from "node:assert/strict";
import test from "node:test";
import { WaitingEdits } from "../../static/js/pages/waiting-edits.js";

/** A browser's storage: its keys are its own properties. */
class Storage {
  /** @param {string} name */
  getItem(name) {
    return /** @type {any} */ (this)[name] ?? null;
  }
  /** @param {string} name @param {string} value */
  setItem(name, value) {
    /** @type {any} */ (this)[name] = value;
  }
  /** @param {string} name */
  removeItem(name) {
    delete (/** @type {any} */ (this)[name]);
  }
}
const EDIT = { key: "k1", steps: [{ op: "remove", widget: "a" }] };

test("the next page of the same user and board takes over what waits, once", () => {
  /** @type {any} */ (globalThis).localStorage = new Storage();
  new WaitingEdits("ann", "wall", "p1").keep([EDIT]);
  new WaitingEdits("bo", "wall", "p2").keep([{ ...EDIT, key: "k2" }]);
  assert.deepEqual(new WaitingEdits("ann", "hall", "p3").takeOver(), []);
  assert.deepEqual(new WaitingEdits("ann", "wall", "p4").takeOver(), [EDIT]);
  assert.deepEqual(new WaitingEdits("ann", "wall", "p5").takeOver(), []);
});

test("the page of a renamed board takes over what waits under its former ids", () => {
  /** @type {any} */ (globalThis).localStorage = new Storage();
  new WaitingEdits("ann", "wall", "p1").keep([EDIT]);
  assert.deepEqual(new WaitingEdits("ann", "hall", "p2", ["room", "wall"]).takeOver(), [EDIT]);
  assert.deepEqual(new WaitingEdits("ann", "hall", "p3", ["room", "wall"]).takeOver(), []);
});

test("what is answered is not kept", () => {
  /** @type {any} */ (globalThis).localStorage = new Storage();
  const edits = new WaitingEdits("ann", "wall", "p1");
  edits.keep([EDIT]);
  edits.keep([]);
  assert.deepEqual(Object.keys(globalThis.localStorage), []);
});

test("a browser that denies storage says that nothing is kept", () => {
  /** @type {any} */ (globalThis).localStorage = { setItem() { throw new Error("denied"); } };
  const edits = new WaitingEdits("ann", "wall", "p1");
  edits.keep([EDIT]);
  assert.equal(edits.isKept, false);
});
