// Administration of tokens for feeders and programs. A token is shown once, when it is made.

import { api } from "../client/http.js";
import { button, h } from "../widgets/dom.js";
import { copyButton, showDialog } from "../widgets/dialog.js";
import { fieldRow, onSubmit } from "../widgets/form.js";
import { endTime, row, rowButton, runConfirmed, table, timeAgo, titled, words } from "./admin-table.js";

/** @typedef {{id: string, name: string, verbs: string[], prefixes: string[], per_s: number, max_series: number, created: number, created_by: string, expires: number | null, last_used: number | null}} Token */
/** @import { Reload, Section } from "./admin-table.js" */

const VERBS = [["write", "write values and documents"], ["read", "read values"], ["message", "write into rooms"], ["notify", "notify people"]];

/** @param {Reload} reload */
function makeToken(reload) {
  const checks = VERBS.map(([verb, text], i) => h("label", {}, h("input", { type: "checkbox", name: `verb-${verb}`, checked: i ? undefined : "" }), text));
  const form = /** @type {HTMLFormElement} */ (h("form", { class: "form" },
    fieldRow({ name: "name", label: "Name", required: true, hint: "who will use it: web-1 feeder" }),
    h("fieldset", { class: "checks" }, h("legend", { text: "It may" }), ...checks),
    h("p", { class: "about" }),
    fieldRow({ name: "prefixes", label: "Series that begin with", hint: "separated by commas; empty for any" }),
    fieldRow({ name: "days", label: "Ends after days", type: "number", min: 1, hint: "empty for never" }),
    h("p", { class: "wrong", role: "alert" }),
    h("div", { class: "row" }, button("Cancel", () => dialog.close()), h("button", { class: "button primary", type: "submit", text: "Make token" }))));
  const dialog = showDialog("New token", form);
  onSubmit(form, async (values) => {
    const verbs = VERBS.map(([verb]) => verb).filter((verb) => values[`verb-${verb}`]);
    const prefixes = words(values.prefixes);
    const days = Number(values.days);
    const body = { name: values.name, verbs, ...(prefixes.length ? { prefixes } : {}), ...(days ? { days } : {}) };
    const token = await /** @type {Promise<Token & {token: string}>} */ (api("POST", "/api/v1/tokens", body));
    reload();
    showSecret(token);
  });
  /** @type {HTMLElement | null} */ (form.querySelector("input"))?.focus();
}

/** @param {Token & {token: string}} token */
function showSecret(token) {
  const line = `curl ${location.origin}/api/v1/samples/orders -H "Authorization: Bearer ${token.token}" -d 3`;
  const parts = [h("p", { text: "The token is shown only this once, because the server keeps a hash. Copy it to where it is used." }), h("pre", { class: "secret", text: token.token })];
  if (token.verbs.includes("write")) parts.push(h("p", { text: "For example:" }), h("pre", { class: "secret", text: line }));
  const close = button("I have it", () => dialog.close());
  const dialog = showDialog(`Token “${token.name}”`, ...parts, h("div", { class: "row" }, copyButton(token.token), close));
}

/** @param {Token} token @param {Reload} reload */
function tokenRow(token, reload) {
  const limits = [token.per_s ? `${token.per_s} samples/s` : "", token.max_series ? `${token.max_series} series` : ""].filter(Boolean).join(", ");
  const scope = token.prefixes.length ? token.prefixes.map((prefix) => `${prefix}…`).join(", ") : "any series";
  const revoke = rowButton("Revoke", token.name, () => runConfirmed(`Revoke “${token.name}”?`, "Its users are refused within two seconds. This cannot be undone.", "Revoke", () => api("DELETE", `/api/v1/tokens/${encodeURIComponent(token.id)}`), reload));
  return row(false, titled(token.name, `by ${token.created_by}, ${timeAgo(token.created)}`), token.verbs.join(", "), [scope, h("small", { text: limits })], timeAgo(token.last_used), endTime(token.expires), [revoke]);
}

/** @type {Section} */
export const tokensSection = {
  about: "Feeders and programs use a token instead of a password. The server keeps only a hash.",
  make: { text: "New token", press: makeToken },
  async load(reload) {
    const { tokens } = await /** @type {Promise<{tokens: Token[]}>} */ (api("GET", "/api/v1/tokens"));
    if (!tokens.length) {
      return [h("p", { class: "empty" }, "There are no tokens yet. A feeder on another machine needs one to write. Make it here, then run:",
        h("code", { text: `curl ${location.origin}/api/v1/samples/orders -H "Authorization: Bearer dsh_…" -d 3` }))];
    }
    return [table([["Token", "name"], ["May", ""], ["Of", ""], ["Last used", "tight"], ["Ends", "tight"], ["", "acts"]], tokens.map((token) => tokenRow(token, reload)))];
  },
};
