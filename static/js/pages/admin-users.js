// Administration of the users who can log in.

import { ApiError, api } from "../client/http.js";
import { formDialog, row, rowButton, run, runConfirmed, table, timeAgo, titled } from "./admin-table.js";

/** @typedef {{id: string, name: string, role: string, disabled: boolean, created: number, last_login: number | null, grants: Record<string, string>}} User */
/** @import { Reload, Section } from "./admin-table.js" */

const ROLES = /** @type {[string, string][]} */ ([["viewer", "viewer: sees boards and talks"], ["editor", "editor: also writes values and boards"], ["operator", "operator: also makes rooms and notifies"], ["admin", "admin: everything"]]);
const GRANTS_HINT = "further roles on single boards, as BOARD=ROLE, separated by commas: checkout=editor";
const path = (/** @type {User} */ user) => `/api/v1/users/${encodeURIComponent(user.id)}`;

/** Return grants as text for the form. @param {Record<string, string>} grants */
function grantsText(grants) {
  return Object.entries(grants).map(([board, role]) => `${board}=${role}`).join(", ");
}

/** Return the grants in a text; fails if it is not valid. @param {string} text @returns {Record<string, string>} */
function parseGrants(text) {
  const parts = text.split(/[\s,]+/).filter(Boolean).map((part) => part.split("="));
  for (const [board, role] of parts) {
    if (!board || !ROLES.some(([name]) => name === role)) throw new ApiError(0, "invalid", "write BOARD=ROLE, where the role is viewer, editor, operator or admin", "grants");
  }
  return Object.fromEntries(parts);
}

/** @param {Reload} reload */
function makeUser(reload) {
  formDialog("New user", [
    { name: "id", label: "Login name", required: true, hint: "lower-case letters, digits, - _ and .; it cannot be changed later" },
    { name: "name", label: "Name", hint: "as others see it" },
    { name: "role", label: "Role", options: ROLES, value: "viewer" },
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", required: true, hint: "at least 10 characters; the user can change it" },
  ], "Make user", ({ id, name, role, password }) => api("POST", "/api/v1/users", { id, ...(name ? { name } : {}), role, password }), reload);
}

/** @param {User} user @param {Reload} reload */
function editUser(user, reload) {
  formDialog(`Change ${user.id}`, [
    { name: "name", label: "Name", value: user.name, required: true },
    { name: "role", label: "Role", options: ROLES, value: user.role, hint: "takes effect at once, also where the user is logged in" },
    { name: "grants", label: "On single boards", value: grantsText(user.grants), hint: GRANTS_HINT },
  ], "Save", ({ name, role, grants }) => api("PATCH", path(user), { name, role, grants: parseGrants(grants) }), reload);
}

/** @param {User} user @param {Reload} reload */
function setPassword(user, reload) {
  formDialog(`New password for ${user.id}`, [
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", required: true, hint: "at least 10 characters; ends all sessions of this user" },
  ], "Set password", ({ password }) => api("PATCH", path(user), { password }), reload);
}

/** @param {User} user @param {Reload} reload */
function userRow(user, reload) {
  const off = user.disabled;
  const turn = off
    ? rowButton("Enable", user.id, () => run(() => api("PATCH", path(user), { disabled: false }), reload))
    : rowButton("Disable", user.id, () => runConfirmed(`Disable ${user.id}?`, "All sessions of this user end within two seconds. Their messages stay. You can enable the user again.", "Disable", () => api("PATCH", path(user), { disabled: true }), reload));
  const remove = rowButton("Delete", user.id, () => runConfirmed(`Delete ${user.id}?`, "The user can no longer log in, and nobody gets the login name again. Messages stay. A user who may come back is better disabled.", "Delete", () => api("DELETE", path(user)), reload));
  return row(off, titled(user.name, user.id), [user.role, ...(off ? [" · disabled"] : [])], grantsText(user.grants), timeAgo(user.last_login), timeAgo(user.created),
    [rowButton("Change", user.id, () => editUser(user, reload)), rowButton("Password", `of ${user.id}`, () => setPassword(user, reload)), turn, remove]);
}

/** @type {Section} */
export const usersSection = {
  about: "People who can log in. Each role may do everything that the roles before it may.",
  make: { text: "New user", press: makeUser },
  async load(reload) {
    const { users } = await /** @type {Promise<{users: User[]}>} */ (api("GET", "/api/v1/users"));
    const rows = users.map((user) => userRow(user, reload));
    return [table([["User", "name"], ["Role", "tight"], ["On single boards", ""], ["Last login", "tight"], ["Made", "tight"], ["", "acts"]], rows)];
  },
};
