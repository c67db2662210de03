// Who can log in: made, changed, switched off, given another password.

import { ApiError, api } from "../client/http.js";
import { act, destroy, done, formDialog, named, row, since, table } from "./admin-table.js";

/** @typedef {{id: string, name: string, role: string, disabled: boolean, created: number, last_login: number | null, grants: Record<string, string>}} User */
/** @typedef {import("./admin-table.js").Again} Again */
/** @typedef {import("./admin-table.js").Section} Section */

const ROLES = /** @type {[string, string][]} */ ([["viewer", "viewer: sees boards and talks"], ["editor", "editor: also writes values and boards"], ["operator", "operator: also makes rooms and notifies"], ["admin", "admin: everything"]]);
const GRANTS_HINT = "more on single boards, as BOARD=ROLE, apart by commas: checkout=editor";
const path = (/** @type {User} */ user) => `/api/v1/users/${encodeURIComponent(user.id)}`;

/** @param {Record<string, string>} grants */
function written(grants) {
  return Object.entries(grants).map(([board, role]) => `${board}=${role}`).join(", ");
}

/** @param {string} text @returns {Record<string, string>} */
function readGrants(text) {
  const parts = text.split(/[\s,]+/).filter(Boolean).map((part) => part.split("="));
  for (const [board, role] of parts) {
    if (!board || !ROLES.some(([name]) => name === role)) throw new ApiError(0, "invalid", "write BOARD=ROLE, the role being viewer, editor, operator or admin", "grants");
  }
  return Object.fromEntries(parts);
}

/** @param {Again} again */
function makeUser(again) {
  formDialog("New user", [
    { name: "id", label: "Login name", required: true, hint: "lower-case letters, digits, - _ and .; it stays" },
    { name: "name", label: "Name", hint: "as others see it" },
    { name: "role", label: "Role", options: ROLES, value: "viewer" },
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", required: true, hint: "at least 10 characters; the user can change it" },
  ], "Make user", ({ id, name, role, password }) => api("POST", "/api/v1/users", { id, ...(name ? { name } : {}), role, password }), again);
}

/** @param {User} user @param {Again} again */
function editUser(user, again) {
  formDialog(`Change ${user.id}`, [
    { name: "name", label: "Name", value: user.name, required: true },
    { name: "role", label: "Role", options: ROLES, value: user.role, hint: "takes effect at once, also where the user is logged in" },
    { name: "grants", label: "On single boards", value: written(user.grants), hint: GRANTS_HINT },
  ], "Save", ({ name, role, grants }) => api("PATCH", path(user), { name, role, grants: readGrants(grants) }), again);
}

/** @param {User} user @param {Again} again */
function setPassword(user, again) {
  formDialog(`New password for ${user.id}`, [
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", required: true, hint: "at least 10 characters; ends all sessions of this user" },
  ], "Set password", ({ password }) => api("PATCH", path(user), { password }), again);
}

/** @param {User} user @param {Again} again */
function userRow(user, again) {
  const off = user.disabled;
  const turn = off
    ? act("Enable", user.id, () => done(() => api("PATCH", path(user), { disabled: false }), again))
    : act("Disable", user.id, () => destroy(`Disable ${user.id}?`, "All sessions of this user end within two seconds. What was written stays. Can be taken back.", "Disable", () => api("PATCH", path(user), { disabled: true }), again));
  const remove = act("Delete", user.id, () => destroy(`Delete ${user.id}?`, "The user cannot log in any more, and the name can be given again. Messages stay. To keep the name, disable instead.", "Delete", () => api("DELETE", path(user)), again));
  return row(off, named(user.name, user.id), [user.role, ...(off ? [" · disabled"] : [])], written(user.grants), since(user.last_login), since(user.created),
    [act("Change", user.id, () => editUser(user, again)), act("Password", `of ${user.id}`, () => setPassword(user, again)), turn, remove]);
}

/** @type {Section} */
export const usersSection = {
  about: "People who can log in. Each role may what the ones before it may.",
  make: { text: "New user", press: makeUser },
  async load(again) {
    const { users } = await api("GET", "/api/v1/users");
    const rows = users.map((/** @type {User} */ user) => userRow(user, again));
    return [table([["User", "name"], ["Role", "tight"], ["On single boards", ""], ["Last login", "tight"], ["Made", "tight"], ["", "acts"]], rows)];
  },
};
