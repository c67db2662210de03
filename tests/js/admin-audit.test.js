import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { auditSection } from "../../static/js/pages/admin-audit.js";
import { serve, settled, texts } from "./page.js";

/** @param {string} id @param {unknown} [detail] */
const event = (id, detail = null) => ({ id, t: 1_700_000_000_000, actor: "", action: "login.done", subject: "ann", detail, address: "::1" });

test("entries say who did what in words, and earlier ones are shown when they are asked for", async () => {
  const came = serve({
    "GET /api/v1/audit?limit=50": { events: [event("9", { by: "openid", grants: { wall: "editor" } }), event("8")], more: true },
    "GET /api/v1/audit?limit=50&before=8": { events: [event("7", "text")], more: false },
  });
  const [shown, older] = /** @type {any[]} */ (await auditSection.load(() => {}));
  const rows = () => shown.querySelectorAll("tbody")[0].children.map((/** @type {any} */ row) => texts(row.children));
  assert.match(rows()[0][0], /^2023-11-1\d \d\d:\d\d:\d\d$/);
  assert.deepEqual(rows()[0].slice(1), ["–", "login.done", "ann", 'by openid, grants {"wall":"editor"}', "::1"]);
  assert.equal(rows()[1][4], "");
  const place = older.parentNode ?? shown;
  place.append(older);
  older.click();
  await settled();
  assert.deepEqual([came.length, rows().length, rows()[2][4], older.parentNode], [2, 3, "text", null]);
});

test("an empty log says so", async () => {
  serve({ "GET /api/v1/audit?limit=50": { events: [], more: false } });
  const [empty] = await auditSection.load(() => {});
  assert.match(empty.textContent ?? "", /no entries yet/);
});
