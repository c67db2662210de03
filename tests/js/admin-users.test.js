import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { usersSection } from "../../static/js/pages/admin-users.js";
import { document, serve, settled, texts } from "./page.js";

/** @param {string} id @param {object} [more] */
const user = (id, more) => ({ id, name: id.toUpperCase(), role: "viewer", disabled: false, created: 1, last_login: null, grants: {}, ...more });

/** Load the section. @param {object[]} users */
async function section(users) {
  const answers = /** @type {Record<string, unknown>} */ ({ "GET /api/v1/users": { users }, "PATCH /api/v1/users/ann": {}, "DELETE /api/v1/users/ann": null });
  const came = serve(answers);
  let loads = 0;
  const [content] = /** @type {any[]} */ (await usersSection.load(() => { loads += 1; }));
  const press = async (/** @type {string} */ label) => {
    content.querySelector(`[aria-label="${label}"]`).click();
    await settled();
  };
  return { came, content, press, loads: () => loads };
}

test("users are listed with their roles, also those on single boards", async () => {
  const { content } = await section([user("ann", { grants: { wall: "editor", hall: "operator" } }), user("bob", { disabled: true })]);
  const rows = content.querySelectorAll("tbody")[0].children;
  assert.deepEqual(texts(rows[0].children).slice(0, 4), ["ANNann", "viewer", "wall=editor, hall=operator", "never"]);
  assert.match(rows[1].textContent, /viewer · disabled/);
});

test("a disabled user is enabled at once, and one is disabled or deleted only after a yes", async () => {
  const disabled = await section([user("ann", { disabled: true })]);
  await disabled.press("Enable ann");
  assert.deepEqual([disabled.came.at(-1), disabled.loads()], [["PATCH /api/v1/users/ann", { disabled: false }], 1]);
  const enabled = await section([user("ann")]);
  for (const [label, request] of /** @type {[string, any][]} */ ([["Disable ann", ["PATCH /api/v1/users/ann", { disabled: true }]], ["Delete ann", ["DELETE /api/v1/users/ann", undefined]]])) {
    await enabled.press(label);
    assert.notDeepEqual(enabled.came.at(-1), request);
    document.querySelector("dialog").querySelector(".danger").click();
    await settled();
    assert.deepEqual(enabled.came.at(-1), request);
  }
});

test("whoever deletes a user is told what becomes of the name", async () => {
  const { press } = await section([user("ann")]);
  await press("Delete ann");
  assert.match(document.querySelector("dialog").textContent, /nobody gets the login name again/);
});
