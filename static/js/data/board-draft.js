// Draft of a board as one editor has it: what the server has committed, and this editor's operations that it has not answered yet. Pure.
//
// The shown document is the committed one with the waiting operations on top, so an edit shows at once and the server's order counts.

/** @import { BoardDocument, Change, DraftWidget, Editing, OperationState, Step } from "../client/protocol.js" */
/** Most operations that a page keeps as they arrive; earlier ones are read again when somebody wants to see them. */
const MOST_KEPT = 1_000;

/** An operation that waits to be in the committed document; `seq`: its number, once the server has answered. @typedef {{key: string, steps: Step[], seq?: number}} Waiting */

/** Return a document with changes applied. Changes of tiles that are gone have no effect. @param {BoardDocument} doc @param {Change[]} changes @returns {BoardDocument} */
export function applyChanges(doc, changes) {
  const board = { ...doc, widgets: [...doc.widgets] };
  for (const change of changes) {
    const { widget = "", field = "", after } = change;
    if (!widget) setField(board, field, after);
    else {
      const index = board.widgets.findIndex((each) => each.id === widget);
      if (field) {
        if (index >= 0) setField((board.widgets[index] = { ...board.widgets[index] }), field, after);
      } else if (after === undefined) {
        if (index >= 0) board.widgets.splice(index, 1);
      } else if (index < 0) board.widgets.splice(Math.min(change.at ?? 0, board.widgets.length), 0, /** @type {DraftWidget} */ (after));
    }
  }
  return board;
}

/** @param {object} values @param {string} field @param {unknown} value undefined: remove it */
function setField(values, field, value) {
  const fields = /** @type {Record<string, unknown>} */ (values);
  if (value === undefined) delete fields[field];
  else fields[field] = value;
}

/** Return the changes of one step, as far as this page can tell before the server has answered. @param {BoardDocument} doc @param {Step} step @returns {Change[]} */
function changesOf(doc, step) {
  const { widget } = step;
  if (step.op === "set") return [{ widget: widget ?? "", field: step.field, after: step.value }];
  if (step.op === "move") return [{ widget, field: "x", after: step.x }, { widget, field: "y", after: step.y }];
  if (step.op === "resize") return [{ widget, field: "w", after: step.w }, { widget, field: "h", after: step.h }];
  if (step.op === "add") return [{ widget: /** @type {DraftWidget} */ (step.value).id, after: step.value, at: doc.widgets.length }];
  if (step.op === "remove") return [{ widget }];
  return [];
}

/** Return the step that takes a change back. @param {Change} change @returns {Step} */
export function stepBack({ widget = "", field = "", before, at = 0 }) {
  if (!field) return before === undefined ? { op: "remove", widget } : { op: "add", value: before, at };
  return { op: "set", field, ...(widget ? { widget } : {}), ...(before === undefined ? {} : { value: before }) };
}

/** Return a document after steps. @param {BoardDocument} doc @param {Step[]} steps @returns {BoardDocument} */
export function applySteps(doc, steps) {
  const made = steps.reduce((now, step) => applyChanges(now, changesOf(now, step)), doc);
  const bottom = Math.max(0, ...made.widgets.map(({ y = 0, h = 1 }) => y + h));
  return bottom > (made.rows ?? 6) ? { ...made, rows: bottom } : made;
}

export class BoardDraft {
  /** @param {string} user id of this editor */
  constructor(user) {
    this.user = user;
    /** @type {BoardDocument} */
    this.committed = { title: "", columns: 24, rows: 12, widgets: [] };
    this.seq = -1;
    /** @type {OperationState[]} the newest since the last publication */
    this.history = [];
    /** number of all since the last publication */
    this.operations = 0;
    /** @type {Waiting[]} */
    this.waiting = [];
  }

  /** Begin with the server's state. Operations that wait stay, unless the server has committed them. @param {Editing} state */
  begin(state) {
    this.committed = state.document;
    this.seq = state.seq;
    this.history = [...state.history];
    this.operations = state.operations;
    const known = new Set(state.history.map(({ key }) => key));
    this.waiting = this.waiting.filter(({ key, seq = Infinity }) => !known.has(key) && seq > this.seq);
  }

  /** Take the next operation. @param {OperationState} operation @returns {boolean} false if one before it is missing */
  take(operation) {
    if (this.seq < 0 || operation.seq <= this.seq) return true;
    if (operation.seq !== this.seq + 1) return false;
    this.seq = operation.seq;
    this.committed = applyChanges(this.committed, operation.changes);
    this.refused(operation.key); // it no longer waits; does nothing for an operation of another page
    const isEnd = operation.published || isDiscard(operation); // the history begins anew
    this.history = isEnd ? [] : [...this.history, operation].slice(-MOST_KEPT);
    this.operations = isEnd ? 0 : this.operations + 1;
    return true;
  }

  /**
   * Take operations from before the history. They have no effect if they were read for another history: this one began anew meanwhile, or lost its beginning.
   * @param {OperationState[]} earlier ordered by number
   */
  takeEarlier(earlier) {
    const first = this.history[0]?.seq ?? this.seq + 1;
    const before = earlier.filter(({ seq }) => seq > this.from && seq < first);
    if (before.at(-1)?.seq === first - 1) this.history = [...before, ...this.history];
  }

  /** The number of the operation that published or discarded the draft before this one, 0 if there was none. */
  get from() {
    return this.seq - this.operations;
  }

  /** Add an operation of this editor. @param {string} key @param {Step[]} steps */
  add(key, steps) {
    this.waiting.push({ key, steps });
  }

  /** Take the server's answer to an operation. @param {string} key @param {number} seq its number */
  answered(key, seq) {
    this.waiting = this.waiting.flatMap((each) => (each.key !== key ? [each] : seq > this.seq ? [{ ...each, seq }] : []));
  }

  /** Drop an operation that the server has refused, or that is in the committed document. @param {string} key */
  refused(key) {
    this.waiting = this.waiting.filter((each) => each.key !== key);
  }

  /** The document to show. @returns {BoardDocument} */
  get current() {
    return this.waiting.reduce((now, { steps }) => applySteps(now, steps), this.committed);
  }

  /** Return the changes of an operation that replaced a field which this editor had set last, or removed a tile which this editor had changed last. @param {OperationState} operation @returns {Change[]} */
  replacedMine(operation) {
    if (operation.author === this.user) return [];
    const before = this.history.filter(({ seq }) => seq < operation.seq);
    return operation.changes.filter(({ widget = "", field = "", after }) => {
      const isRemoved = !field && after === undefined;
      const last = before.filter(({ changes }) => changes.some((each) => (each.widget ?? "") === widget && (isRemoved || (each.field ?? "") === field))).at(-1);
      return (isRemoved || Boolean(field)) && last?.author === this.user;
    });
  }
}

/** Return whether an operation discarded the draft. @param {OperationState} operation */
export function isDiscard({ key }) {
  return key.startsWith("discard ");
}

/**
 * Return in words who edited a draft last and how long ago, "" without an edit. Merges of what was published are no edits; only their keys have a space.
 * @param {OperationState[]} history @param {string} user id of this editor @param {(t: number) => string} since the age of a time in words
 */
export function lastEdit(history, user, since) {
  const last = history.filter(({ key }) => !key.includes(" ")).at(-1);
  return last ? `last edit by ${last.author === user ? "you" : last.name} ${since(last.t)}` : "";
}

/** Return in words what an operation changed. @param {OperationState} operation @param {BoardDocument} doc @returns {string[]} */
export function inWords(operation, doc) {
  if (operation.published) return [`published version ${operation.published}`];
  if (isDiscard(operation)) return ["discarded the draft"];
  /** @type {Set<string>} */
  const said = new Set();
  for (const { widget = "", field = "", before, after } of operation.changes) {
    const title = doc.widgets.find((each) => each.id === widget)?.title ?? /** @type {DraftWidget | undefined} */ (before ?? after)?.title ?? widget;
    if (widget && !field) said.add(`${after === undefined ? "removed" : "added"} “${title}”`);
    else if (field === "x" || field === "y") said.add(`moved “${title}”`);
    else if (field === "w" || field === "h") said.add(`resized “${title}”`);
    else said.add(`changed the ${field} of ${widget ? `“${title}”` : "the board"}: ${shown(before)} → ${shown(after)}`);
  }
  const prefix = operation.undoes ? (operation.again ? "redid: " : "undid: ") : "";
  return [...said].map((text) => prefix + text);
}

/** @param {unknown} value */
function shown(value) {
  if (value === undefined || value === null || value === "") return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”`;
}
