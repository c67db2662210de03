import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveElement } from "../../static/js/widgets/live-element.js";
import { document } from "./page.js";

test("its listeners end when it leaves the page, and begin anew when it comes back", () => {
  const heard = /** @type {string[]} */ ([]);
  class Heard extends LiveElement {
    /** @param {AbortSignal} signal */
    connected(signal) {
      this.addEventListener("ring", () => heard.push("ring"), { signal });
    }
  }
  const element = new Heard();
  const ring = () => element.dispatchEvent(new Event("ring"));
  document.body.append(element);
  ring();
  element.remove();
  ring();
  document.body.append(element);
  ring();
  assert.equal(heard.length, 2);
});

test("it paints only what differs from the last time", () => {
  const element = new LiveElement();
  assert.deepEqual([element.differs([1], "a"), element.differs([1], "a"), element.differs([2], "a")], [true, false, true]);
});
