// People and screens that look at this board, at the top right: initials, and a small screen with a number.

import { arrange, button, h } from "./dom.js";
import { initialsSign } from "./who.js";

/** @typedef {{id: string, name: string, status: string}} Person */

const MOST = 4;

export class WatcherBadges extends HTMLElement {
  constructor() {
    super();
    this.onPress = () => {};
    this.painted = "";
  }

  /** @param {Person[]} people @param {number} screens @param {string} board */
  paint(people, screens, board) {
    const painted = JSON.stringify([people, screens]);
    if (painted === this.painted) return;
    this.painted = painted;
    if (!people.length && !screens) {
      arrange(this, []);
      return;
    }
    const shown = people.length > MOST + 1 ? people.slice(0, MOST) : people;
    const names = people.map(({ name, status }) => (status === "online" ? name : `${name} (${status})`)).join(", ");
    const parts = [people.length ? `Here: ${names}` : "", screens ? (screens === 1 ? "1 screen" : `${screens} screens`) : ""].filter(Boolean);
    const made = button("", () => this.onPress(), { class: "sign watchers", "aria-label": `${parts.join("; ")}. Show the list` });
    made.append(...shown.map((person) => initialsSign(person, `${person.name} · ${person.status} · on ${board}`)));
    const rest = people.slice(shown.length);
    if (rest.length) made.append(h("span", { class: "initials", title: rest.map(({ name }) => name).join(", "), text: `+${rest.length}` }));
    if (screens) made.append(h("span", { class: "initials screen", title: `${screens === 1 ? "1 screen shows" : `${screens} screens show`} ${board}`, text: `▭ ${screens}` }));
    const focused = this.contains(document.activeElement);
    arrange(this, [made]);
    if (focused) made.focus();
  }
}
customElements.define("watcher-badges", WatcherBadges);
