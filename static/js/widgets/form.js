// Forms for the HTTP API: fields with labels and hints, errors beside the field that they are about, one request at a time.

import { ApiError } from "../client/http.js";
import { button, h, setText } from "./dom.js";

/** @typedef {{name: string, label: string, type?: string, hint?: string, value?: string, options?: [string, string][], required?: boolean, autocomplete?: string, min?: number, max?: number, spellcheck?: boolean}} Field */

let count = 0;

/** Make a field. @param {Field} field @returns {HTMLElement} the label, the control, its hint, and a place for its error */
export function fieldRow(field) {
  const id = `field-${field.name}-${(count += 1)}`;
  const more = { id, name: field.name, required: field.required ? "" : undefined, "aria-describedby": `${id}-about`, autocomplete: field.autocomplete ?? "off" };
  const control = field.options
    ? h("select", more, ...field.options.map(([value, text]) => h("option", { value, text, selected: value === field.value ? "" : undefined })))
    : h("input", { ...more, type: field.type ?? "text", value: field.value, min: field.min?.toString(), max: field.max?.toString(), spellcheck: field.spellcheck ? undefined : "false" });
  return h("div", { class: "field" }, h("label", { for: id, text: field.label }), control,
    h("p", { class: "about", id: `${id}-about` }, h("span", { class: "hint", text: field.hint ?? "" }), h("span", { class: "wrong", role: "alert" })));
}

/** Return the values of a form by name. @param {HTMLFormElement} form @returns {Record<string, string>} */
export function formValues(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/** @param {HTMLFormElement} form */
function clear(form) {
  for (const wrong of form.querySelectorAll(".wrong")) setText(wrong, "");
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** Show an error, beside its field if it names one. @param {HTMLFormElement} form @param {unknown} error */
export function showError(form, error) {
  const { message, field } = error instanceof ApiError ? error : { message: String(error), field: "" };
  const control = /** @type {HTMLElement | null} */ (field ? form.elements.namedItem(field) : null);
  const wrong = control?.closest(".field")?.querySelector(".wrong") ?? form.querySelector(":scope > .wrong");
  const text = field && message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message; // the error is shown beside the field
  if (wrong) setText(wrong, `▲ ${control ? text : sentence(message)}`);
  control?.setAttribute("aria-invalid", "true");
  (control ?? /** @type {HTMLElement | null} */ (form.querySelector("input, select, button")))?.focus();
  if (control instanceof HTMLInputElement) control.select();
}

/** @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Call `send` when the form is submitted, one call at a time, and show its errors in the form. */
/** @param {HTMLFormElement} form @param {(values: Record<string, string>) => Promise<unknown>} send */
export function onSubmit(form, send) {
  const submit = /** @type {HTMLButtonElement | null} */ (form.querySelector("button[type=submit]"));
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit?.disabled) return;
    clear(form);
    const empty = /** @type {HTMLInputElement | null} */ (form.querySelector(":required:invalid"));
    if (empty) {
      showError(form, new ApiError(0, "invalid", empty.value ? "is not valid" : "is required", empty.name));
      return;
    }
    if (submit) submit.disabled = true;
    try {
      await send(formValues(form));
    } catch (error) {
      showError(form, error);
    } finally {
      if (submit) submit.disabled = false;
    }
  });
}

/** Make a form. @param {Field[]} fields @param {string} verb label of its button @param {(values: Record<string, string>) => Promise<unknown>} send @param {() => void} [cancel] */
export function makeForm(fields, verb, send, cancel) {
  const submit = h("button", { class: "button primary", type: "submit", text: verb });
  const form = /** @type {HTMLFormElement} */ (h("form", { class: "form" }, ...fields.map(fieldRow), h("p", { class: "wrong", role: "alert" }),
    h("div", { class: "row" }, ...(cancel ? [button("Cancel", cancel)] : []), submit)));
  onSubmit(form, send);
  return form;
}
