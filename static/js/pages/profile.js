// One's own name and password; what this session may do, and its end.

import { ApiError, api } from "../client/http.js";
import { moment } from "../draw/format.js";
import { h, setText } from "../widgets/dom.js";
import { onSubmit } from "../widgets/form.js";
import { loginAddress } from "../widgets/who.js";
import { at } from "./plain.js";

/** @param {any} me */
function show(me) {
  const { user } = me;
  at("name").value = user.name;
  setText(at("who"), user.id);
  setText(at("role"), user.role);
  const grants = Object.entries(me.grants ?? {});
  at("grants").replaceChildren(...(grants.length ? grants.map(([board, role]) => h("li", { text: `${role} on ${board}` })) : [h("li", { text: "the same on every board" })]));
  setText(at("expires"), me.expires ? `This session ends ${moment(me.expires, Date.now())}.` : "");
  at("content").hidden = false;
}

/** @param {string} id @param {string} text */
function said(id, text) {
  setText(at(id), `● ${text}`);
  setTimeout(() => setText(at(id), ""), 6_000);
}

onSubmit(at("name-form"), async ({ name }) => {
  show(await api("PATCH", "/api/v1/me", { name }));
  said("name-done", "saved");
});
onSubmit(at("password-form"), async ({ old_password, password, again }) => {
  if (password !== again) throw new ApiError(0, "invalid", "is not the same", "again");
  await api("PATCH", "/api/v1/me", { password, old_password });
  at("password-form").reset();
  said("password-done", "changed; all other sessions have ended");
});
at("logout").addEventListener("click", async () => {
  await api("POST", "/api/v1/logout").catch(() => {}); // over already: the page that follows shows it
  location.assign("/login");
});

try {
  const me = await api("GET", "/api/v1/me");
  if (me.user && me.kind === "user") show(me);
  else location.replace(loginAddress());
} catch (error) {
  setText(at("failed"), /** @type {Error} */ (error).message);
}
