import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmed, copyButton, copyText, showDialog, showSheet } from "../../static/js/widgets/dialog.js";
import { document } from "./page.js";

const dialogs = () => document.querySelectorAll("dialog");

test("one dialog is open at a time, and a closed one leaves the page", () => {
  showDialog("first");
  const second = showDialog("second");
  assert.deepEqual(dialogs(), [second]);
  assert.equal(second.hasAttribute("open"), true);
  second.click(); // beside its content
  assert.deepEqual(dialogs(), []);
  showSheet("third").querySelector(".close")?.dispatchEvent(new Event("click"));
  assert.deepEqual(dialogs(), []);
});

test("an action is done only after its own button; Escape, and Cancel, which has the focus, are a no", async () => {
  const ask = () => confirmed("Delete?", "for ever", "Delete");
  const yes = ask();
  dialogs()[0].querySelector(".danger").click();
  assert.equal(await yes, true);
  const no = ask();
  assert.equal(document.activeElement.textContent, "Cancel");
  document.activeElement.click();
  assert.equal(await no, false);
  const escaped = ask();
  dialogs()[0].close();
  assert.equal(await escaped, false);
  assert.deepEqual(dialogs(), []);
});

test("a button says whether it could copy", async () => {
  const copied = /** @type {string[]} */ ([]);
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { clipboard: { writeText: async (/** @type {string} */ text) => copied.push(text) } } });
  const button = copyButton("curl x");
  await copyText(button, "curl x");
  assert.deepEqual([copied, button.textContent], [["curl x"], "Copied"]);
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: {} });
  await copyText(button, "curl x", "Select it");
  assert.equal(button.textContent, "Select it");
});
