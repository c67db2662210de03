// Page of the index of boards.

import "../widgets/user-menu.js";
import { ApiError, api } from "../client/http.js";
import { groupsOf, idFor } from "../data/board-index.js";
import { favourites, homeBoard, recent, setFavourite, setHomeBoard } from "./seen-boards.js";
import { showDialog } from "../widgets/dialog.js";
import { button, byId, h, setText, svg } from "../widgets/dom.js";
import { loginUrl } from "../widgets/user.js";
import "./header.js";

/** @import { BoardListed } from "../data/board-index.js" */
/** Deleted board. @typedef {{id: string, title: string, until: number}} BoardDeleted */

const LIVE_AFTER_MS = 500;
/** Cards that a screen may show at once; the browser lays out later ones when they come in sight, with a guess of their height until then. */
const AT_ONCE = 80;
const main = byId("main");
const mayMake = Boolean(main.dataset.mayMake);
const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "Search boards", "aria-label": "Search boards", autocomplete: "off" }));
const tags = h("span", { class: "tags", role: "group", "aria-label": "Tags" });
const status = h("span", { role: "status", class: "hint" });
const list = h("div");
/** @type {BoardListed[]} */
let boards = [];
/** @type {BoardDeleted[]} what this user can bring back */
let deleted = [];
let tag = "";
/** pictures of the boards that are shown @type {Map<SVGElement, string>} */
const pictures = new Map();
/** @type {import("../widgets/live-thumbnails.js").LiveThumbnails | null} draws their lines; null until the first picture is painted */
let live = null;

/** Draw where the tiles of a board are. @param {BoardListed} board */
function thumbnail({ id, places, rows }) {
  const height = Math.max(rows, 1);
  const tiles = places.map(([kind, x, y, w, tall]) => svg("rect", { class: kind, x: x + 0.1, y: y + 0.1, width: w - 0.2, height: tall - 0.2, "stroke-width": 0.08, rx: 0.15 }));
  const picture = svg("svg", { viewBox: `0 0 24 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...tiles);
  pictures.set(picture, id);
  return picture;
}

/** @param {BoardListed} board */
function card(board) {
  const liked = favourites().has(board.id);
  const star = button(liked ? "★" : "☆", () => {
    setFavourite(board.id, !liked);
    show();
  }, { class: "quiet", "aria-pressed": String(liked), "aria-label": `Favourite: ${board.title}` });
  const isHome = homeBoard() === board.id;
  const house = button("⌂", () => {
    setHomeBoard(isHome ? "" : board.id);
    show();
  }, { class: "quiet", "aria-pressed": String(isHome), "aria-label": `⌂ Home board: ${board.title}`, title: isHome ? "Your home board, at /" : "Make it your home board, at /" });
  const edit = board.may_edit ? h("a", { href: `/boards/${board.id}/edit`, text: "Edit", "aria-label": `Edit ${board.title}` }) : "";
  const when = board.changed && board.source !== "server" ? `changed ${new Date(board.changed).toLocaleDateString()}${board.changed_by ? ` by ${board.changed_by}` : ""}` : "";
  const home = { store: `version ${board.version}`, file: "file", server: "comes with the server" }[board.source] ?? "";
  const remarks = [board.fault && `broken file: ${board.fault}`, board.shadowed && "the store has another board of this id; the file is shown", board.unknown.length && `unknown fields: ${board.unknown.join(", ")}`].filter(Boolean);
  return h("li", { class: "card" }, thumbnail(board), h("div", { class: "row" }, h("a", { class: "open", href: `/boards/${board.id}`, text: board.title }), h("span", {}, edit, " ", house, star)),
    board.subtitle ? h("small", { text: board.subtitle }) : "", h("small", { text: [`${board.tiles} tiles`, home, when].filter(Boolean).join(" · ") }), ...remarks.map((text) => h("small", { class: "remark", text: `▲ ${text}` })));
}

function show() {
  pictures.clear();
  const groups = groupsOf(boards, favourites(), recent(), { search: search.value, tag });
  list.replaceChildren(...groups.flatMap(({ name, boards: some }) => [h("h2", { text: name }), h("ul", { class: "grid" }, ...some.map(card))]));
  [...list.querySelectorAll(".card")].slice(AT_ONCE).forEach((each) => each.classList.add("later"));
  live?.show(pictures);
  const found = new Set(groups.flatMap((group) => group.boards.map(({ id }) => id))).size;
  setText(status, found === boards.length ? `${boards.length} boards` : `${found} of ${boards.length} boards`);
  if (!found) list.append(h("p", { class: "teach", text: "No board matches. Search by title, folder or tag." }));
  if (deleted.length && !search.value && !tag) list.append(h("h2", { text: "Deleted" }), h("ul", { class: "grid" }, ...deleted.map(deletedCard)));
  if (boards.every(({ source }) => source === "server")) list.append(teaching());
  const all = [...new Set(boards.flatMap((board) => board.tags))].sort();
  tags.replaceChildren(...all.map((each) => button(each, () => {
    tag = tag === each ? "" : each;
    show();
  }, { class: "quiet", "aria-pressed": String(tag === each) })));
}

/** @param {BoardDeleted} board */
function deletedCard({ id, title, until }) {
  const back = button("Bring back", async () => {
    back.disabled = true;
    try {
      await api("POST", `/api/v1/boards/${id}/restore`);
      await load();
    } catch (error) {
      back.disabled = false;
      setText(status, error instanceof Error ? error.message : String(error));
    }
  }, { "aria-label": `Bring back ${title}` });
  return h("li", { class: "card" }, h("div", { class: "row" }, h("b", { text: title }), back), h("small", { text: `/boards/${id} · kept until ${new Date(until).toLocaleDateString()}` }));
}

function teaching() {
  return h("div", { class: "teach" }, h("p", { text: "These boards come with the server. Make your own in the browser, put a file into the folder of boards, or publish one:" }),
    h("code", { text: `dashboard board put checkout checkout.yaml --url ${location.origin}` }), h("code", { text: `curl -X PUT ${location.origin}/api/v1/boards/checkout -H 'Content-Type: application/yaml' --data-binary @checkout.yaml` }));
}

function make() {
  const title = /** @type {HTMLInputElement} */ (h("input", { id: "new-title", required: "", maxlength: "200" }));
  const wrong = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "form" }, h("div", { class: "field" }, h("label", { for: "new-title", text: "Title" }), title), wrong,
    h("div", { class: "row" }, h("button", { class: "button primary", type: "submit", text: "Make the board" })));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = idFor(title.value, new Set(boards.map((board) => board.id)));
    try {
      await api("PUT", `/api/v1/boards/${id}`, { title: title.value, columns: 24, rows: 12, widgets: [] }, { "If-None-Match": "*" });
      location.assign(`/boards/${id}/edit`);
    } catch (error) {
      setText(wrong, error instanceof Error ? error.message : String(error));
    }
  });
  showDialog("New board", form);
  title.focus();
}

async function startLive() {
  const { LiveThumbnails } = await import("../widgets/live-thumbnails.js");
  live ??= new LiveThumbnails();
  live.show(pictures);
}

async function load() {
  try {
    ({ boards, deleted = [] } = /** @type {{boards: BoardListed[], deleted: BoardDeleted[]}} */ (await api("GET", "/api/v1/boards?deleted=1")));
    show();
    if (!live) setTimeout(startLive, LIVE_AFTER_MS); // the lines come after the first picture
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.replace(loginUrl());
    setText(status, error instanceof Error ? error.message : String(error));
  }
}

main.append(h("div", { class: "tools" }, search, ...(mayMake ? [button("New board", make, { class: "button primary" })] : []), tags, status), list);
search.addEventListener("input", show);
void load();
