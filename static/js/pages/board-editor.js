// Page of the board editor: one draft with all its editors, live data in every tile, everything by mouse and by keyboard.

import "../widgets/connection-curtain.js";
import { ApiError, api } from "../client/http.js";
import { TRANSIENT } from "../client/refusal.js";
import { BoardDraft, inWords, isDiscard, lastEdit } from "../data/board-draft.js";
import { whileAway } from "../data/while-away.js";
import { since as ago } from "../draw/format.js";
import { BoardPanel } from "../widgets/board-panel.js";
import { DashBoard } from "../widgets/dash-board.js";
import { compare } from "../widgets/board-history.js";
import { confirmed } from "../widgets/dialog.js";
import { byId, counted, h, setText } from "../widgets/dom.js";
import { Publishing } from "../widgets/publishing.js";
import { SeriesPicker } from "../widgets/series-picker.js";
import { inspectTile } from "../widgets/tile-inspector.js";
import { TileClipboard, isTyping } from "../widgets/tile-clipboard.js";
import { TilePlacing } from "../widgets/tile-placing.js";
import { loginUrl } from "../widgets/user.js";
import { shownOn, watchRequest } from "../widgets/watch-request.js";
import { OtherEditors } from "./other-editors.js";
import { SeenEdits } from "./seen-edits.js";
import { Shell } from "./shell.js";
import { WaitingEdits } from "./waiting-edits.js";

/** @import { Editing, OperationState, Step } from "../client/protocol.js" */
/** @import { EditedBoard } from "../widgets/board-actions.js" */
/** @import { Subscription } from "../client/views.js" */

const AGAIN_MS = 1_000;
/** When the server has no room, the editor asks for its data again after this time or up to twice as late. */
const WATCH_AGAIN_MS = 10_000;
/** The server takes this many steps in one operation. */
const MOST_STEPS = 200;

const shell = new Shell();
const board = /** @type {DashBoard} */ (document.querySelector("dash-board"));
const boardId = board.dataset.board ?? "";
const panel = /** @type {BoardPanel} */ (document.querySelector("board-panel"));
const picker = /** @type {SeriesPicker} */ (document.querySelector("series-picker"));
const user = board.dataset.author ?? "";
const page = randomKey();
const draft = new BoardDraft(user);
/** waiting edits, also those that earlier pages could not send */
const kept = new WaitingEdits(user, boardId, page, (board.dataset.formerly ?? "").split(" ").filter(Boolean));
const seen = new SeenEdits(user, boardId);
draft.waiting = kept.takeOver();
kept.keep(draft.waiting); // at once, because `takeOver` has removed the entries of the earlier pages
/** @type {EditedBoard} */
const edited = { id: boardId, home: board.dataset.home ?? "store", isArchived: board.dataset.archived === "yes", isLeaving: false, document: () => draft.current, sent: () => panel.checked().then(() => sending), complain };
let version = Number(board.dataset.version ?? 0);
/** @type {Subscription | null} */
let subscription = null;
let watched = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */ let watchAgain;
let isSending = false;
/** the sending of the waiting operations, for callers that wait for its end */
let sending = Promise.resolve();

/** Return a key that nobody else makes. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}

board.configure({ clock: shell.clock, loop: shell.loop, showFeed: (name, lines) => shell.showFeed(name, lines), announce: () => {} }, {
  ask: (since) => watch(since),
  latest: () => subscription?.id ?? 0,
  position: () => (shell.connection.state === "open" && subscription?.position) || "",
});

// --- operations ---

/** Edit the draft: at once here, and on the server as soon as it answers. @param {Step[]} steps @returns {boolean} whether this page can show the edit */
function operate(steps) {
  /** @type {string[]} */
  const keys = [];
  for (let from = 0; from < steps.length; from += MOST_STEPS) {
    keys.push(randomKey());
    draft.add(keys[keys.length - 1], steps.slice(from, from + MOST_STEPS));
  }
  try {
    show();
  } catch (error) {
    // a pasted tile of another version, or no tile at all; it would keep all later edits from being shown
    keys.forEach((key) => draft.refused(key));
    show();
    complain(new Error(`This cannot be put on the board: ${error instanceof Error ? error.message : error}`));
    return false;
  }
  void sendWaiting();
  return true;
}

/** Send the waiting operations in their order; while the server is away, wait and try again under the same keys. */
function sendWaiting() {
  if (!isSending) sending = sendAll();
  return sending;
}

async function sendAll() {
  isSending = true;
  const unsent = () => draft.waiting.find(({ seq }) => !seq);
  for (let next = unsent(); next; next = unsent()) {
    try {
      const { seq } = /** @type {{seq: number}} */ (await api("POST", `/api/v1/boards/${boardId}/operations`, { key: next.key, operation: next.steps }));
      draft.answered(next.key, seq);
    } catch (error) {
      if (!(await mayTryAgain(error))) {
        draft.refused(next.key);
        show();
      }
    }
  }
  isSending = false;
  showState();
}

/** Return whether a request may be tried again, after a pause; say what is wrong otherwise. @param {unknown} error */
async function mayTryAgain(error) {
  const passing = error instanceof ApiError && ([0, 401, 429].includes(error.status) || error.status >= 500);
  if (!passing) {
    complain(error);
    return false;
  }
  if (/** @type {ApiError} */ (error).status === 401) complain(error); // leads to the login; what waits stays kept for the page after it
  showState();
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  return true;
}

/** @param {boolean} again */
async function undo(again) {
  await edited.sent(); // so that the server has all operations, and undoes the last of them
  try {
    await api("POST", `/api/v1/boards/${boardId}/undo`, { key: randomKey(), again });
    shell.announce(again ? "Redone" : "Undone");
  } catch (error) {
    complain(error);
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let complaintTimer;
const complaint = h("p", { class: "editor-error", role: "alert", hidden: "" });
document.body.append(complaint);
/** Say what is wrong. @param {unknown} error */
function complain(error) {
  if (error instanceof ApiError && error.status === 401) location.replace(loginUrl());
  setText(complaint, error instanceof Error ? error.message : String(error));
  complaint.hidden = false;
  clearTimeout(complaintTimer);
  complaintTimer = setTimeout(() => (complaint.hidden = true), 8_000);
}

// --- showing ---

/** Show the draft as it is now. */
function show() {
  const now = draft.current;
  const focused = placing.tileOf(document.activeElement)?.widget.id ?? "";
  const isOther = board.change(now);
  board.update();
  watch(isOther && board.sight?.asleep.size ? "" : undefined); // sleeping tiles need a snapshot
  if (!now.widgets.some(({ id }) => id === placing.selected)) placing.selected = "";
  placing.decorate();
  if (focused && !board.contains(document.activeElement)) placing.tile(focused)?.focus({ preventScroll: true });
  showPanel();
  picker.mark(shownOn(now));
  setText(byId("title"), now.title);
  showState();
}

function showPanel() {
  panel.update(draft.current, placing.selected, placing.chosen);
}

/** Watch what the tiles show. @param {string} [since] the position to go on from, with the same tiles */
function watch(since) {
  const request = watchRequest(draft.current, board.skipping().skip ?? []);
  const text = JSON.stringify(request);
  if (text === watched && since === undefined) return;
  watched = text;
  clearTimeout(watchAgain);
  if (!request.selectors.length) {
    if (subscription) shell.views.end(subscription);
    subscription = null;
  } else if (subscription) shell.views.change(subscription, request, since);
  else {
    subscription = shell.views.watch(request, {
      snapshot: (snapshot) => {
        board.begin(snapshot, []);
        placing.decorate();
      },
      frame: (frame) => board.apply(frame),
      error: (error) => {
        board.sight?.refused();
        if (TRANSIENT.has(error.code)) watchAgain = setTimeout(() => watch(""), WATCH_AGAIN_MS * (1 + Math.random()));
        complain(new Error(error.message));
      },
    });
  }
}

function showState() {
  kept.keep(draft.waiting.filter(({ seq }) => !seq));
  const changes = draft.operations;
  const waiting = draft.waiting.length && isSending ? ` · ${draft.waiting.length} not sent yet` : "";
  const since = version ? ` since version ${version}` : "";
  setText(byId("state"), draft.seq < 0 ? "" : (changes ? `draft · ${counted(changes, "change")}${since}` : `as published${version ? `, version ${version}` : ""}`) + waiting);
  byId("publish", HTMLButtonElement).disabled = !changes && !draft.waiting.length;
  byId("discard", HTMLButtonElement).disabled = !changes;
  if (document.activeElement?.matches(":disabled")) byId("leave").focus(); // else the page would have the focus
}

// --- other editors ---

const placing = new TilePlacing(board, {
  operate,
  drop: (widget, at) => clipboard.add([{ ...widget, ...at }], true),
  point(id, place) {
    shell.connection.send({ type: "point_at", widget: id, ...(place ? { place: [place.x, place.y, place.w, place.h] } : {}) });
    showPanel();
  },
  announce: (text) => shell.announce(text),
});

const clipboard = new TileClipboard({
  placing,
  operate,
  document: () => draft.current,
  newId: (kind) => `${kind}-${randomKey().slice(0, 6)}`,
  added() {
    panel.show("Tile");
    show();
  },
  announce: (text) => shell.announce(text),
});

const others = new OtherEditors(placing, byId("editors"));

let asked = 0;
function join() {
  asked += 1;
  shell.connection.send({ type: "edit_board", id: `edit-${asked}`, board: boardId, page });
}

shell.client.on("authenticated", join);
shell.connection.on("message", (message) => {
  if (message.type === "editing" && message.board !== boardId) void followRename(message.board);
  else if (message.type === "editing") void begin(message);
  else if (message.type === "board_operation" && message.board === boardId) {
    const { operation } = message;
    const mine = draft.replacedMine(operation);
    if (!draft.take(operation)) return join(); // one is missing
    if (operation.published) version = operation.published;
    if (mine.length) panel.showReplaced(operation, mine);
    if (operation.author !== user) tell(operation);
    show();
    void panel.follow();
  } else if (message.type === "board_editor" && message.board === boardId && message.page !== page) {
    others.take(message);
  } else if (message.type === "board_changed" && message.board === boardId) void publishedElsewhere(message);
  else if (message.type === "error" && message.id === `edit-${asked}`) complain(new Error(message.message));
});

/** Tell what another editor has done: in the panel if it ends the draft, else to screen readers. @param {OperationState} operation */
function tell(operation) {
  if (operation.published || isDiscard(operation)) panel.say(`${operation.name} ${inWords(operation, draft.current).join(", ")}. ${operation.published ? "All screens show it." : "The board is as it was published."}`);
  else shell.announce(`${operation.name} has changed the board`);
}

/** Begin, or go on after a lost connection, and say what others did meanwhile. @param {Editing} message */
async function begin(message) {
  const last = draft.seq < 0 ? seen.read() : { seq: draft.seq, version };
  const isBack = draft.seq >= 0 && message.seq > draft.seq;
  draft.begin(message);
  show();
  void sendWaiting();
  if (isBack) await readVersion();
  const away = whileAway(draft, last, version);
  if (away) panel.showAway(away.text, away.seq);
}

/** Read which version is published; a file may have none. */
async function readVersion() {
  const said = /** @type {{versions: {version: number}[]} | null} */ (await api("GET", `/api/v1/boards/${boardId}/versions?limit=1`).catch(() => null));
  version = said?.versions[0]?.version ?? version;
}

/** Go to the editor under the board's new id; the page there takes over the edits that wait. @param {string} id */
async function followRename(id) {
  if (edited.isLeaving) return;
  edited.isLeaving = true;
  if (!kept.isKept) await sendWaiting(); // the server takes edits under the old id, too
  location.replace(`/boards/${id}/edit`);
}

/** Follow what happens to the published board: a new version, another id, deletion. @param {{definition?: object, moved_to?: string}} message */
async function publishedElsewhere({ definition, moved_to: movedTo }) {
  if (edited.isLeaving) return;
  if (movedTo) return followRename(movedTo);
  if (!definition) return complain(new Error("This board was deleted. It can be brought back for 30 days, from the list of boards"));
  await readVersion();
  join(); // without an open draft the document is the new one
}

// --- tiles ---

function inspect() {
  const tile = placing.tile(placing.selected);
  if (tile) inspectTile(tile);
}
addEventListener("beforeunload", (event) => {
  if (!kept.isKept) event.preventDefault(); // edits would be lost
});
document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || isTyping(event.target) || !"zya".includes(key) || document.querySelector("dialog")) return;
  event.preventDefault();
  if (key !== "a") void undo(key === "y" || event.shiftKey);
  else clipboard.selectAll();
});

// --- publishing ---

const publishing = new Publishing(edited, byId("publish", HTMLButtonElement), (text) => {
  shell.announce(text);
  if (!document.activeElement?.matches(":is(header, main) :not(:disabled)")) byId("leave").focus(); // the dialog could not give it back to its button, which is disabled already
});

async function discard() {
  if (!(await confirmed("Discard the draft?", "The draft becomes the published board again, for all editors. This cannot be undone.", "Discard"))) return;
  api("DELETE", `/api/v1/boards/${boardId}/draft`).catch(complain);
}

byId("undo").addEventListener("click", () => undo(false));
byId("redo").addEventListener("click", () => undo(true));
byId("yaml").addEventListener("click", () => panel.show(panel.tab === "YAML" ? "Tile" : "YAML"));
byId("compare").addEventListener("click", () => compare(boardId));
byId("publish").addEventListener("click", () => publishing.open());
byId("discard").addEventListener("click", discard);

panel.begin({
  operate,
  now: () => shell.clock.now(),
  duplicate: () => clipboard.duplicate(),
  remove: () => clipboard.remove(),
  inspect,
  board: edited,
  version: () => version,
  announce: (text) => shell.announce(text),
  draft,
  readText: async () => {
    const answer = await fetch(`/api/v1/boards/${boardId}/draft/text`);
    if (!answer.ok) throw new Error(`The server answered with status ${answer.status}`);
    return answer.text();
  },
  writeText: async (base, text) => {
    await api("POST", `/api/v1/boards/${boardId}/draft/text`, { key: randomKey(), base, text });
  },
});
picker.begin(shell, (widget) => clipboard.add([widget]));
shell.keysOfTiles = "Tab moves between the tiles. Enter on a tile leads to its options. Arrow keys move it, shift and arrow keys resize it.";
shell.keys.push(
  ["a", "add a tile: to the list of series, where Enter takes the first that is found", () => picker.beginSearch()], ["Delete", "remove the selected tiles", () => clipboard.remove()], ["d", "duplicate the selected tiles", () => clipboard.duplicate()],
  ["Control A", "select all tiles; the space bar adds the tile with the focus, or takes it out", () => clipboard.selectAll()],
  ["u", "undo mine (also Control Z)", () => undo(false)], ["r", "redo (also Control Y, Control Shift Z)", () => undo(true)],
  ["y", "the board as YAML", () => panel.show("YAML")], ["i", "inspect the selected tile", inspect], ["p", "publish", () => publishing.open()], ["v", "compare with what is published", () => compare(boardId)],
);
board.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !placing.tileOf(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
  panel.show("Tile");
  /** @type {HTMLElement | null} */ (panel.querySelector("#field-" + CSS.escape(placing.selected) + "-title"))?.focus();
}, { capture: true });
shell.everySecond.push(() => board.tick(), () => others.show(), () => setText(byId("last-edit"), lastEdit(draft.history, user, (t) => ago(t, shell.clock.now()))), () => publishing.tick(), () => document.hidden || seen.keep({ seq: draft.seq, version }));
document.addEventListener("theme", () => board.recolour());
document.fonts.addEventListener("loadingdone", () => board.retype());
shell.start();
