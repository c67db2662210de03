import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../../static/js/client/emitter.js";

/** @returns {{emitter: Emitter<{a: number, b: number}>, heard: (string | number)[][]}} */
function recorded() {
  return { emitter: new Emitter(), heard: [] };
}

test("each callback gets the data of its own event, in the order in which they were added", () => {
  const { emitter, heard } = recorded();
  emitter.on("a", (data) => heard.push(["first", data]));
  emitter.on("a", (data) => heard.push(["second", data]));
  emitter.on("b", (data) => heard.push(["other", data]));
  emitter.emit("a", 7);
  assert.deepEqual(heard, [["first", 7], ["second", 7]]);
});

test("a callback is removed by what `on` returned, by `off`, and with all of its event", () => {
  const { emitter, heard } = recorded();
  const first = () => heard.push(["first"]);
  const remove = emitter.on("a", () => heard.push(["removed"]));
  emitter.on("a", first);
  emitter.on("a", () => heard.push(["last"]));
  remove();
  emitter.off("a", first);
  emitter.emit("a", 1);
  assert.deepEqual(heard, [["last"]]);
  emitter.off("a");
  emitter.emit("a", 1);
  assert.equal(heard.length, 1);
});

test("a callback that removes itself does not make the next one miss the event", () => {
  const { emitter, heard } = recorded();
  const remove = emitter.on("a", () => remove());
  emitter.on("a", () => heard.push(["next"]));
  emitter.emit("a", 1);
  assert.deepEqual(heard, [["next"]]);
});

test("a callback that throws is reported and does not stop the others", (t) => {
  const { emitter, heard } = recorded();
  /** @type {(() => void)[]} */
  const reports = [];
  t.mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ report) => reports.push(report));
  emitter.on("a", () => { throw new Error("broken"); });
  emitter.on("a", () => heard.push(["next"]));
  emitter.emit("a", 1);
  assert.deepEqual(heard, [["next"]]);
  assert.throws(reports[0], /broken/);
});
