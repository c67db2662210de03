// Signs for people: initials in a ring, status as shape and word.

import { initials } from "../data/conversation.js";
import { h } from "./dom.js";

export const STATUS = /** @type {Record<string, string>} */ ({ online: "●", away: "◐", offline: "○" });

/** @param {{name: string, status?: string}} person @param {string} [title] */
export function initialsSign(person, title) {
  return h("span", { class: "initials", "data-status": person.status ?? "online", title, text: initials(person.name) });
}

/** Where to log in, and to come back to. */
export function loginAddress() {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** @typedef {{kind: string, user: {id: string, name: string} | null, role: string}} Me */

/** Who the server says this is; null: it does not say. @returns {Me | null} */
export function whoAmI() {
  const content = document.querySelector('meta[name="user"]')?.getAttribute("content");
  try {
    const me = content ? JSON.parse(content) : null;
    return me && { kind: me.kind, user: me.user ?? null, role: me.role ?? me.user?.role ?? "" };
  } catch {
    return null;
  }
}
