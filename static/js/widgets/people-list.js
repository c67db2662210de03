// Who is here and who is elsewhere; choosing somebody opens the conversation with them.

import { arrange, button, h } from "./dom.js";
import { STATUS, initialsSign } from "./who.js";

/** @typedef {{id: string, name: string, status: string}} Person */

export class PeopleList extends HTMLElement {
  constructor() {
    super();
    /** @type {(person: Person) => void} */
    this.onChoose = () => {};
    this.painted = "";
  }

  /**
   * @param {Person[]} here @param {number} screens @param {any[]} everybody @param {string} me
   * @param {boolean} board whether this page is a board's
   */
  paint(here, screens, everybody, me, board) {
    const elsewhere = everybody.filter(({ id }) => !here.some((person) => person.id === id));
    const painted = JSON.stringify([here, screens, elsewhere, me]);
    if (painted === this.painted) return;
    this.painted = painted;
    const focused = /** @type {HTMLElement | null} */ (this.contains(document.activeElement) ? document.activeElement : null)?.dataset.person;
    const parts = [];
    if (board) parts.push(h("h3", { text: "On this board" }), ...here.map((person) => this.row(person, "", me)));
    if (screens) parts.push(h("div", { class: "person" }, h("span", { class: "initials screen", "aria-hidden": "true", text: "▭" }), h("span", { class: "name", text: screens === 1 ? "1 screen without a person" : `${screens} screens without a person` })));
    if (elsewhere.length) parts.push(h("h3", { text: board ? "Elsewhere" : "Connected" }), ...elsewhere.map((person) => this.row(person, where(person), me)));
    if (!here.length && !elsewhere.length) parts.push(h("p", { class: "empty", text: "Nobody else is connected. People stand here as soon as they open a board." }));
    arrange(this, parts);
    if (focused) /** @type {HTMLElement | null} */ (this.querySelector(`[data-person="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Person} person @param {string} more @param {string} me */
  row(person, more, me) {
    const own = person.id === me;
    const name = h("span", { class: "name" }, h("b", { text: own ? `${person.name} (you)` : person.name }), ...(more ? [h("small", { text: more })] : []));
    const status = h("span", { class: "status", "data-status": person.status, text: `${STATUS[person.status] ?? ""} ${person.status}` });
    if (own) return h("div", { class: "person" }, initialsSign(person), name, status);
    const made = button("", () => this.onChoose(person), { class: "person", "aria-label": `Write to ${person.name}, ${person.status}`, title: `Write to ${person.name}`, "data-person": person.id });
    made.append(initialsSign(person), name, status);
    return made;
  }
}

/** @param {{screens?: {board: string}[]}} person */
function where({ screens }) {
  const boards = [...new Set((screens ?? []).map(({ board }) => board).filter(Boolean))];
  return boards.length ? `on ${boards.join(", ")}` : "";
}
customElements.define("people-list", PeopleList);
