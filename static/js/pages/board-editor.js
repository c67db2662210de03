// Page of the board editor: one draft with all its editors, live data in every tile, everything by mouse and by keyboard.

import "../widgets/connection-curtain.js";
import { ApiError, api } from "../client/http.js";
import { BoardDraft } from "../data/board-draft.js";
import { freePlace } from "../data/board-layout.js";
import { seriesFromSelector } from "../widgets/snippet.js";
import { BoardPanel } from "../widgets/board-panel.js";
import { DashBoard } from "../widgets/dash-board.js";
import { confirmed, showDialog } from "../widgets/dialog.js";
import { button, byId, h, setText } from "../widgets/dom.js";
import { SeriesPicker } from "../widgets/series-picker.js";
import { TilePlacing } from "../widgets/tile-placing.js";
import { currentUser, initialsBadge, loginUrl } from "../widgets/user.js";
import { Shell } from "./shell.js";

/** @import { Step } from "../client/protocol.js" */
/** @import { NewWidget } from "../data/suited-widget.js" */
/** @import { Subscription } from "../client/views.js" */

/** An editor that was not heard of for this long has left. */
const EDITOR_GONE_MS = 30_000;
const AGAIN_MS = 1_000;
/** The server takes this many selectors in one request. */
const MOST_SELECTORS = 100;
const COLOURS = ["series-4", "series-3", "series-2", "series-5", "series-7", "series-6"];
const CLIPBOARD = "dashboard tiles";

const shell = new Shell();
const board = /** @type {DashBoard} */ (document.querySelector("dash-board"));
const boardId = board.dataset.board ?? "";
const home = board.dataset.home ?? "store";
const panel = /** @type {BoardPanel} */ (document.querySelector("board-panel"));
const picker = /** @type {SeriesPicker} */ (document.querySelector("series-picker"));
const user = currentUser()?.user?.id ?? "";
const page = randomKey();
const draft = new BoardDraft(user);
let version = Number(board.dataset.version ?? 0);
/** @type {Subscription | null} */
let subscription = null;
let watched = "";
let isSending = false;

/** Return a key that nobody else makes. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}

board.configure({ clock: shell.clock, loop: shell.loop, showFeed: (name, lines) => shell.showFeed(name, lines), announce: () => {} });

// --- operations ---

/** Edit the draft: at once here, and on the server as soon as it answers. @param {Step[]} steps */
function operate(steps) {
  draft.add(randomKey(), steps);
  show();
  void sendWaiting();
}

/** Send the waiting operations in their order; while the server is away, wait and try again under the same keys. */
async function sendWaiting() {
  if (isSending) return;
  isSending = true;
  const sent = new Set();
  const unsent = () => draft.waiting.find(({ key }) => !sent.has(key));
  for (let next = unsent(); next; next = unsent()) {
    try {
      await api("POST", `/api/v1/boards/${boardId}/operations`, { key: next.key, operation: next.steps });
      sent.add(next.key);
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
  const passing = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
  if (!passing) {
    complain(error);
    return false;
  }
  showState();
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  return true;
}

/** @param {boolean} again */
async function undo(again) {
  try {
    await api("POST", `/api/v1/boards/${boardId}/undo`, { key: randomKey(), again });
    shell.announce(again ? "Made again" : "Taken back");
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
  board.change(now);
  board.update();
  watch();
  if (!now.widgets.some(({ id }) => id === placing.selected)) placing.selected = "";
  placing.decorate();
  if (focused && !board.contains(document.activeElement)) placing.tile(focused)?.focus({ preventScroll: true });
  panel.update(now, draft.history, placing.selected);
  picker.mark(new Set(now.widgets.flatMap(({ series = [], document: key = "" }) => [...series.map((/** @type {string} */ text) => seriesFromSelector(text).name), key])));
  setText(byId("title"), now.title);
  showState();
}

/** Return the texts of a widget's expressions. @param {string | {expr: string}[]} expr */
function textsOf(expr) {
  return typeof expr === "string" ? [expr].filter(Boolean) : expr.map((each) => each.expr);
}

/** Watch what the tiles show. */
function watch() {
  const now = draft.current;
  const selectors = now.widgets.flatMap(({ series = [], expr = [], document: key = "" }) => [...series, ...textsOf(expr), ...(key ? [key] : [])]).slice(0, MOST_SELECTORS);
  const request = { selectors, window_s: now.window_s ?? 900, rate_hz: Math.min(now.rate_hz ?? 10, 5) };
  const text = JSON.stringify(request);
  if (text === watched) return;
  watched = text;
  if (!selectors.length) {
    if (subscription) shell.views.end(subscription);
    subscription = null;
  } else if (subscription) shell.views.change(subscription, request);
  else {
    subscription = shell.views.watch(request, {
      snapshot: (snapshot) => {
        board.begin(snapshot, []);
        placing.decorate();
      },
      frame: (frame) => board.apply(frame),
      error: (error) => complain(new Error(error.message)),
    });
  }
}

function showState() {
  const changes = draft.history.length;
  const waiting = draft.waiting.length && isSending ? ` · ${draft.waiting.length} not sent yet` : "";
  const since = version ? ` since version ${version}` : "";
  setText(byId("state"), draft.seq < 0 ? "" : (changes ? `draft · ${changes} ${changes === 1 ? "change" : "changes"}${since}` : `as published${version ? `, version ${version}` : ""}`) + waiting);
  byId("publish", HTMLButtonElement).disabled = !changes && !draft.waiting.length;
  byId("discard", HTMLButtonElement).disabled = !changes;
}

// --- other editors ---

/** @type {Map<string, number>} when each editor's page was heard of */
const heard = new Map();

function showEditors() {
  for (const [name, at] of heard) {
    if (performance.now() - at < EDITOR_GONE_MS) continue;
    heard.delete(name);
    placing.others.delete(name);
  }
  const others = [...placing.others.values()].map((editor) => {
    const badge = initialsBadge(editor, editor.name);
    badge.style.setProperty("--other", `var(--${editor.token})`);
    return badge;
  });
  byId("editors").replaceChildren(...(others.length ? ["editing now ", ...others] : []));
  placing.decorate();
}

const placing = new TilePlacing(board, {
  operate,
  drop: (widget, at) => add({ ...widget, x: Math.max(0, Math.min(at.x, 24 - widget.w)), y: Math.max(0, at.y) }),
  point(id, place) {
    shell.connection.send({ type: "point_at", widget: id, ...(place ? { place: [place.x, place.y, place.w, place.h] } : {}) });
    panel.update(draft.current, draft.history, placing.selected);
  },
  announce: (text) => shell.announce(text),
});

let asked = 0;
function join() {
  asked += 1;
  shell.connection.send({ type: "edit_board", id: `edit-${asked}`, board: boardId, page });
}

shell.client.on("authenticated", join);
shell.connection.on("message", (message) => {
  if (message.type === "editing") {
    draft.begin(message);
    show();
    void sendWaiting();
  } else if (message.type === "board_operation" && message.board === boardId) {
    const { operation } = message;
    const mine = draft.replacedMine(operation);
    if (!draft.take(operation)) return join(); // one is missing
    if (operation.published) version = operation.published;
    if (mine.length) panel.showReplaced(operation, mine);
    if (operation.author !== user) shell.announce(`${operation.name} has changed the board`);
    show();
    void panel.follow();
  } else if (message.type === "board_editor" && message.board === boardId && message.page !== page) {
    heard.set(message.page, performance.now());
    if (message.gone) {
      placing.others.delete(message.page);
      heard.delete(message.page);
    } else {
      const known = placing.others.get(message.page);
      placing.others.set(message.page, { ...message, token: known?.token ?? COLOURS[placing.others.size % COLOURS.length] });
    }
    showEditors();
  } else if (message.type === "error" && message.id === `edit-${asked}`) complain(new Error(message.message));
});

// --- tiles ---

/** Put a new tile onto the board, and select it. @param {NewWidget} widget */
function add(widget) {
  const now = draft.current;
  const places = now.widgets.map(({ x = 0, y = 0, w = 1, h: rows = 1 }) => ({ x, y, w, h: rows }));
  const place = widget.x === undefined ? freePlace(places, now.columns ?? 24, widget) : {};
  const id = `${widget.kind}-${randomKey().slice(0, 6)}`;
  operate([{ op: "add", value: { ...widget, ...place, id } }]);
  placing.selected = id;
  placing.tile(id)?.focus();
  panel.show("Tile");
  show();
  shell.announce(`${widget.title} is on the board`);
}

/** @param {string} id */
function duplicate(id) {
  const widget = draft.current.widgets.find((each) => each.id === id);
  if (widget) add(/** @type {NewWidget} */ (/** @type {unknown} */ ({ ...widget, x: undefined, y: undefined })));
}

function removeSelected() {
  const widget = draft.current.widgets.find(({ id }) => id === placing.selected);
  if (!widget) return;
  operate([{ op: "remove", widget: widget.id }]);
  shell.announce(`${widget.title} is removed. Control Z brings it back`);
}

/** Put the selected tile on the clipboard, for this board or another. @param {ClipboardEvent} event */
function copy(event) {
  const widget = draft.current.widgets.find(({ id }) => id === placing.selected);
  if (!widget || isTyping(event.target)) return;
  event.clipboardData?.setData("text/plain", JSON.stringify({ [CLIPBOARD]: [widget] }));
  event.preventDefault();
  shell.announce(`${widget.title} is copied`);
}

/** @param {ClipboardEvent} event */
function paste(event) {
  if (isTyping(event.target)) return;
  try {
    const widgets = JSON.parse(event.clipboardData?.getData("text/plain") ?? "")[CLIPBOARD];
    for (const widget of widgets) add({ ...widget, x: undefined, y: undefined });
  } catch {
    return; // something else was copied
  }
  event.preventDefault();
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
document.addEventListener("copy", copy);
document.addEventListener("paste", paste);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || isTyping(event.target) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  void undo(event.shiftKey);
});

// --- publishing ---

function publish() {
  const note = /** @type {HTMLInputElement} */ (h("input", { id: "note", maxlength: "500", placeholder: "what was changed and why" }));
  const go = button("Publish", async () => {
    go.disabled = true;
    try {
      await api("POST", `/api/v1/boards/${boardId}/publish`, { note: note.value });
      dialog.close();
      shell.announce("Published");
    } catch (error) {
      go.disabled = false;
      complain(error);
    }
  }, { class: "button primary" });
  const more = home === "store" ? [] : [h("p", { text: home === "file" ? "This board is a file. Publishing writes it back only where the server may; else download the YAML, or save a copy in the store." : "This board comes with the server and stays as it is. Save a copy under another id instead." }),
    h("div", { class: "row" }, button("Save a copy", () => saveCopy()), h("a", { class: "button", href: `/api/v1/boards/${boardId}/draft/text`, download: `${boardId}.yaml`, text: "Download" }))];
  const dialog = showDialog("Publish the draft", h("p", { text: `${draft.history.length} changes will be on every screen of this board at once.` }), h("div", { class: "field" }, h("label", { for: "note", text: "Note" }), note), ...more, h("div", { class: "row" }, button("Cancel", () => dialog.close()), go));
  note.focus();
}

async function saveCopy() {
  const id = `${boardId}-copy-${randomKey().slice(0, 4)}`;
  try {
    await api("PUT", `/api/v1/boards/${id}`, draft.current);
    location.assign(`/boards/${id}/edit`);
  } catch (error) {
    complain(error);
  }
}

async function discard() {
  if (!(await confirmed("Discard the draft?", "Everything is as it is published, for all editors. The history keeps what was discarded.", "Discard"))) return;
  api("DELETE", `/api/v1/boards/${boardId}/draft`).catch(complain);
}

byId("undo").addEventListener("click", () => undo(false));
byId("redo").addEventListener("click", () => undo(true));
byId("yaml").addEventListener("click", () => panel.show(panel.tab === "YAML" ? "Tile" : "YAML"));
byId("publish").addEventListener("click", publish);
byId("discard").addEventListener("click", discard);

panel.begin({
  operate,
  now: () => shell.clock.now(),
  duplicate,
  user,
  readText: async () => {
    const answer = await fetch(`/api/v1/boards/${boardId}/draft/text`);
    if (!answer.ok) throw new Error(`The server answered with status ${answer.status}`);
    return answer.text();
  },
  writeText: async (base, text) => {
    await api("POST", `/api/v1/boards/${boardId}/draft/text`, { key: randomKey(), base, text });
  },
});
picker.begin(shell, add);
shell.keys.push(
  ["a", "add a tile: to the list of series", () => picker.search.focus()], ["Delete", "remove the selected tile", removeSelected], ["d", "duplicate the selected tile", () => duplicate(placing.selected)],
  ["u", "undo mine (also Control Z)", () => undo(false)], ["r", "redo (also Control Shift Z)", () => undo(true)],
  ["y", "the board as YAML", () => panel.show("YAML")], ["p", "publish", publish],
);
board.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !placing.tileOf(event.target)) return;
  event.preventDefault();
  event.stopPropagation();
  panel.show("Tile");
  /** @type {HTMLElement | null} */ (panel.querySelector("#field-" + CSS.escape(placing.selected) + "-title"))?.focus();
}, { capture: true });
shell.everySecond.push(() => board.tick(), showEditors);
document.addEventListener("theme", () => board.recolour());
shell.start();
