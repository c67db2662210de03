// Dialogs over the page: one at a time, removed when they close.

import { button, h, setText } from "./dom.js";
import { lendFocus } from "./kept-focus.js";

/** Show a dialog. @param {string} title @param {...Node} content @returns {HTMLDialogElement} */
export function showDialog(title, ...content) {
  document.querySelector("dialog")?.remove();
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-label": title }, h("h2", { text: title }), ...content));
  const giveBack = lendFocus(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    giveBack();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Show a dialog to read or to choose from, with a button that closes it. @param {string} title @param {...Node} content @returns {HTMLDialogElement} */
export function showSheet(title, ...content) {
  const close = button("×", () => dialog.close(), { class: "quiet close", "aria-label": "Close" }); // the last, so that the content has the focus
  const dialog = showDialog(title, ...content, close);
  return dialog;
}

/** Ask before an action that cannot be undone. @param {string} title @param {string} text @param {string} verb the label of the action @returns {Promise<boolean>} whether to do it */
export function confirmed(title, text, verb) {
  return new Promise((resolve) => {
    const yes = button(verb, () => done(true), { class: "button danger" });
    const no = button("Cancel", () => done(false));
    const dialog = showDialog(title, h("p", { text }), h("div", { class: "row" }, no, yes));
    dialog.addEventListener("close", () => resolve(false));
    no.focus();
    /** @param {boolean} answer */
    function done(answer) {
      resolve(answer);
      dialog.close();
    }
  });
}

/**
 * Copy a text to the clipboard, and show on an element whether it worked.
 * @param {Element} element @param {string} text @param {string} [failed] shown where the browser denies it, as it does to pages of plain HTTP
 */
export async function copyText(element, text, failed = "Press Ctrl-C") {
  try {
    await navigator.clipboard.writeText(text);
    setText(element, "Copied");
  } catch {
    setText(element, failed);
  }
}

/** Make a button that copies a text. @param {string} text */
export function copyButton(text) {
  const copy = button("Copy", () => copyText(copy, text));
  return copy;
}
