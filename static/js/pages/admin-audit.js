// Administration of the audit log: who did what, newest first, read only.

import { api } from "../client/http.js";
import { clock } from "../draw/format.js";
import { button, h } from "../widgets/dom.js";
import { row, table } from "./admin-table.js";

/** @typedef {{id: string, t: number, actor: string, action: string, subject: string, detail: unknown, address: string}} AuditEvent */
/** @import { Section } from "./admin-table.js" */

const PAGE = 50;
const COLUMNS = /** @type {[string, string][]} */ ([["When", "tight"], ["Who", ""], ["Did", ""], ["To", ""], ["Detail", "detail"], ["From", "tight"]]);

/** Return the detail of an event as text. @param {unknown} detail */
function detailText(detail) {
  if (detail === null || detail === undefined) return "";
  if (typeof detail !== "object") return String(detail);
  return Object.entries(detail).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
}

/** @param {AuditEvent} event */
function eventRow(event) {
  const day = new Date(event.t);
  const when = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")} ${clock(event.t, true)}`;
  return row(false, when, event.actor || "–", event.action, event.subject, detailText(event.detail), event.address);
}

/** Load a page of events. @param {string} [before] id of the event to begin below @returns {Promise<{events: AuditEvent[], more: boolean}>} */
function loadPage(before) {
  return api("GET", `/api/v1/audit?limit=${PAGE}${before ? `&before=${encodeURIComponent(before)}` : ""}`);
}

/** @type {Section} */
export const auditSection = {
  about: "Logins, tokens, roles, revocations and deletions. Entries cannot be changed.",
  async load() {
    const { events, more } = await loadPage();
    if (!events.length) return [h("p", { class: "empty", text: "There are no entries yet." })];
    let last = events[events.length - 1].id;
    const shown = table(COLUMNS, events.map(eventRow));
    const body = shown.querySelector("tbody");
    const older = button("Show older", async () => {
      older.disabled = true;
      try {
        const next = await loadPage(last);
        last = next.events.at(-1)?.id ?? last;
        const rows = table(COLUMNS, next.events.map(eventRow)).querySelectorAll("tbody tr");
        body?.append(...rows);
        if (!next.more) older.remove();
      } finally {
        older.disabled = false;
      }
    }, { class: "button more" });
    return more ? [shown, older] : [shown];
  },
};
