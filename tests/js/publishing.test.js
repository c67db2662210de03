import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Publishing } from "../../static/js/widgets/publishing.js";
import { document, refused, serve, settled, texts } from "./page.js";

/** @param {object} [more] */
function publishing(more) {
  const said = /** @type {string[]} */ ([]);
  const opener = document.createElement("button");
  const board = { id: "wall", home: "store", sent: async () => {}, ...more };
  return { made: new Publishing(/** @type {any} */ (board), opener, (text) => said.push(text)), opener, said };
}

test("the button says who will see the publication, and keeps saying it while the server is away", async () => {
  const { made, opener } = publishing();
  serve({ "GET /api/v1/boards/wall/reach": { screens: 2, viewers: 1 } });
  await made.count();
  assert.equal(opener.textContent, "Publish to 2 screens, 1 viewer");
  serve({});
  await made.count();
  assert.equal(opener.textContent, "Publish to 2 screens, 1 viewer");
  serve({ "GET /api/v1/boards/wall/reach": { screens: 0, viewers: 0 } });
  await made.count();
  assert.equal(opener.textContent, "Publish");
});

test("they are counted every few seconds, and not on a page that nobody sees", () => {
  const came = serve({});
  const { made } = publishing();
  for (let second = 0; second < 10; second++) made.tick();
  assert.equal(came.length, 2);
  document.hidden = true;
  for (let second = 0; second < 10; second++) made.tick();
  document.hidden = false;
  assert.equal(came.length, 2);
});

test("the dialog lists what changes and publishes with the note; a refusal leaves it open", async () => {
  const { made, said } = publishing();
  const answers = /** @type {Record<string, unknown>} */ ({ "GET /api/v1/boards/wall/diff?old=published&new=draft": { changes: ["CPU: moved"] }, "POST /api/v1/boards/wall/publish": refused(412, "changed meanwhile") });
  const came = serve(answers);
  await made.open();
  const dialog = document.querySelector("dialog");
  assert.deepEqual(texts(dialog.querySelectorAll("li")), ["CPU: moved"]);
  dialog.querySelector("input").value = "why";
  const go = dialog.querySelector(".primary");
  go.click();
  await settled();
  assert.deepEqual([dialog.querySelector(".wrong").textContent, go.disabled, said], ["changed meanwhile", false, []]);
  answers["POST /api/v1/boards/wall/publish"] = { version: 2 };
  go.click();
  await settled();
  assert.deepEqual([came.at(-1), said, document.querySelector("dialog")], [["POST /api/v1/boards/wall/publish", { note: "why" }], ["Published"], null]);
});

test("a dialog that was closed while its edits waited for the server publishes nothing", async () => {
  let arrive = () => {};
  const sent = new Promise((resolve) => (arrive = () => resolve(undefined)));
  const came = serve({});
  const { made, said } = publishing({ sent: () => sent });
  void made.open();
  const dialog = document.querySelector("dialog");
  assert.deepEqual(texts(dialog.querySelectorAll("li")), ["Reading what differs …"]);
  const go = dialog.querySelector(".primary");
  go.click();
  assert.deepEqual([go.textContent, go.disabled], ["Publishing …", true]);
  dialog.close();
  arrive();
  await settled();
  assert.deepEqual([came.filter(([name]) => name.startsWith("POST")), said], [[], []]);
});

test("of a board that is no board of the store, the dialog says what to do instead", async () => {
  serve({ "GET /api/v1/boards/wall/diff?old=published&new=draft": { changes: [] } });
  await publishing({ home: "server" }).made.open();
  assert.match(document.querySelector("dialog").textContent, /Save a copy under another id instead/);
  assert.match(document.querySelector("dialog").textContent, /Nothing differs/);
});
