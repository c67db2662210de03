// Parts of the administration pages: tables, buttons in rows, actions that show their errors, forms in dialogs.

import { age, moment } from "../draw/format.js";
import { button, h } from "../widgets/dom.js";
import { confirmed, showDialog } from "../widgets/dialog.js";
import { makeForm } from "../widgets/form.js";

/** Loads and shows the section again. @typedef {() => void} Reload */
/** @typedef {{about: string, make?: {text: string, press: (reload: Reload) => void}, load: (reload: Reload) => Promise<Node[]>}} Section */
/** @import { Field } from "../widgets/form.js" */

/** Make a table. @param {[string, string][]} columns title and class of each @param {HTMLElement[]} rows */
export function table(columns, rows) {
  const heads = columns.map(([title]) => h("th", { scope: "col" }, title || h("span", { class: "visually-hidden", text: "Actions" })));
  for (const row of rows) {
    columns.forEach(([title, name], i) => {
      const cell = /** @type {HTMLElement | undefined} */ (row.children[i]);
      if (name) cell?.classList.add(...name.split(" "));
      if (title && i) cell?.setAttribute("data-label", title);
    });
  }
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)));
}

/** Make a row. @param {boolean} off whether it is dimmed @param {...(string | Node | (string | Node)[])} cells */
export function row(off, ...cells) {
  return h("tr", off ? { "data-off": "" } : {}, ...cells.map((cell) => h("td", {}, ...(Array.isArray(cell) ? cell : [cell]))));
}

/** Make the content of a cell with a title and a smaller text. @param {string} title @param {string} text */
export function titled(title, text) {
  return [h("b", { text: title }), ...(text && text !== title ? [h("small", { text })] : [])];
}

/** Return how long ago a time was. @param {number | null} ms */
export function timeAgo(ms) {
  return ms === null || ms === undefined ? "never" : `${age(Date.now() - ms)} ago`;
}

/** Return when something ends. @param {number | null} ms null for never */
export function endTime(ms) {
  if (ms === null || ms === undefined) return "does not";
  return ms < Date.now() ? "has ended" : moment(ms, Date.now());
}

/** Make a button for a row. @param {string} text @param {string} about what it acts on, for screen readers @param {() => void} press */
export function rowButton(text, about, press) {
  return button(text, press, { class: "quiet", "aria-label": `${text} ${about}` });
}

/** Run an action after the user has confirmed it. */
/** @param {string} title @param {string} text @param {string} verb label of the action @param {() => Promise<unknown>} action @param {Reload} reload */
export async function runConfirmed(title, text, verb, action, reload) {
  if (await confirmed(title, text, verb)) await run(action, reload);
}

/** Run an action, then load the section again, or show the error. @param {() => Promise<unknown>} action @param {Reload} reload */
export async function run(action, reload) {
  try {
    await action();
    reload();
  } catch (error) {
    const close = button("Close", () => dialog.close());
    const dialog = showDialog("Not done", h("p", { text: /** @type {Error} */ (error).message }), h("div", { class: "row" }, close));
  }
}

/** Show a form in a dialog, which closes when the form is sent. */
/** @param {string} title @param {Field[]} fields @param {string} verb label of its button @param {(values: Record<string, string>) => Promise<unknown>} send @param {Reload} reload */
export function formDialog(title, fields, verb, send, reload) {
  const form = makeForm(fields, verb, async (values) => {
    await send(values);
    dialog.close();
    reload();
  }, () => dialog.close());
  const dialog = showDialog(title, form);
  /** @type {HTMLElement | null} */ (form.querySelector("input, select"))?.focus();
  return form;
}

/** Return the words of a text, separated by commas or spaces. @param {string} text */
export function words(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}
