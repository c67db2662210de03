// History of a board in the editor: the operations since the last publication, the published versions, and comparisons in words.

import { api } from "../client/http.js";
import { inWords } from "../data/board-draft.js";
import { age } from "../draw/format.js";
import { showDialog, showSheet } from "./dialog.js";
import { button, counted, h, setText } from "./dom.js";
import { keepFocus } from "./kept-focus.js";

/** @import { BoardDocument, OperationState } from "../client/protocol.js" */
/** @import { BoardDraft } from "../data/board-draft.js" */
/** Published version. @typedef {{version: number, author: string, t: number, note: string}} Version */

const MOST_VERSIONS = 50;
/** The list of operations grows by this many. */
const PAGE = 100;

/** Return the list of the newest operations, the newest first. @param {OperationState[]} history @param {BoardDocument} document @param {string} user @param {number} now @param {(seq: number) => boolean} isNew whether an operation is marked, if another made it */
function operationList(history, document, user, now, isNew) {
  const items = [...history].reverse().map((operation) => {
    const own = operation.author === user;
    const mark = !own && isNew(operation.seq) ? [h("mark", { text: "new" }), " "] : [];
    return h("li", { tabindex: "-1" }, ...mark, h("b", { text: own ? "You" : operation.name }), ` ${inWords(operation, document).join(", ") || "changed nothing"} `, h("small", { text: `${age(now - operation.t)} ago` }));
  });
  return items.length ? h("ol", { class: "operations" }, ...items) : h("p", { class: "hint", text: "Nothing has changed since the last publication." });
}

/** Operations of a draft in the tab of its history: the newest, and earlier ones when somebody asks for them. */
export class OperationHistory {
  /** @param {string} board @param {BoardDraft} draft @param {() => number} now @param {(error: unknown) => void} complain */
  constructor(board, draft, now, complain) {
    this.board = board;
    this.draft = draft;
    this.now = now;
    this.complain = complain;
    this.shown = PAGE;
    this.isReading = false;
    this.isNew = (/** @type {number} */ seq) => false;
    this.document = /** @type {BoardDocument} */ ({ title: "", columns: 24, rows: 12, widgets: [] });
    this.list = h("div", {});
    this.more = button("", () => this.showEarlier(), { class: "quiet earlier" }); // the same one always, because it keeps the focus
    this.element = h("div", {}, this.list, this.more);
  }

  /** Show the operations as they are now. @param {BoardDocument} document @param {(seq: number) => boolean} isNew whether an operation is marked as new, if another made it */
  update(document, isNew) {
    this.document = document;
    this.isNew = isNew;
    this.paint();
  }

  paint() {
    const { history, operations, user } = this.draft;
    if (!operations) this.shown = PAGE; // published: a new list begins
    const hidden = operations - Math.min(this.shown, history.length);
    const hadFocus = this.element.contains(document.activeElement);
    this.list.replaceChildren(operationList(history.slice(-this.shown), this.document, user, this.now(), this.isNew));
    setText(this.more, `Show earlier ones (${counted(hidden, "more change")})`);
    this.more.hidden = !hidden;
    if (hadFocus && document.activeElement !== (hidden ? this.more : null)) (hidden ? this.more : /** @type {HTMLElement | null} */ (this.list.querySelector("li:last-child")))?.focus({ preventScroll: true }); // else it would go to the page
  }

  async showEarlier() {
    const { history, operations } = this.draft;
    if (this.isReading) return;
    if (this.shown + PAGE > history.length && history.length && history.length < operations) {
      this.isReading = true;
      try {
        const said = /** @type {{operations: OperationState[]}} */ (await api("GET", `/api/v1/boards/${this.board}/operations?limit=${PAGE}&before=${history[0].seq}`));
        this.draft.takeEarlier(said.operations);
      } catch (error) {
        return this.complain(error);
      } finally {
        this.isReading = false;
      }
    }
    this.shown += PAGE;
    this.paint();
  }
}

/** Return the published versions, the newest first. @param {string} board @returns {Promise<Version[]>} */
async function readVersions(board) {
  const said = /** @type {{versions: Version[]}} */ (await api("GET", `/api/v1/boards/${board}/versions?limit=${MOST_VERSIONS}`));
  return said.versions;
}

/** Return in words what differs between two states: numbers of versions, `published` or `draft`. @param {string} board @param {string} old @param {string} now */
export async function readDifferences(board, old, now) {
  const said = /** @type {{changes: string[]}} */ (await api("GET", `/api/v1/boards/${board}/diff?old=${old}&new=${now}`));
  return said.changes;
}

/** Show differences in words, unless others were asked for meanwhile. @param {HTMLElement} place @param {string} board @param {string} old @param {string} now */
async function showDifferences(place, board, old, now) {
  const asked = `${old} ${now}`;
  place.dataset.asked = asked;
  try {
    const changes = await readDifferences(board, old, now);
    if (place.dataset.asked !== asked) return;
    place.replaceChildren(...(changes.length ? changes.map((text) => h("li", { text })) : [h("li", { class: "hint", text: "No difference." })]));
  } catch (error) {
    if (place.dataset.asked !== asked) return;
    place.replaceChildren(h("li", { class: "wrong", text: error instanceof Error ? error.message : String(error) }));
  }
}

/** Fill a choice of states. It contains the chosen state even if the name of that state is not known yet. @param {HTMLSelectElement} select @param {string[][]} states @param {string} chosen */
function offer(select, states, chosen) {
  const all = states.some(([value]) => value === chosen) ? states : [...states, [chosen, `version ${chosen}`]];
  select.replaceChildren(...all.map(([value, text]) => h("option", { value, text })));
  select.value = chosen;
}

/** Ask which two states to compare, and show what differs. @param {string} board @param {string} [old] @param {string} [now] */
export async function compare(board, old = "published", now = "draft") {
  const states = [["draft", "the draft"], ["published", "what is published"]];
  const list = h("ul", { class: "differences", "aria-live": "polite", tabindex: "0", "aria-label": "Differences" }, h("li", { class: "hint", text: "Reading what differs …" }));
  const [first, second] = [old, now].map((chosen, i) => {
    const select = /** @type {HTMLSelectElement} */ (h("select", { id: `compare-${i}` }));
    offer(select, states, chosen);
    select.addEventListener("change", () => showDifferences(list, board, first.value, second.value));
    return select;
  });
  const labelled = (/** @type {string} */ text, /** @type {HTMLSelectElement} */ select) => h("div", { class: "field" }, h("label", { for: select.id, text }), select);
  showSheet("Compare", h("div", { class: "pair" }, labelled("From", first), labelled("To", second)), list);
  const isShown = showDifferences(list, board, old, now);
  const versions = await readVersions(board).catch(() => []); // a board that is a file may have none
  states.push(...versions.map(({ version, note }) => [String(version), `version ${version}${note ? ` · ${note}` : ""}`]));
  offer(first, states, first.value);
  offer(second, states, second.value);
  await isShown;
}

/** Ask before an earlier version is published again, and say what that changes. @param {string} board @param {number} version @param {() => void} done */
async function rollBack(board, version, done) {
  const list = h("ul", { class: "differences", tabindex: "0", "aria-label": "Differences" }, h("li", { class: "hint", text: "Reading what differs …" }));
  const wrong = h("p", { class: "wrong", role: "alert" });
  const go = button("Roll back", async () => {
    go.disabled = true;
    try {
      await api("POST", `/api/v1/boards/${board}/rollback`, { version });
      dialog.close();
      done();
    } catch (error) {
      go.disabled = false;
      setText(wrong, error instanceof Error ? error.message : String(error));
    }
  }, { class: "button primary" });
  const dialog = showDialog(`Roll back to version ${version}?`, h("p", { text: "It is published again, as a new version, on all screens at once. What is published now stays in the list. This changes:" }), list, wrong,
    h("div", { class: "row" }, button("Cancel", () => dialog.close()), go));
  go.focus();
  await showDifferences(list, board, "published", String(version));
}

/** Return the list of versions, which fills when it has been read. @param {string} board @param {() => number} now @param {(text: string) => void} announce */
export function versionList(board, now, announce) {
  const place = h("ol", { class: "versions" }, h("li", { class: "hint", text: "Reading the versions …" }));
  const read = async () => {
    try {
      const versions = await readVersions(board);
      const items = versions.map(({ version, author, t, note }, i) => {
        const roll = button("Roll back", () => rollBack(board, version, () => {
          announce(`Version ${version} is published again`);
          void read();
        }), { class: "quiet", "aria-label": `Roll back to version ${version}` });
        const look = button("Compare", () => compare(board, String(version), i ? "published" : "draft"), { class: "quiet", "aria-label": `Compare version ${version}` });
        return h("li", {}, h("b", { text: `Version ${version}` }), ` ${author} `, h("small", { text: `${age(now() - t)} ago` }), ...(note ? [h("p", { text: note })] : []), h("div", { class: "row" }, look, ...(i ? [roll] : [])));
      });
      keepFocus(place, () => place.replaceChildren(...(items.length ? items : [h("li", { class: "hint", text: "Nothing was published from here yet." })])));
    } catch (error) {
      place.replaceChildren(h("li", { class: "hint", text: error instanceof Error ? error.message : String(error) }));
    }
  };
  void read();
  return place;
}
