// Profile page: the user's name and password, roles, and when this session ends.

import { ApiError, api } from "../client/http.js";
import { moment } from "../draw/format.js";
import { byId, h, setText } from "../widgets/dom.js";
import { onSubmit } from "../widgets/form.js";
import { loginUrl } from "../widgets/user.js";
import "./header.js";

/** @typedef {{kind: string, user: {id: string, name: string, role: string}, grants?: Record<string, string>, expires: number | null}} Me */

/** How long a confirmation is shown. */
const SHOWN_MS = 6_000;

/** Show the user. @param {Me} me */
function show(me) {
  const { user } = me;
  byId("name", HTMLInputElement).value = user.name;
  setText(byId("who"), user.id);
  setText(byId("role"), user.role);
  const grants = Object.entries(me.grants ?? {});
  byId("grants").replaceChildren(...(grants.length ? grants.map(([board, role]) => h("li", { text: `${role} on ${board}` })) : [h("li", { text: "the same on every board" })]));
  setText(byId("expires"), me.expires ? `This session ends ${moment(me.expires, Date.now())}.` : "");
  byId("content").hidden = false;
}

/** Show a confirmation for a while. @param {string} id @param {string} text */
function confirmIn(id, text) {
  setText(byId(id), `● ${text}`);
  setTimeout(() => setText(byId(id), ""), SHOWN_MS);
}

const passwordForm = byId("password-form", HTMLFormElement);
onSubmit(byId("name-form", HTMLFormElement), async ({ name }) => {
  show(await /** @type {Promise<Me>} */ (api("PATCH", "/api/v1/me", { name })));
  confirmIn("name-done", "saved");
});
onSubmit(passwordForm, async ({ old_password, password, again }) => {
  if (password !== again) throw new ApiError(0, "invalid", "is not the same", "again");
  await api("PATCH", "/api/v1/me", { password, old_password });
  passwordForm.reset();
  confirmIn("password-done", "changed; all other sessions have ended");
});
byId("logout").addEventListener("click", async () => {
  await api("POST", "/api/v1/logout").catch(() => {}); // the session may have ended already: the next page shows it
  location.assign("/login");
});

try {
  const me = await /** @type {Promise<Me>} */ (api("GET", "/api/v1/me"));
  if (me.user && me.kind === "user") show(me);
  else location.replace(loginUrl());
} catch (error) {
  setText(byId("failed"), /** @type {Error} */ (error).message);
}
