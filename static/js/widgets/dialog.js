// A dialog over the page: one at a time, gone when it closes.

import { button, h } from "./dom.js";

/** @param {string} title @param {...Node} content @returns {HTMLDialogElement} shown already */
export function showDialog(title, ...content) {
  document.querySelector("dialog")?.remove();
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-label": title }, h("h2", { text: title }), ...content));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask before something that cannot be undone. @param {string} title @param {string} text @param {string} verb @returns {Promise<boolean>} */
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
