// List of users below a text area, offered after an @ and chosen with the arrows and Enter or Tab.

import { mentionable, typedMention } from "../data/mentions.js";
import { arrange, h } from "./dom.js";

/** @import { Mentionable } from "../data/mentions.js" */

export class MentionList {
  /** @param {HTMLTextAreaElement} area @param {() => Mentionable[]} people */
  constructor(area, people) {
    this.area = area;
    this.people = people;
    this.element = h("div", { class: "mentions", role: "listbox", id: "mentions", "aria-label": "People to mention", hidden: "" });
    /** @type {Mentionable[]} */
    this.found = [];
    this.chosen = 0;
    area.setAttribute("aria-controls", "mentions");
    area.setAttribute("aria-autocomplete", "list");
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { area } = this;
    area.addEventListener("input", () => this.update(), { signal });
    area.addEventListener("blur", () => this.close(), { signal });
    this.element.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // so that the text area keeps the focus
      const at = [...this.element.children].indexOf(/** @type {Element} */ (/** @type {Element} */ (event.target).closest("[role=option]")));
      if (at >= 0) this.take(at);
    }, { signal });
  }

  get open() {
    return !this.element.hidden;
  }

  update() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    this.found = mentionable(this.people(), typedMention(before));
    this.chosen = 0;
    this.show();
  }

  show() {
    this.element.hidden = !this.found.length;
    const options = this.found.map(({ id, name }, i) => h("div", { role: "option", id: `mention-${i}`, "aria-selected": String(i === this.chosen) }, h("b", { text: name }), h("span", { text: `@${id}` })));
    arrange(this.element, options);
    if (this.open) this.area.setAttribute("aria-activedescendant", `mention-${this.chosen}`);
    else this.area.removeAttribute("aria-activedescendant");
  }

  close() {
    this.found = [];
    this.show();
  }

  /** Put the chosen name into the text. @param {number} at */
  take(at) {
    const { area } = this;
    const end = area.selectionStart;
    const typed = typedMention(area.value.slice(0, end)) ?? "";
    area.setRangeText(`${this.found[at].id} `, end - typed.length, end, "end");
    this.close();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for this list */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.found.length) % this.found.length;
      this.show();
    } else if (event.key === "Enter" || event.key === "Tab") this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
