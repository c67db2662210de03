// Side panel of the board editor: every option of the selected tile, those of the board, the history, and the YAML text.

import { faultOf } from "../client/expression-check.js";
import { inWords, stepBack } from "../data/board-draft.js";
import { SIZES } from "../data/suited-widget.js";
import { boardActions } from "./board-actions.js";
import { OperationHistory, versionList } from "./board-history.js";
import { BoardText } from "./board-text.js";
import { button, h, setText } from "./dom.js";
import { keepFocus } from "./kept-focus.js";

/** @import { BoardDraft } from "../data/board-draft.js" */
/** @import { EditedBoard } from "./board-actions.js" */
/** @import { BoardDocument, Change, DraftWidget, OperationState, Step, Threshold } from "../client/protocol.js" */
/**
 * What the panel needs from its page.
 * @typedef {object} PanelHost
 * @property {(steps: Step[]) => void} operate @property {() => number} now @property {() => void} duplicate @property {() => void} remove @property {() => void} inspect
 * @property {EditedBoard} board @property {() => number} version the published one @property {(text: string) => void} announce
 * @property {() => Promise<string>} readText @property {(base: string, text: string) => Promise<void>} writeText @property {BoardDraft} draft
 */
/** An option: field, label, kind of input, hint. @typedef {[string, string, "text" | "number" | "lines", string?]} Option */
/** Text of a field that is not in the draft: it is typed, checked by the server, or was refused for a fault. `take`: put it into the draft; only while it is checked. @typedef {{text: string, fault: string, take: (() => void) | null}} Pending */

/** A field is sent when its editor has not typed for this long. */
const TYPING_MS = 350;
const TABS = ["Tile", "Board", "History", "YAML"];
/** @type {Option[]} */
const SHOWN = [["title", "Title", "text"], ["series", "Shows these series", "lines", "a selector a line: name, or name{label=\"value\"}"], ["expr", "Or this expression", "text", "PromQL, as rate(orders_total[1m])"], ["document", "Or this document", "text", "the key of a document"]];
/** @type {Option[]} */
const LOOK = [["unit", "Unit", "text", "from the data"], ["decimals", "Decimals", "number", "as needed"], ["min", "Scale from", "number", "as needed"], ["max", "Scale to", "number", "as needed"], ["legend", "Names of lines", "text", "a label"], ["note", "Note below", "text"]];
/** @type {Option[]} */
const PLACE = [["x", "Column", "number"], ["y", "Row", "number"], ["w", "Width", "number"], ["h", "Height", "number"]];
/** @type {Option[]} */
const BOARD = [["title", "Title", "text"], ["subtitle", "Subtitle", "text"], ["folder", "Folder", "text", "in the index"], ["tags", "Tags", "lines", "a tag a line"], ["window_s", "Seconds that charts show", "number", "900"], ["rows", "Rows of the grid", "number"]];

export class BoardPanel extends HTMLElement {
  constructor() {
    super();
    this.tab = "Tile";
    this.selected = "";
    /** ids of the selected tiles @type {string[]} */
    this.chosen = [];
    /** the list of versions, and the version that it ends with @type {{version: number, list: HTMLElement} | null} */
    this.versions = null;
    this.host = /** @type {PanelHost} */ (/** @type {unknown} */ (null)); // set by begin, before anything else
    this.document = /** @type {BoardDocument} */ ({ title: "", columns: 24, rows: 12, widgets: [] });
    /** @type {OperationHistory | null} */
    this.operations = null;
    this.body = h("div", { role: "tabpanel" });
    this.replaced = h("div", { class: "replaced", role: "status", hidden: "" });
    this.away = h("div", { class: "replaced", role: "status", hidden: "" });
    /** operations from the first to the second number are marked as new, until they were seen @type {[number, number] | null} */
    this.unseen = null;
    this.tabs = TABS.map((name) => button(name, () => this.show(name), { class: "tab", role: "tab", "aria-selected": "false" }));
    this.painted = "";
    /** @type {BoardText | null} */
    this.text = null;
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this.timers = new Map();
    /** by the id of the field @type {Map<string, Pending>} */
    this.pending = new Map();
    /** checks that the server has not answered @type {Set<Promise<void>>} */
    this.checks = new Set();
  }

  /** Begin. @param {PanelHost} host */
  begin(host) {
    this.host = host;
    this.append(h("div", { role: "tablist", "aria-label": "Options" }, ...this.tabs), this.away, this.body, this.replaced);
    this.show("Tile");
    addEventListener("pagehide", () => this.takeUnchecked());
  }

  /** Show another tab. @param {string} name */
  show(name) {
    if (this.tab === "History" && name !== "History") this.unseen = null;
    this.tab = name;
    for (const tab of this.tabs) tab.setAttribute("aria-selected", String(tab.textContent === name));
    this.painted = "";
    this.paint();
  }

  /** Show the state of the draft. @param {BoardDocument} document @param {string} selected id of the selected tile @param {string[]} chosen those of all selected tiles */
  update(document, selected, chosen) {
    this.chosen = chosen;
    this.document = document;
    if (selected !== this.selected && this.tab === "Tile") this.painted = ""; // no other tab depends on the selection
    this.selected = selected;
    this.paint();
  }

  paint() {
    const widget = this.document.widgets.find(({ id }) => id === this.selected);
    const state = JSON.stringify([this.tab, this.tab === "Board" ? { ...this.document, widgets: [] } : this.tab === "Tile" ? [widget, this.chosen.length > 1 && this.chosen] : this.tab === "History" ? [this.host.draft.seq, this.host.version()] : ""]);
    if (state === this.painted) return;
    const shape = JSON.stringify([this.tab, widget?.id, widget?.kind, widget?.thresholds?.length, this.chosen.length > 1]);
    if (this.body.contains(document.activeElement) && this.body.dataset.shape === shape && this.refill(widget)) {
      this.painted = state; // somebody types here: the fields stay, their values follow
      return;
    }
    this.painted = state;
    this.body.dataset.shape = shape;
    keepFocus(this.body, () => this.fill(widget), this.shownTab);
  }

  /** @param {DraftWidget | undefined} widget the selected one */
  fill(widget) {
    if (this.tab === "Tile") this.body.replaceChildren(...(this.chosen.length > 1 ? this.severalTiles() : this.tileFields(widget)));
    else if (this.tab === "Board") this.body.replaceChildren(...BOARD.map((option) => this.field(option, this.document, null)), ...boardActions(this.host.board));
    else if (this.tab === "History") this.showHistory();
    else this.showText();
  }

  get shownTab() {
    return this.tabs.find((tab) => tab.textContent === this.tab);
  }

  /** Hide a notice. @param {HTMLElement} notice */
  hide(notice) {
    keepFocus(this, () => {
      notice.replaceChildren();
      notice.hidden = true;
    }, this.shownTab);
  }

  /** Put new values into the fields that nobody edits. @param {DraftWidget | undefined} widget */
  refill(widget) {
    const values = this.tab === "Board" ? this.document : widget;
    if (!values || (this.tab !== "Board" && this.tab !== "Tile")) return false;
    for (const input of this.body.querySelectorAll("[data-field]")) {
      if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement) || input === document.activeElement) continue;
      input.value = this.pending.get(input.id)?.text ?? textOf(fieldOf(values, input.dataset.field ?? ""));
    }
    return true;
  }

  // --- the tile ---

  /** @param {DraftWidget | undefined} widget @returns {Node[]} */
  tileFields(widget) {
    if (!widget) return [h("p", { class: "hint", text: this.document.widgets.length ? "Select a tile, with a click or with Tab, to change it." : "Choose a series on the left: the widget that suits it comes onto the board." })];
    const kinds = Object.keys(SIZES).map((kind) => button(kind, () => this.set(widget.id, "kind", kind), { class: "button", "aria-pressed": String(kind === widget.kind) }));
    const group = (/** @type {Option[]} */ options, /** @type {string} */ name) => h("div", { class: name }, ...options.map((option) => this.field(option, widget, widget.id)));
    return [
      h("div", { class: "kinds", role: "group", "aria-label": "Widget" }, ...kinds),
      group(SHOWN.filter(([name]) => name !== "expr" || !Array.isArray(widget.expr) || !widget.expr.length), ""), group(LOOK, "pair"),
      h("h2", { text: "Thresholds" }), ...this.limits(widget),
      h("h2", { text: "Place" }), group(PLACE, "four"),
      h("div", { class: "acts" }, button("Inspect", () => this.host.inspect()), button("Duplicate", () => this.host.duplicate()), button("Remove", () => this.host.remove(), { class: "button danger" })),
    ];
  }

  /** @returns {Node[]} */
  severalTiles() {
    return [h("p", { text: `${this.chosen.length} tiles are selected. Drag one, or press an arrow key on one, to move all.` }),
      h("div", { class: "acts" }, button("Duplicate", () => this.host.duplicate()), button("Remove", () => this.host.remove(), { class: "button danger" })),
      h("p", { class: "hint", text: "Control C copies them, also for another board. A click on a tile selects it alone; with Control it is added or taken out; on a tile, the space bar does so." })];
  }

  /** @param {DraftWidget} widget @returns {Node[]} */
  limits(widget) {
    const limits = widget.thresholds ?? [];
    const change = (/** @type {Threshold[]} */ next) => this.set(widget.id, "thresholds", next.length ? next : undefined);
    const rows = limits.map((limit, i) => {
      const with_ = (/** @type {object} */ more) => change(limits.map((each, n) => (n === i ? { ...each, ...more } : each)));
      const state = choice(["warning", "critical"], limit.state, "State", (value) => with_({ state: value }));
      const side = choice(["from", "down to"], limit.below ? "down to" : "from", "Side", (value) => with_({ below: value === "down to" }));
      const at = /** @type {HTMLInputElement} */ (h("input", { type: "number", step: "any", "aria-label": "Limit", value: String(limit.at) }));
      at.addEventListener("change", () => at.value !== "" && with_({ at: Number(at.value) }));
      return h("div", { class: "limit" }, state, side, at, button("×", () => change(limits.filter((_, n) => n !== i)), { class: "quiet", "aria-label": "Remove this threshold" }));
    });
    return [...rows, button("Add a threshold", () => change([...limits, { at: 0, state: limits.length ? "critical" : "warning" }]))];
  }

  /** @param {Option} option @param {object} values @param {string | null} widget @returns {HTMLElement} */
  field([name, label, kind, hint], values, widget) {
    const id = `field-${widget ?? "board"}-${name}`;
    const input = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (kind === "lines" ? h("textarea", { id, rows: "2", "data-field": name, spellcheck: "false", placeholder: hint }) : h("input", { id, type: kind === "number" ? "number" : "text", step: "any", "data-field": name, placeholder: hint }));
    const isChecked = name === "expr";
    const { text: kept, fault = "" } = this.pending.get(id) ?? {};
    input.value = kept ?? textOf(fieldOf(values, name));
    const wrong = h("p", { class: "wrong", id: `${id}-wrong`, role: "status", text: fault });
    if (isChecked) input.setAttribute("aria-describedby", `${id}-wrong`);
    input.setAttribute("aria-invalid", String(Boolean(fault)));
    const send = () => {
      clearTimeout(this.timers.get(id));
      this.timers.delete(id);
      const text = input.value;
      const take = () => text !== textOf(this.valueOf(widget, name)) && this.set(widget, name, valueOf(text, kind, name));
      if (isChecked && text) return this.check(id, text, take);
      this.pending.delete(id);
      if (isChecked) this.showFault(id, "");
      take();
    };
    input.addEventListener("input", () => {
      if (isChecked) this.pending.set(id, { text: input.value, fault: "", take: null }); // an answer about an earlier text has no effect any more
      clearTimeout(this.timers.get(id));
      this.timers.set(id, setTimeout(send, TYPING_MS));
    });
    input.addEventListener("change", send);
    return h("div", { class: "field" }, h("label", { for: id, text: label }), input, ...(isChecked ? [wrong] : []));
  }

  /** Put a text into the draft if the server can read it; keep it as pending otherwise. @param {string} id of its field @param {string} text @param {() => void} take */
  check(id, text, take) {
    const pending = { text, fault: "", take };
    this.pending.set(id, pending);
    const check = faultOf(text).then((fault) => {
      this.checks.delete(check);
      if (this.pending.get(id) !== pending) return; // the editor has typed on
      if (fault) this.pending.set(id, { text, fault, take: null });
      else {
        this.pending.delete(id);
        take();
      }
      this.showFault(id, fault);
    });
    this.checks.add(check);
  }

  /** Say what is wrong with a field: at the field, or for the whole page if the field is not shown now. @param {string} id @param {string} fault "" for nothing */
  showFault(id, fault) {
    const place = document.getElementById(`${id}-wrong`);
    if (!place && fault) this.host.board.complain(new Error(`An expression was not put on the board: ${fault}`));
    if (place) setText(place, fault);
    document.getElementById(id)?.setAttribute("aria-invalid", String(Boolean(fault)));
  }

  /** Wait until the server has answered all checks. */
  async checked() {
    await Promise.all(this.checks);
  }

  /** Put what is still checked into the draft, because the page goes away: an edit is not lost. */
  takeUnchecked() {
    for (const [id, { take }] of [...this.pending]) {
      if (!take) continue;
      this.pending.delete(id);
      take();
    }
  }

  /** @param {string | null} widget @param {string} name */
  valueOf(widget, name) {
    return fieldOf(widget === null ? this.document : this.document.widgets.find(({ id }) => id === widget), name);
  }

  /** Set a field of a tile (null: of the board). @param {string | null} widget @param {string} field @param {unknown} value undefined: remove it */
  set(widget, field, value) {
    const values = this.document.widgets.find(({ id }) => id === widget);
    if (widget !== null && (field === "x" || field === "y")) this.host.operate([{ op: "move", widget, x: values?.x, y: values?.y, [field]: value ?? 0 }]);
    else if (widget !== null && (field === "w" || field === "h")) this.host.operate([{ op: "resize", widget, w: values?.w, h: values?.h, [field]: value ?? 1 }]);
    else this.host.operate([{ op: "set", field, ...(widget === null ? {} : { widget }), ...(value === undefined ? {} : { value }) }]);
  }

  // --- the history ---

  showHistory() {
    const { host } = this;
    const version = host.version();
    const known = this.versions;
    if (known?.version !== version) this.versions = { version, list: versionList(host.board.id, host.now, host.announce) };
    this.operations ??= new OperationHistory(host.board.id, host.draft, host.now, host.board.complain);
    const [first, last] = this.unseen ?? [0, -1];
    this.operations.update(this.document, (seq) => first <= seq && seq <= last);
    if (known === this.versions && this.operations.element.parentElement === this.body) return; // what has the focus here keeps it
    const since = version ? `Since version ${version}` : "Since the last publication";
    this.body.replaceChildren(h("h2", { text: since }), this.operations.element, h("h2", { text: "Versions" }), /** @type {HTMLElement} */ (this.versions?.list));
  }

  /** Say that another editor has replaced something of this editor, with a way back. @param {OperationState} operation @param {Change[]} mine */
  showReplaced(operation, mine) {
    this.replaced.replaceChildren(h("b", { text: `${operation.name} ${inWords({ ...operation, changes: mine }, this.document).join(", ")}` }), " ",
      button("restore mine", () => {
        this.host.operate(mine.map(stepBack));
        this.hide(this.replaced);
      }, { class: "quiet" }), button("keep", () => this.hide(this.replaced), { class: "quiet" }));
    this.replaced.hidden = false;
  }

  /** Say what others did while this editor was away, and mark it in the history. @param {string} text @param {number} seq the last operation that this editor has seen */
  showAway(text, seq) {
    this.unseen = [Math.min(seq + 1, this.unseen?.[0] ?? Infinity), this.host.draft.seq];
    if (this.tab === "History") {
      this.painted = "";
      this.paint();
    }
    this.say(text, button("show", () => {
      this.show("History");
      this.hide(this.away);
    }, { class: "quiet" }));
  }

  /** Say what others have done to the whole draft, until somebody closes it. @param {string} text @param {...HTMLElement} more buttons */
  say(text, ...more) {
    this.away.replaceChildren(h("b", { text }), " ", ...more, button("close", () => this.hide(this.away), { class: "quiet" }));
    this.away.hidden = false;
  }

  // --- the text ---

  showText() {
    this.text = new BoardText(this.host);
    this.body.replaceChildren(this.text.element);
    this.text.begin();
  }

  /** Bring the text up to date if nobody has changed it. */
  follow() {
    if (this.tab === "YAML") this.text?.follow();
  }
}
customElements.define("board-panel", BoardPanel);

/** @param {string[]} options @param {string} value @param {string} label @param {(value: string) => void} chosen */
function choice(options, value, label, chosen) {
  const select = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": label }, ...options.map((each) => h("option", { value: each, text: each }))));
  select.value = value;
  select.addEventListener("change", () => chosen(select.value));
  return select;
}

/** @param {object | undefined} values @param {string} name @returns {unknown} */
function fieldOf(values, name) {
  return /** @type {Record<string, unknown>} */ (values ?? {})[name];
}

/** @param {unknown} value */
function textOf(value) {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join("\n") : String(value);
}

/** Return the value of a typed text; undefined: the field is removed. @param {string} text @param {string} kind @param {string} name */
function valueOf(text, kind, name) {
  if (kind === "lines") {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.length ? lines : undefined;
  }
  if (text === "") return name === "title" ? "" : undefined;
  return kind === "number" ? Number(text) : text;
}
