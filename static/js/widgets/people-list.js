// List of connected users, on this board and elsewhere. Choosing one opens the conversation with them.

import { arrange, button, h, hidden } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { STATUS, initialsBadge, nameAndId, nameShown } from "./user.js";

/** @import { ConnectedUser, User } from "../client/protocol.js" */

export class PeopleList extends LiveElement {
  constructor() {
    super();
    /** @type {(user: User) => void} */
    this.onChoose = () => {};
  }

  /**
   * @param {User[]} here users on this board @param {number} screens @param {ConnectedUser[]} everybody @param {string} me id of the user
   * @param {boolean} onBoard whether this page is a board
   */
  paint(here, screens, everybody, me, onBoard) {
    const elsewhere = everybody.filter(({ id }) => !here.some((user) => user.id === id));
    if (!this.differs(here, screens, elsewhere, me)) return;
    const focused = /** @type {HTMLElement | null} */ (this.contains(document.activeElement) ? document.activeElement : null)?.dataset.person;
    const parts = [];
    if (onBoard) parts.push(h("h3", { text: "On this board" }), ...here.map((user) => this.row(user, "", me)));
    if (screens) parts.push(h("div", { class: "person" }, h("span", { class: "initials screen", "aria-hidden": "true", text: "▭" }), h("span", { class: "name", text: screens === 1 ? "1 screen without a person" : `${screens} screens without a person` })));
    if (elsewhere.length) parts.push(h("h3", { text: onBoard ? "Elsewhere" : "Connected" }), ...elsewhere.map((user) => this.row(user, boardsOf(user), me)));
    if (!here.length && !elsewhere.length) parts.push(h("p", { class: "empty", text: "Nobody else is connected. People appear here as soon as they open a board." }));
    arrange(this, parts);
    if (focused) /** @type {HTMLElement | null} */ (this.querySelector(`[data-person="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {User} user @param {string} more @param {string} me */
  row(user, more, me) {
    const own = user.id === me;
    const name = h("span", { class: "name" }, nameShown(user, own ? " (you)" : ""), ...(more ? [h("small", { text: more })] : []));
    const status = h("span", { class: "status", "data-status": user.status, text: `${STATUS[user.status] ?? ""} ${user.status}` });
    if (own) return h("div", { class: "person" }, initialsBadge(user), name, status);
    const made = button("", () => this.onChoose(user), { class: "person", title: `Write to ${nameAndId(user)}`, "data-person": user.id });
    const badge = initialsBadge(user);
    badge.setAttribute("aria-hidden", "true"); // the name is read
    made.append(hidden("Write to "), badge, name, status);
    return made;
  }
}

/** @param {{screens?: {board: string}[]}} person */
function boardsOf({ screens }) {
  const boards = [...new Set((screens ?? []).map(({ board }) => board).filter(Boolean))];
  return boards.length ? `on ${boards.join(", ")}` : "";
}
customElements.define("people-list", PeopleList);
