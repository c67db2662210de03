// User of this page, as the server wrote it into the page, and the badge with a user's initials.

import { initials } from "../data/conversation.js";
import { h } from "./dom.js";

export const STATUS = /** @type {Record<string, string>} */ ({ online: "●", away: "◐", offline: "○" });

/** Return a user's name with the id, which tells apart names that look alike. @param {{id: string, name: string}} user */
export function nameAndId({ id, name }) {
  return `${name} (@${id})`;
}

/** Make a user's name: the id shows on hover, and screen readers read it. @param {{id: string, name: string}} user @param {string} [more] */
export function nameShown(user, more = "") {
  return h("b", { title: `@${user.id}` }, h("span", { text: user.name + more }), h("span", { class: "visually-hidden", text: ` (@${user.id})` }));
}

/** Make a badge with the initials of a user. @param {{name: string, status?: string}} user @param {string} [title] */
export function initialsBadge(user, title) {
  return h("span", { class: "initials", "data-status": user.status ?? "online", title, text: initials(user.name) });
}

/** Return the address of the login page, which leads back to this page. */
export function loginUrl() {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** @typedef {{kind: string, user: {id: string, name: string} | null, role: string}} CurrentUser */

/** Return who uses this page, or null if the server has no users. @returns {CurrentUser | null} */
export function currentUser() {
  const content = document.querySelector('meta[name="user"]')?.getAttribute("content");
  try {
    const me = content ? JSON.parse(content) : null;
    return me && { kind: me.kind, user: me.user ?? null, role: me.role ?? me.user?.role ?? "" };
  } catch {
    return null;
  }
}
