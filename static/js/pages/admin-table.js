// What the subjects of administration share: a table, an action on a row that says when it fails, times, a form in a dialog.

import { moment } from "../draw/format.js";
import { age } from "../draw/format.js";
import { button, h } from "../widgets/dom.js";
import { confirmed, showDialog } from "../widgets/dialog.js";
import { makeForm } from "../widgets/form.js";

/** @typedef {() => void} Again */
/** @typedef {{about: string, make?: {text: string, press: (again: Again) => void}, load: (again: Again) => Promise<Node[]>}} Section */
/** @typedef {import("../widgets/form.js").Field} Field */

/** @param {[string, string][]} columns title and class @param {HTMLElement[]} rows */
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

/** @param {boolean} off dimmed @param {...(string | Node | (string | Node)[])} cells */
export function row(off, ...cells) {
  return h("tr", off ? { "data-off": "" } : {}, ...cells.map((cell) => h("td", {}, ...(Array.isArray(cell) ? cell : [cell]))));
}

/** @param {string} title @param {string} text */
export function named(title, text) {
  return [h("b", { text: title }), ...(text && text !== title ? [h("small", { text })] : [])];
}

/** @param {number | null} ms */
export function since(ms) {
  return ms === null || ms === undefined ? "never" : `${age(Date.now() - ms)} ago`;
}

/** @param {number | null} ms */
export function until(ms) {
  if (ms === null || ms === undefined) return "does not";
  return ms < Date.now() ? "has ended" : moment(ms, Date.now());
}

/** @param {string} text @param {string} about for those who do not see the row @param {() => void} press */
export function act(text, about, press) {
  return button(text, press, { class: "quiet", "aria-label": `${text} ${about}` });
}

/** Ask, do, and show what is there now. */
/** @param {string} title @param {string} text @param {string} verb @param {() => Promise<any>} act @param {Again} again */
export async function destroy(title, text, verb, act, again) {
  if (!(await confirmed(title, text, verb))) return;
  await done(act, again);
}

/** @param {() => Promise<any>} act @param {Again} again */
export async function done(act, again) {
  try {
    await act();
    again();
  } catch (error) {
    const close = button("Close", () => dialog.close());
    const dialog = showDialog("Not done", h("p", { text: /** @type {Error} */ (error).message }), h("div", { class: "row" }, close));
  }
}

/** A form in a dialog, which closes when it is done. */
/** @param {string} title @param {Field[]} fields @param {string} verb @param {(values: Record<string, string>) => Promise<any>} send @param {Again} again */
export function formDialog(title, fields, verb, send, again) {
  const form = makeForm(fields, verb, async (values) => {
    await send(values);
    dialog.close();
    again();
  }, () => dialog.close());
  const dialog = showDialog(title, form);
  /** @type {HTMLElement | null} */ (form.querySelector("input, select"))?.focus();
  return form;
}

/** @param {string} text words apart by commas or spaces */
export function words(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}
