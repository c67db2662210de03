// The panel beside a board: conversation, people, notifications. Closed it takes no room; on a phone it covers the page.

import "./conversation-view.js";
import "./message-composer.js";
import "./notification-list.js";
import "./people-list.js";
import { arrange, button, h, setText } from "./dom.js";
import { loginAddress } from "./who.js";

/** @typedef {import("../pages/talk.js").Talk} Talk */
/** @typedef {import("../pages/shell.js").Shell} Shell */
/** @typedef {"talk" | "people" | "notices"} Tab */

const TABS = /** @type {[Tab, string][]} */ ([["talk", "Conversation"], ["people", "People"], ["notices", "Notifications"]]);
const COVERS = matchMedia("(max-width: 700px)");
const OPERATORS = new Set(["operator", "admin"]);

export class SidePanel extends HTMLElement {
  constructor() {
    super();
    this.listening = new AbortController();
    this.talk = /** @type {Talk} */ (/** @type {unknown} */ (null)); // set by configure
    this.shell = /** @type {Shell} */ (/** @type {unknown} */ (null));
    /** @type {Tab} */
    this.tab = "talk";
    this.painted = "";
    this.opener = /** @type {HTMLElement | null} */ (null);
    this.onToggle = () => {};
    this.view = /** @type {import("./conversation-view.js").ConversationView} */ (h("conversation-view"));
    this.composer = /** @type {import("./message-composer.js").MessageComposer} */ (h("message-composer"));
    this.people = /** @type {import("./people-list.js").PeopleList} */ (h("people-list"));
    this.notices = /** @type {import("./notification-list.js").NotificationList} */ (h("notification-list"));
    this.rooms = h("nav", { class: "rooms", "aria-label": "Conversations" });
    this.notice = h("p", { class: "notdone", role: "alert" });
    this.refusal = h("p", { class: "empty" });
    this.login = h("div", { class: "empty login" }, h("p", { text: "People talk beside the data here. Log in to read and write." }), h("a", { class: "button", href: loginAddress(), text: "Log in to talk" }));
    this.tabs = TABS.map(([id, name], i) => button(name, () => this.show(id), { class: "tab", role: "tab", id: `tab-${id}`, "aria-controls": "panel-body", tabindex: i ? "-1" : "0" }));
    this.body = h("div", { class: "content", id: "panel-body", role: "tabpanel" });
  }

  /** @param {Talk} talk @param {Shell} shell @param {{jump: (at: number) => void, time: () => number}} moments */
  configure(talk, shell, moments) {
    this.talk = talk;
    this.shell = shell;
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": "Panel" }, ...this.tabs);
    const close = button("×", () => this.toggle(false), { class: "quiet close", "aria-label": "Close the panel" });
    this.append(h("header", {}, list, close), this.body);
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", "Conversation and people");
    this.wire(moments);
    const { signal } = this.listening;
    list.addEventListener("keydown", (event) => this.walk(event), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.toggle(false);
    }, { signal });
    talk.addEventListener("change", () => shell.loop.mark(this), { signal });
    document.addEventListener("visibilitychange", () => shell.loop.mark(this), { signal });
    COVERS.addEventListener("change", () => this.cover(), { signal });
    this.show("talk");
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  /** @param {{jump: (at: number) => void, time: () => number}} moments */
  wire(moments) {
    const { talk, view, composer, people, notices } = this;
    view.actions = {
      jump: (at) => {
        moments.jump(at);
        if (!COVERS.matches) return;
        this.toggle(false); // it covers the charts
        document.querySelector(".tile.line")?.scrollIntoView();
      },
      edit: (message) => composer.edit(message),
      remove: (message) => this.tried(talk.client.deleteMessage(message.roomId, message.messageId)),
      again: (pending) => talk.again(pending),
      discard: (pending) => {
        talk.conversation?.settle(pending.key);
        talk.changed();
      },
    };
    view.onOlder = () => talk.older().catch(() => {});
    view.onEnd = () => this.seen();
    composer.onSend = (text, at) => {
      view.atEnd = true;
      talk.say(text, { at });
    };
    composer.onEdit = (message, text) => this.tried(talk.client.editMessage(message.roomId, message.messageId, text));
    composer.onTyping = (isTyping) => talk.client.setTypingIndicator(talk.current, isTyping);
    composer.latest = () => talk.conversation?.messages.findLast((message) => message.userId === talk.me?.id && !message.deleted);
    composer.boardTime = moments.time;
    composer.people = () => talk.nameable;
    people.onChoose = (person) => {
      talk.showPerson(person);
      this.show("talk");
      composer.area.focus();
    };
    notices.onReadAll = () => talk.client.markNotificationsRead();
    notices.onOpen = (notice) => this.openNotice(notice);
  }

  /** @param {Promise<any>} done */
  async tried(done) {
    try {
      await done;
    } catch (error) {
      setText(this.notice, `Not done: ${/** @type {Error} */ (error).message}`);
      this.shell.announce(this.notice.textContent ?? "");
      setTimeout(() => setText(this.notice, ""), 6_000);
    }
  }

  /** @param {import("../pages/talk.js").Notice} notice */
  openNotice(notice) {
    if (!notice.read) this.talk.client.markNotificationsRead(notice.notificationId);
    const roomId = notice.data?.roomId;
    if (!roomId) return;
    const board = this.talk.rooms.get(roomId)?.kind === "board" && roomId !== this.talk.boardId;
    if (board) {
      location.assign(`/boards/${encodeURIComponent(roomId)}`);
      return;
    }
    this.talk.show(roomId);
    this.show("talk");
  }

  get isOpen() {
    return !this.hidden;
  }

  /** @param {boolean} [open] @param {{focus?: boolean}} [how] */
  toggle(open = !this.isOpen, { focus = true } = {}) {
    if (open === this.isOpen) return;
    if (open) this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    const inside = this.contains(document.activeElement);
    if (!open && this.talk.conversation) this.talk.conversation.divider = "";
    this.hidden = !open;
    document.body.toggleAttribute("data-panel", open);
    this.cover();
    if (open) {
      this.view.atEnd = true;
      this.painted = "";
      this.paint();
      if (focus) this.focusFirst();
    } else if (inside) (this.opener?.isConnected && this.opener !== document.body ? this.opener : document.getElementById("talk"))?.focus();
    this.onToggle();
  }

  /** What it covers is not to be reached. */
  cover() {
    for (const each of document.querySelectorAll("body > .skip, body > .top, body > main")) /** @type {HTMLElement} */ (each).inert = this.isOpen && COVERS.matches;
  }

  focusFirst() {
    const first = this.composer.isConnected && this.tab === "talk" && !matchMedia("(hover: none)").matches ? this.composer.area : this.tabs.find((tab) => tab.tabIndex === 0);
    first?.focus();
  }

  /** @param {Tab} tab */
  show(tab) {
    this.tab = tab;
    TABS.forEach(([id], i) => {
      this.tabs[i].setAttribute("aria-selected", String(id === tab));
      this.tabs[i].tabIndex = id === tab ? 0 : -1;
    });
    this.body.setAttribute("aria-labelledby", `tab-${tab}`);
    if (tab === "people") this.talk.loadPeople();
    this.painted = "";
    this.paint();
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (TABS.findIndex(([id]) => id === this.tab) + step + TABS.length) % TABS.length;
    this.show(TABS[at][0]);
    this.tabs[at].focus();
  }

  paint() {
    const { talk, tab } = this;
    if (!this.isOpen || !talk) {
      if (talk) talk.looking = false;
      return;
    }
    const unread = talk.unreadNotices;
    setText(this.tabs[2], unread ? `Notifications ${unread}` : "Notifications");
    if (!talk.me) arrange(this.body, [this.login]);
    else if (tab === "people") this.paintPeople();
    else if (tab === "notices") {
      arrange(this.body, [this.notices]);
      this.notices.paint(talk.notices, unread, talk.clock.now());
    } else this.paintTalk();
    talk.looking = tab === "talk" && Boolean(talk.me) && !document.hidden && this.view.atEnd;
    this.seen();
  }

  paintPeople() {
    const { talk } = this;
    arrange(this.body, [this.people]);
    this.people.paint(talk.watchers.people, talk.watchers.screens, talk.directory, talk.me?.id ?? "", Boolean(talk.boardId));
  }

  paintTalk() {
    const { talk } = this;
    const conversation = talk.conversation;
    this.paintRooms();
    if (!conversation || talk.refusal) {
      const text = talk.refusal ? `This conversation cannot be shown: ${talk.refusal}.` : "Boards have a conversation; chosen series have none. Under People you can write to somebody.";
      setText(this.refusal, text);
      arrange(this.body, [this.rooms, this.refusal]);
      return;
    }
    arrange(this.body, [this.rooms, this.view, this.notice, this.composer]);
    this.view.myName = talk.me?.name ?? "";
    this.view.offline = talk.client.connection.state !== "open";
    this.view.mayDelete = !talk.partner(talk.current) && OPERATORS.has(talk.client.me?.role);
    this.composer.enter(talk.current, talk.current === talk.boardId);
    const nothing = talk.partner(talk.current) ? "Nothing has been said between the two of you. Only you two can read this." : "Nothing has been said here yet. Write what you see: **bold**, `code`, @name, and the clock marks the moment on the charts.";
    this.view.paint(conversation, talk.clock.now(), nothing);
  }

  /** The board's room, and each conversation of two; nothing when there is one only. */
  paintRooms() {
    const { talk } = this;
    const ids = [...talk.rooms.values()].filter(({ kind, roomId }) => kind !== "board" || roomId === talk.boardId || roomId === talk.current).map((room) => room.roomId);
    const all = [...new Set([...(talk.boardId ? [talk.boardId] : []), ...ids])];
    const painted = JSON.stringify(all.map((id) => [id, this.nameOf(id), talk.unreadIn(id), id === talk.current]));
    if (painted === this.painted) return;
    this.painted = painted;
    this.rooms.hidden = all.length < 2;
    const focused = this.rooms.contains(document.activeElement);
    arrange(this.rooms, all.map((id) => {
      const unread = id === talk.current ? 0 : talk.unreadIn(id);
      const made = button(this.nameOf(id), () => talk.show(id), { class: "quiet", "aria-pressed": String(id === talk.current) });
      if (unread) made.append(h("span", { class: "count", text: String(unread) }));
      return made;
    }));
    if (focused) /** @type {HTMLElement | null} */ (this.rooms.querySelector("[aria-pressed=true]"))?.focus();
  }

  /** @param {string} roomId */
  nameOf(roomId) {
    const { talk } = this;
    const title = talk.rooms.get(roomId)?.title || talk.conversations.get(roomId)?.title;
    return title || (roomId === talk.boardId ? "This board" : talk.partner(roomId) || roomId);
  }

  /** What is before the eyes is read. */
  seen() {
    const { talk } = this;
    if (!talk.looking && !(this.isOpen && this.tab === "talk" && this.view.atEnd && !document.hidden)) return;
    talk.read();
    this.onToggle();
  }
}
customElements.define("side-panel", SidePanel);
