// Badges at the top right for the users and screens that watch this board.

import { arrange, button, h, hidden } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { initialsBadge, nameAndId } from "./user.js";

/** @import { User } from "../client/protocol.js" */

/** More users than this are shown as a number. */
const MOST = 4;

export class WatcherBadges extends LiveElement {
  constructor() {
    super();
    this.onPress = () => {};
  }

  /** @param {User[]} people @param {number} screens @param {string} board */
  paint(people, screens, board) {
    if (!this.differs(people, screens)) return;
    if (!people.length && !screens) {
      arrange(this, []);
      return;
    }
    const shown = people.length > MOST + 1 ? people.slice(0, MOST) : people;
    const names = people.map((user) => (user.status === "online" ? nameAndId(user) : `${nameAndId(user)} (${user.status})`)).join(", ");
    const parts = [people.length ? `Here: ${names}` : "", screens ? (screens === 1 ? "1 screen" : `${screens} screens`) : ""].filter(Boolean);
    const made = button("", () => this.onPress(), { class: "sign watchers" });
    made.append(...shown.map((user) => initialsBadge(user, `${nameAndId(user)} · ${user.status} · on ${board}`)));
    const rest = people.slice(shown.length);
    if (rest.length) made.append(h("span", { class: "initials", title: rest.map(nameAndId).join(", "), text: `+${rest.length}` }));
    if (screens) made.append(h("span", { class: "initials screen", title: `${screens === 1 ? "1 screen shows" : `${screens} screens show`} ${board}`, text: `▭ ${screens}` }));
    made.append(hidden(`${parts.join("; ")}. Show the list`));
    const focused = this.contains(document.activeElement);
    arrange(this, [made]);
    if (focused) made.focus();
  }
}
customElements.define("watcher-badges", WatcherBadges);
