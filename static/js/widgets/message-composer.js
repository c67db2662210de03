// Input for messages: Enter sends, Shift-Enter begins a line, @ mentions a user, the clock marks a moment on the charts.

import { clock } from "../draw/format.js";
import { button, h, setText } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { MentionList } from "./mention-list.js";

/** @import { Message } from "../client/protocol.js" */

/** The server refuses longer messages. */
const MOST = 4_000;

export class MessageComposer extends LiveElement {
  constructor() {
    super();
    /** @type {(text: string, at?: number) => void} */
    this.onSend = () => {};
    /** @type {(message: Message, text: string) => void} */
    this.onEdit = () => {};
    /** @type {(isTyping: boolean) => void} */
    this.onTyping = () => {};
    /** @type {() => Message | undefined} the user's latest message, for editing it */
    this.latest = () => undefined;
    /** @type {() => number} */
    this.boardTime = Date.now;
    /** @type {() => {id: string, name: string}[]} */
    this.people = () => [];
    /** @type {number | undefined} the marked moment, ms */
    this.at = undefined;
    /** @type {Message | null} */
    this.editing = null;
    /** @type {Map<string, string>} unsent text by room */
    this.drafts = new Map();
    this.room = "";
    this.area = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: "1", maxlength: String(MOST), "aria-label": "Message", placeholder: "Write a message" }));
    this.note = h("p", { class: "editing", hidden: "" });
    this.mark = button("", () => this.toggleMark(), { class: "quiet mark", "aria-pressed": "false" });
    this.go = button("Send", () => this.submit(), { class: "button send" });
    this.mentions = new MentionList(this.area, () => this.people());
  }

  /** @param {AbortSignal} signal */
  connected(signal) {
    this.mentions.listen(signal);
    this.append(this.note, this.mentions.element, this.area, h("div", { class: "row" }, this.mark, h("span", { class: "space" }), this.go));
    this.area.addEventListener("keydown", (event) => this.key(event), { signal });
    this.area.addEventListener("input", () => this.typed(), { signal });
    this.showMark();
  }

  /** Switch to a room and its draft. @param {string} room @param {boolean} hasCharts whether moments can be marked */
  enter(room, hasCharts) {
    this.mark.hidden = !hasCharts;
    if (room === this.room) return;
    if (this.editing) this.stopEditing();
    this.drafts.set(this.room, this.area.value);
    this.room = room;
    this.area.value = this.drafts.get(room) ?? "";
    this.at = undefined;
    this.showMark();
    this.fit();
  }

  typed() {
    this.fit();
    if (!this.editing) this.onTyping(this.area.value.trim() !== "");
  }

  /** Make the input as high as its text, in browsers where the style sheet cannot. */
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.area.style.height = "auto";
    this.area.style.height = `${this.area.scrollHeight + 2}px`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || this.mentions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.editing) {
      event.stopPropagation();
      this.stopEditing();
    } else if (event.key === "ArrowUp" && !this.area.value) {
      const message = this.latest();
      if (!message) return;
      event.preventDefault();
      this.edit(message);
    }
  }

  submit() {
    const text = this.area.value.trim();
    if (!text) return;
    if (this.editing) {
      if (text !== this.editing.text) this.onEdit(this.editing, text);
      this.stopEditing();
      return;
    }
    this.onSend(text, this.at);
    this.area.value = "";
    this.at = undefined;
    this.showMark();
    this.fit();
    this.area.focus();
  }

  /** @param {Message} message */
  edit(message) {
    if (!this.editing) this.drafts.set(this.room, this.area.value);
    this.editing = message;
    this.area.value = message.text;
    this.note.hidden = false;
    setText(this.note, "Editing. Enter saves, Esc discards the changes.");
    setText(this.go, "Save");
    this.mark.disabled = true;
    this.fit();
    this.area.focus();
  }

  stopEditing() {
    this.editing = null;
    this.note.hidden = true;
    this.mark.disabled = false;
    this.area.value = this.drafts.get(this.room) ?? "";
    setText(this.go, "Send");
    this.fit();
    this.area.focus();
  }

  toggleMark() {
    this.at = this.at === undefined ? this.boardTime() : undefined;
    this.showMark();
    this.area.focus();
  }

  showMark() {
    setText(this.mark, this.at === undefined ? "◷ Mark this moment" : `◷ ${clock(this.at, true)}`);
    this.mark.setAttribute("aria-pressed", String(this.at !== undefined));
    this.mark.title = this.at === undefined ? "The message will show the charts at this time" : "Do not mark this moment";
  }
}
customElements.define("message-composer", MessageComposer);
