// Messages of one room: with days, groups and the line above new ones. Older messages are loaded when the user scrolls up.

import { typingText } from "../data/conversation.js";
import { arrange, h, setText } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { messageRow, pendingRow } from "./message-row.js";
import { nameAndId } from "./user.js";

/** @import { Conversation } from "../data/conversation.js" */
/** @import { RowActions } from "./message-row.js" */

/** Messages of one author within this time stand below one name. */
const GROUP_MS = 300_000;
/** A scroll position this close to an end counts as at the end. */
const NEAR_PX = 60;
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

/** Return the buttons and links of a row. @param {Element | null} row */
function pressable(row) {
  return [...row?.querySelectorAll("a, button") ?? []];
}

export class ConversationView extends LiveElement {
  constructor() {
    super();
    this.rows = h("div", { class: "rows" });
    this.empty = h("p", { class: "empty" });
    this.log = h("div", { class: "log", role: "log", "aria-label": "Messages", tabindex: "0" }, this.empty, this.rows);
    this.typing = h("p", { class: "typing", role: "status" });
    /** @type {Map<string, {signature: string, element: HTMLElement}>} rows by key; one is kept while its signature is the same */
    this.made = new Map();
    this.room = "";
    this.oldest = "";
    this.atEnd = true;
    this.fetching = false;
    this.onOlder = async () => {};
    /** @type {() => void} called when the user scrolls to the end */
    this.onEnd = () => {};
    this.mayDelete = false;
    this.myName = "";
    this.offline = false;
    this.actions = /** @type {RowActions} */ (/** @type {unknown} */ (null)); // set before the first paint
  }

  /** @param {AbortSignal} signal */
  connected(signal) {
    this.append(this.log, this.typing);
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true, signal });
    this.log.addEventListener("focusin", (event) => /** @type {Element} */ (event.target).closest(".msg")?.scrollIntoView({ block: "nearest" }), { signal });
  }

  async scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    const wasAtEnd = this.atEnd;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.atEnd && !wasAtEnd) this.onEnd();
    if (scrollTop > NEAR_PX || this.fetching) return;
    this.fetching = true;
    try {
      await this.onOlder();
    } finally {
      this.fetching = false;
    }
  }

  /** @param {Conversation} conversation @param {number} now @param {string} nothing text for an empty room */
  paint(conversation, now, nothing) {
    const { log } = this;
    if (this.room !== conversation.roomId) {
      this.room = conversation.roomId;
      this.made.clear();
      this.oldest = "";
      this.atEnd = true;
    }
    const [height, top] = [log.scrollHeight, log.scrollTop];
    const oldest = conversation.messages[0]?.messageId ?? "";
    const prepended = this.oldest !== "" && oldest !== this.oldest;
    this.oldest = oldest;
    const focused = this.focused();
    arrange(this.rows, this.elements(conversation, now));
    if (focused) this.refocus(focused);
    log.setAttribute("aria-live", conversation.begun ? "polite" : "off");
    setText(this.empty, conversation.begun && !this.rows.childElementCount ? nothing : "");
    setText(this.typing, typingText(conversation.typists(now)));
    if (this.atEnd) log.scrollTop = log.scrollHeight;
    else if (prepended && top < NEAR_PX) log.scrollTop = top + log.scrollHeight - height;
  }

  /** Return where the focus is among the rows: the row's key and the place among its buttons and links, -1 for the row itself. */
  focused() {
    const focused = document.activeElement;
    if (!focused || !this.rows.contains(focused)) return null;
    const [key] = [...this.made].find(([, { element }]) => element.contains(focused)) ?? [];
    return { key, at: pressable(focused.closest(".msg")).indexOf(focused) };
  }

  /** Give the focus back if its row was made anew, so that the next key press reaches the same button. @param {{key: string | undefined, at: number}} before */
  refocus({ key, at }) {
    const row = this.made.get(key ?? "")?.element;
    if (!row || row.contains(document.activeElement)) return;
    const top = this.log.scrollTop;
    /** @type {HTMLElement} */ (pressable(row)[at] ?? row).focus({ preventScroll: true });
    this.log.scrollTop = top; // the row with the focus may be one that the user has scrolled away from
  }

  /** @param {Conversation} conversation @param {number} now @returns {HTMLElement[]} */
  elements(conversation, now) {
    const used = new Map();
    /** @param {string} key @param {string} signature @param {() => HTMLElement} make */
    const row = (key, signature, make) => {
      const known = this.made.get(key);
      const entry = known?.signature === signature ? known : { signature, element: make() };
      used.set(key, entry);
      return entry.element;
    };
    const all = [];
    let day = "";
    let last = { userId: "", t: 0 };
    for (const message of conversation.messages) {
      const date = new Date(message.t).toDateString();
      if (date !== day) {
        const name = date === new Date(now).toDateString() ? "Today" : DAY.format(message.t);
        all.push(row(`day ${date}`, name, () => h("h3", { class: "day", text: name })));
        last = { userId: "", t: 0 };
      }
      day = date;
      if (message.messageId === conversation.divider) {
        all.push(row("new", message.messageId, () => h("p", { class: "new", text: "New" })));
        last = { userId: "", t: 0 };
      }
      const readers = (conversation.readers.get(message.messageId) ?? []).map((id) => nameAndId({ id, name: conversation.members.get(id)?.name ?? id }));
      const how = {
        own: message.userId === conversation.me,
        grouped: message.userId === last.userId && message.t - last.t < GROUP_MS,
        named: Boolean(message.mentions?.includes(conversation.me)),
        mayDelete: this.mayDelete,
        readers,
      };
      all.push(row(`m ${message.messageId}`, JSON.stringify([message.html, message.text, message.edited, message.deleted, how]), () => messageRow(message, how, this.actions)));
      last = message;
    }
    for (const pending of conversation.pending) {
      const how = { name: this.myName, grouped: last.userId === conversation.me, offline: this.offline };
      all.push(row(`p ${pending.key}`, JSON.stringify([pending, how]), () => pendingRow(pending, how, this.actions)));
      last = { userId: conversation.me, t: pending.t };
    }
    this.made = used;
    return all;
  }
}
customElements.define("conversation-view", ConversationView);
