// Page of the index of boards.

import { ApiError, api } from "../client/http.js";
import { draftOf, groupsOf, idFor, madeAndChanged } from "../data/board-index.js";
import { since } from "../draw/format.js";
import { areMarksUnknown, favourites, homeBoard, recent, setFavourite, setHomeBoard, takeOver, useMarks } from "./seen-boards.js";
import { button, byId, counted, h, setText, svg } from "../widgets/dom.js";

// What the first picture does not need is loaded after it. The page's template names the modules above, so that all are asked for at once.

/** @import { BoardListed } from "../data/board-index.js" */
/** Deleted board. @typedef {{id: string, title: string, until: number}} BoardDeleted */

const LIVE_AFTER_MS = 500;
/** Cards that a screen may show at once; the browser lays out later ones when they come in sight, with a guess of their height until then. */
const AT_ONCE = 80;
/** Cards that are made at once: more than a screen shows, and the one with the focus. */
const FIRST_CARDS = 30;
/** The others are made in steps of so many while the browser has nothing else to do, at the latest after this time. */
const STEP_CARDS = 15;
const STEP_WITHIN_MS = 100;
const main = byId("main");
const mayMake = Boolean(main.dataset.mayMake);
const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "Search boards", "aria-label": "Search boards", autocomplete: "off" }));
const tags = h("span", { class: "tags", role: "group", "aria-label": "Tags" });
const status = h("span", { role: "status", class: "hint" });
const list = h("div");
/** @type {BoardListed[]} */
let boards = [];
/** whether the list has come; before that nothing can be said about it */
let isListed = false;
/** @type {BoardDeleted[]} what this user can bring back */
let deleted = [];
let tag = "";
/** pictures of the boards that are shown @type {Map<SVGElement, string>} */
const pictures = new Map();
/** @type {import("../widgets/live-thumbnails.js").LiveThumbnails | null} draws their lines; null until the first picture is painted */
let live = null;
/** grows with each call of show(), so that the steps of an earlier call end */
let shows = 0;

/** Draw where the tiles of a board are. @param {BoardListed} board */
function thumbnail({ id, places, rows }) {
  const height = Math.max(rows, 1);
  const tiles = places.map(([kind, x, y, w, tall]) => svg("rect", { class: kind, x: x + 0.1, y: y + 0.1, width: w - 0.2, height: tall - 0.2, "stroke-width": 0.08, rx: 0.15 }));
  const picture = svg("svg", { viewBox: `0 0 24 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...tiles);
  pictures.set(picture, id);
  return picture;
}

/** Say what went wrong. @param {unknown} error */
function complain(error) {
  setText(status, error instanceof Error ? error.message : String(error));
}

/** Show the list when the server knows the change; at once if this browser keeps it. @param {Promise<void> | undefined} told */
function showAfter(told) {
  if (told) told.then(() => (areMarksUnknown() ? load() : show()), complain);
  else show();
}

/** @param {BoardListed} board */
function card(board) {
  const liked = favourites().has(board.id);
  const star = button(liked ? "★" : "☆", () => showAfter(setFavourite(board.id, !liked)), { class: "quiet", "aria-pressed": String(liked), "aria-label": `Favourite: ${board.title}` });
  const isHome = homeBoard() === board.id;
  const house = button("⌂", () => showAfter(setHomeBoard(board.id, !isHome)), { class: "quiet", "aria-pressed": String(isHome), "aria-label": `⌂ Home board: ${board.title}`, title: isHome ? "Your home board, at /" : "Make it your home board, at /" });
  const edit = board.may_edit ? h("a", { href: `/boards/${board.id}/edit`, text: "Edit", "aria-label": `Edit ${board.title}` }) : "";
  const when = madeAndChanged(board, (t) => new Date(t).toLocaleDateString());
  const home = { store: `version ${board.version}`, file: "file", server: "comes with the server" }[board.source] ?? "";
  const remarks = [board.fault && `broken file: ${board.fault}`, board.shadowed && "the store has another board of this id; the file is shown", board.unknown.length && `unknown fields: ${board.unknown.join(", ")}`].filter(Boolean);
  return h("li", { class: "card", "data-board": board.id }, thumbnail(board), h("div", { class: "row" }, h("a", { class: "open", href: `/boards/${board.id}`, text: board.title.trim() || board.id }), h("span", {}, edit, " ", house, star)),
    board.subtitle ? h("small", { text: board.subtitle }) : "", h("small", { text: [counted(board.tiles, "tile"), home, when, draftOf(board, (t) => since(t, Date.now()))].filter(Boolean).join(" · ") }), ...remarks.map((text) => h("small", { class: "remark", text: `▲ ${text}` })));
}

/** Return the name of a button or a link. @param {Element} element */
function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}

/** Return where the focus is among the elements that show() replaces. */
function focusedNow() {
  const element = document.activeElement;
  if (!element || element === search || !main.contains(element)) return null;
  const card = /** @type {HTMLElement | null} */ (element.closest(".card"));
  return { name: nameOf(element), board: card?.dataset.board, group: card?.parentElement?.dataset.group };
}

/** Give the focus to the element that has the place of the one that had it. @param {NonNullable<ReturnType<typeof focusedNow>>} before */
function refocus({ name, board, group }) {
  if (document.activeElement !== document.body) return;
  const cards = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".card")]).filter((each) => each.dataset.board === board);
  const place = board === undefined ? tags : cards.find((each) => each.parentElement?.dataset.group === group) ?? cards[0];
  const choices = /** @type {HTMLElement[]} */ ([...place?.querySelectorAll("a, button") ?? []]);
  (choices.find((each) => nameOf(each) === name) ?? choices[0] ?? search).focus({ preventScroll: true });
}

/** Show the list. @param {ReturnType<typeof focusedNow>} [next] gets the focus if no element of the list has it */
function show(next = null) {
  if (!isListed) return;
  const focused = focusedNow() ?? next;
  pictures.clear();
  shows += 1;
  const groups = groupsOf(boards, favourites(), recent(), { search: search.value, tag });
  const grids = groups.map(({ name }) => h("ul", { class: "grid", "data-group": name }));
  list.replaceChildren(...groups.flatMap(({ name }, i) => [h("h2", { text: name }), grids[i]]));
  const cards = groups.flatMap((group, i) => group.boards.map((board) => ({ board, grid: grids[i] })));
  const ofFocus = cards.map(({ board, grid }, i) => ({ i, isHere: grid.dataset.group === focused?.group, id: board.id })).filter(({ id }) => id === focused?.board);
  const last = (ofFocus.find(({ isHere }) => isHere) ?? ofFocus[0])?.i ?? 0;
  void fill(cards, shows, Math.max(FIRST_CARDS, last + 1)).then((isDone) => isDone && live?.show(pictures));
  const found = new Set(groups.flatMap((group) => group.boards.map(({ id }) => id))).size;
  const all = counted(boards.length, "board");
  setText(status, (found === boards.length ? all : `${found} of ${all}`) + (areMarksUnknown() ? " · your favourites cannot be read now" : ""));
  if (!boards.length) list.append(h("p", { class: "teach", text: mayMake ? "There are no boards. New board makes one." : "There are no boards that you may see." }));
  else if (!found) list.append(h("p", { class: "teach", text: "No board matches. Search by title, folder or tag." }));
  if (deleted.length && !search.value && !tag) list.append(h("h2", { text: "Deleted" }), h("ul", { class: "grid" }, ...deleted.map(deletedCard)));
  if ((boards.length || mayMake) && boards.every(({ source }) => source === "server")) list.append(teaching());
  const allTags = [...new Set(boards.flatMap((board) => board.tags))].sort();
  tags.replaceChildren(...allTags.map((each) => button(each, () => {
    tag = tag === each ? "" : each;
    show();
  }, { class: "quiet", "aria-pressed": String(tag === each) })));
  if (focused) refocus(focused);
}

/**
 * Make the cards: the first ones at once, the others in steps.
 * @param {{board: BoardListed, grid: HTMLElement}[]} cards @param {number} mine @param {number} first how many at once @returns {Promise<boolean>} whether all were made; other cards may have been called for meanwhile
 */
async function fill(cards, mine, first) {
  for (let from = 0, to = first; from < cards.length; from = to, to += STEP_CARDS) {
    if (from) await idle();
    if (mine !== shows) return false;
    cards.slice(from, to).forEach(({ board, grid }, i) => {
      const made = card(board);
      made.classList.toggle("later", from + i >= AT_ONCE);
      grid.append(made);
    });
  }
  return mine === shows;
}

/** Wait until the browser has nothing else to do. */
function idle() {
  return new Promise((resolve) => ("requestIdleCallback" in globalThis ? requestIdleCallback(resolve, { timeout: STEP_WITHIN_MS }) : setTimeout(resolve, STEP_WITHIN_MS / 2)));
}

/** @param {BoardDeleted} board */
function deletedCard({ id, title, until }) {
  const back = button("Bring back", async () => {
    back.disabled = true;
    try {
      await api("POST", `/api/v1/boards/${id}/restore`);
      await load({ name: title, board: id, group: undefined });
    } catch (error) {
      back.disabled = false;
      if (document.activeElement === document.body) back.focus(); // it had the focus until it was disabled
      complain(error);
    }
  }, { "aria-label": `Bring back ${title}` });
  return h("li", { class: "card", "data-board": id }, h("div", { class: "row" }, h("b", { text: title }), back), h("small", { text: `/boards/${id} · kept until ${new Date(until).toLocaleDateString()}` }));
}

/** Show the ways to a board, with the boards that come with the server as files to begin with. */
function teaching() {
  const files = boards.flatMap(({ id, title }, i) => [i ? ", " : "", h("a", { href: `/api/v1/boards/${id}?written=1`, download: `${id}.yaml`, text: `${id}.yaml`, "aria-label": `${id}.yaml, the file of ${title}` })]);
  const examples = boards.length ? h("p", {}, "These boards come with the server; their files are examples:", h("br"), ...files) : h("p", {}, "A file may be as short as this checkout.yaml:", h("code", { text: "{title: Checkout, widgets: [{kind: line, title: Orders, series: [orders]}]}" }));
  return h("div", { class: "teach" }, examples, h("p", { text: "Make your own in the browser, put a file into the folder of boards, or publish one:" }),
    h("code", { text: `dashboard board put checkout checkout.yaml --url ${location.origin}` }), h("code", { text: `curl -X PUT ${location.origin}/api/v1/boards/checkout -H 'Content-Type: application/yaml' --data-binary @checkout.yaml` }));
}

/** Load what shows dialogs, before somebody presses a button that shows one: keys that are pressed meanwhile are lost. */
function loadDialogs() {
  return import("../widgets/dialog.js");
}

async function make() {
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
  const { showDialog } = await loadDialogs();
  showDialog("New board", form);
  title.focus();
}

async function startLive() {
  const { LiveThumbnails } = await import("../widgets/live-thumbnails.js");
  live ??= new LiveThumbnails();
  live.show(pictures);
}

/** Load and show the list. @param {ReturnType<typeof focusedNow>} [next] gets the focus if no element of the list has it */
async function load(next = null) {
  try {
    const said = /** @type {{boards: BoardListed[], deleted: BoardDeleted[], marks: import("./seen-boards.js").Marks | null}} */ (await api("GET", "/api/v1/boards?deleted=1"));
    ({ boards, deleted = [] } = said);
    useMarks(said.marks);
    isListed = true;
    show(next);
    if (!live) setTimeout(startLive, LIVE_AFTER_MS); // the lines come after the first picture
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.replace((await import("../widgets/user.js")).loginUrl());
    complain(error);
  }
}

main.append(h("div", { class: "tools" }, search, ...(mayMake ? [button("New board", make, { class: "button primary" })] : []), tags, status), list);
search.addEventListener("input", () => show());
const isLoaded = load();
await idle();
await Promise.all([import("./header.js"), ...(mayMake ? [loadDialogs()] : []), isLoaded]);
const { currentUser } = await import("../widgets/user.js");
if (await takeOver(currentUser()?.user?.id ?? "")) show();
