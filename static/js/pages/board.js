// Page of a board, or of chosen series.

import "../widgets/connection-curtain.js";
import { TRANSIENT } from "../client/refusal.js";
import { DashBoard } from "../widgets/dash-board.js";
import { clock } from "../draw/format.js";
import { button as makeButton, h, setText } from "../widgets/dom.js";
import { atFirstInput } from "./presence.js";
import { startChat } from "./board-chat.js";
import { currentUser, loginUrl } from "../widgets/user.js";
import { Shell } from "./shell.js";

/** Name, seconds (null for the board's own window), and key of each choice. */
const WINDOWS = /** @type {[string, number | null, string][]} */ ([["15 m", null, "1"], ["6 h", 21_600, "2"], ["48 h", 172_800, "3"]]);

const shell = new Shell();
const board = /** @type {DashBoard} */ (document.querySelector("dash-board"));
const boardId = board.dataset.board ?? "";
const behindHash = new URLSearchParams(location.hash.slice(1));
/** @type {string[]} those of the address; a long choice stands after the #, which has no limit */
const selectors = JSON.parse(board.dataset.selectors ?? "[]").concat(behindHash.getAll("series"), behindHash.getAll("expr"));
// A wall sees no board, and the walls of a user all load their pages at once after an update: the board counts as seen at the first sign of a person.
atFirstInput(() => import("./seen-boards.js").then(({ noteSeen }) => noteSeen(boardId, currentUser()?.kind === "user"), () => {})); // the board is shown all the same
const subtitle = /** @type {HTMLElement} */ (document.getElementById("subtitle"));
board.configure({ clock: shell.clock, loop: shell.loop, showFeed: (name, lines) => shell.showFeed(name, lines), announce: (text) => shell.announce(text) }, {
  ask: (since) => shell.views.change(subscription, request(), since),
  latest: () => subscription.id,
  position: () => (shell.connection.state === "open" ? subscription.position : ""), // without a connection no tile falls asleep, because its values may be old
});

/** Screens ask for a changed board's data within this time, not all at once. */
const SPREAD_MS = 200;
/** When the server has no room, screens ask again after this time or up to twice as late. */
const AGAIN_MS = 10_000;
/** Screens of a board that is not there, or may not be seen, look again after this time, or up to twice as late. */
const LOOK_AGAIN_MS = 30_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;
let shownS = 900;
const asked = Number(new URLSearchParams(location.search).get("window"));
let windowS = asked >= 1 && asked <= 172_800 ? asked : null;

/** Return the request for the view. */
function request() {
  const watched = boardId ? { board: boardId, tag: board.board?.tag } : { selectors };
  return { ...watched, ...board.skipping(), ...(windowS ? { window_s: windowS, rate_hz: windowS > 3_600 ? 1 : 10 } : {}) };
}

/** @param {number} seconds */
function windowName(seconds) {
  return seconds >= 7_200 ? `last ${Math.round(seconds / 3_600)} h` : `last ${Math.round(seconds / 60)} min`;
}

if (!boardId && !selectors.length) {
  const list = h("a", { href: "/explore", text: "Explore" });
  board.replaceChildren(h("p", { class: "message" }, "No series is chosen. /board?series=NAME shows one; repeat series=NAME for more. ", list, " shows all that exist."));
}
const subscription = shell.views.watch(request(), {
  snapshot(snapshot) {
    clearTimeout(again);
    board.begin(snapshot, selectors);
    shownS = snapshot.window_s;
    showBoard();
  },
  frame: (frame) => board.apply(frame),
  error: (error) => {
    board.sight?.refused();
    const isTransient = TRANSIENT.has(error.code);
    clearTimeout(again);
    if (isTransient || boardId) again = setTimeout(() => shell.views.change(subscription, request()), (isTransient ? AGAIN_MS : LOOK_AGAIN_MS) * (1 + Math.random()));
    if (error.code === "not_authenticated") location.replace(loginUrl()); // the session has ended
    if (!isTransient && board.textContent !== error.message) board.replaceChildren(h("p", { class: "message", text: error.message }));
  },
});

/** Show what the board says about itself. */
function showBoard() {
  if (boardId) subscription.request = request(); // its tag tells the server at a reconnection which state this page has
  const parts = [board.board?.subtitle, windowName(shownS)].filter(Boolean);
  setText(subtitle, parts.join(" · "));
  if (board.board?.title) setText(/** @type {Element} */ (document.querySelector("h1")), board.board.title);
  const notice = /** @type {HTMLElement} */ (document.getElementById("board-notice"));
  const fault = board.board?.fault ?? "";
  notice.hidden = !fault;
  notice.title = fault;
  setText(notice, fault && `The board’s file is broken, so this is its last good state: ${fault}`);
}

shell.connection.on("message", (message) => {
  if (message.type !== "board_changed" || message.board !== boardId) return;
  if (message.moved_to) location.replace(`/boards/${message.moved_to}${location.search}`);
  else if (!message.definition) board.replaceChildren(h("p", { class: "message", text: "This board was deleted. An editor can bring it back for 30 days." }));
  else if (board.change(message.definition)) setTimeout(() => shell.views.change(subscription, request()), Math.random() * SPREAD_MS);
  showBoard();
});

/** Show another window of time. @param {number | null} seconds */
function chooseWindow(seconds) {
  windowS = seconds;
  const address = new URL(location.href);
  if (seconds) address.searchParams.set("window", String(seconds));
  else address.searchParams.delete("window");
  history.replaceState(null, "", address);
  markWindow();
  shell.views.change(subscription, request());
}

const buttons = WINDOWS.map(([name, seconds, key]) => {
  const choose = () => chooseWindow(seconds);
  const button = makeButton(name, choose, { class: "quiet" });
  shell.keys.push([key, `show ${windowName(seconds ?? 900)}`, choose]);
  return button;
});
/** Mark the button of the current window. */
function markWindow() {
  buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(WINDOWS[i][1] === windowS)));
}
markWindow();
document.getElementById("windows")?.append(...buttons);

/** Show the charts at a moment, in a window that reaches back to it if there is one. @param {number} at */
function jump(at) {
  const age = shell.clock.now() - at;
  const shown = board.store.windowMs || 900_000;
  const reaching = WINDOWS.find(([, seconds]) => (seconds ?? 900) * 1000 > age);
  if (age > shown && reaching) chooseWindow(reaching[1]);
  board.showMoment(age > shown && !reaching ? null : at);
  const chip = /** @type {HTMLElement} */ (document.getElementById("moment"));
  const back = makeButton("back to now", () => {
    board.showMoment(null);
    chip.hidden = true;
  }, { class: "quiet" });
  const text = board.moment.at === null ? `${clock(at, true)} is older than the charts reach` : clock(at, true);
  chip.replaceChildren(h("b", { text }), back);
  chip.hidden = false;
  shell.announce(board.moment.at === null ? text : `The charts show ${text}`);
}
const title = document.querySelector("h1")?.textContent ?? "";
startChat(shell, { boardId, title }, { jump, time: () => board.moment.at ?? shell.clock.now() });

const loadPutting = () => Promise.all([import("../widgets/put-on-board.js"), import("../data/suited-widget.js")]);
const loadInspector = () => import("../widgets/tile-inspector.js");

/** Load what shows a dialog before it is asked for: keys that are pressed meanwhile are lost. @param {Element | null} place where it is asked for @param {() => Promise<unknown>} load @param {string[]} events that come before */
function loadBefore(place, load, events) {
  const now = () => shell.connection.state === "open" && load();
  for (const event of events) place?.addEventListener(event, now);
}

/** Put what this page shows onto a board, in the same kinds of tiles. */
async function putShown() {
  const [{ putOnBoard }, { SIZES, suitedToDocument }] = await loadPutting();
  const expressions = new Set([...new URLSearchParams(location.search).getAll("expr"), ...behindHash.getAll("expr")]);
  putOnBoard(board.tiles.map(({ widget: { kind, title, series, document: key } }) => {
    if (key) return suitedToDocument(key, kind);
    const asked = expressions.has(title) ? { expr: title } : { series };
    return { kind, title: title.slice(0, 60), ...asked, ...SIZES[kind] };
  }));
}
const put = document.getElementById("put");
put?.addEventListener("click", putShown);
loadBefore(put, loadPutting, ["pointerover", "focusin"]);

/** Inspect the tile with the focus. */
async function inspect() {
  const tile = board.tiles.find((each) => each.contains(document.activeElement));
  if (tile) (await loadInspector()).inspectTile(tile);
  else shell.announce("Choose a tile with Tab first");
}

loadBefore(board, loadInspector, ["focusin"]);
shell.keys.push(["i", "inspect the tile with the focus", inspect]);
shell.keys.push(["h", "the Host board", () => location.assign("/")], ["e", "explore", () => location.assign("/explore")]);
shell.keys.push(["f", "full screen", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())]);
shell.everySecond.push(() => board.tick());
addEventListener("beforeprint", () => board.sight?.keepAwake()); // sleeping tiles show the time of their values
addEventListener("afterprint", () => board.sight?.release());
document.addEventListener("keydown", (event) => {
  const prints = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "p";
  if (!prints || !board.sight?.asleep.size || shell.connection.state !== "open") return;
  event.preventDefault(); // print once all tiles show their newest values
  board.sight.keepAwake(() => shell.loop.afterPaint(() => print()));
});
document.addEventListener("theme", () => board.recolour());
document.fonts.addEventListener("loadingdone", () => board.retype());
addEventListener("hashchange", () => location.reload()); // other series are chosen
shell.start();
