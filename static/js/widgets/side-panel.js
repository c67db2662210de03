// Panel beside a board with three tabs: conversation, people, notifications. On a phone it covers the page.

import "./conversation-view.js";
import "./message-composer.js";
import "./notification-list.js";
import "./people-list.js";
import { arrange, button, h, setText } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { loginUrl } from "./user.js";

/** @import { PeopleList } from "./people-list.js" */
/** @import { NotificationList } from "./notification-list.js" */
/** @import { ConversationView } from "./conversation-view.js" */
/** @import { MessageComposer } from "./message-composer.js" */
/** @import { UserNotification } from "../client/protocol.js" */
/** @import { Chat } from "../data/chat.js" */
/** What the panel needs from its page. @typedef {{loop: {mark: (item: {paint: () => void}) => void}, announce: (text: string) => void}} PanelHost */
/** The time that the charts show, and a way to show them at another. @typedef {{time: () => number, jump: (at: number) => void}} ChartTime */
/** @typedef {"talk" | "people" | "notices"} Tab */

const TABS = /** @type {[Tab, string][]} */ ([["talk", "Conversation"], ["people", "People"], ["notices", "Notifications"]]);
const COVERS = matchMedia("(max-width: 700px)");
/** How long an error of an action is shown. */
const ERROR_MS = 6_000;
const OPERATORS = new Set(["operator", "admin"]);

export class SidePanel extends LiveElement {
  constructor() {
    super();
    this.chat = /** @type {Chat} */ (/** @type {unknown} */ (null)); // set by configure
    this.host = /** @type {PanelHost} */ (/** @type {unknown} */ (null));
    /** @type {Tab} */
    this.tab = "talk";
    this.opener = /** @type {HTMLElement | null} */ (null);
    this.onToggle = () => {};
    this.view = /** @type {ConversationView} */ (h("conversation-view"));
    this.composer = /** @type {MessageComposer} */ (h("message-composer"));
    this.people = /** @type {PeopleList} */ (h("people-list"));
    this.notifications = /** @type {NotificationList} */ (h("notification-list"));
    this.rooms = h("nav", { class: "rooms", "aria-label": "Conversations" });
    this.error = h("p", { class: "notdone", role: "alert" });
    this.refusal = h("p", { class: "empty" });
    this.login = h("div", { class: "empty login" }, h("p", { text: "People talk beside the data here. Log in to read and write." }), h("a", { class: "button", href: loginUrl(), text: "Log in to talk" }));
    this.tabs = TABS.map(([id, name], i) => button(name, () => this.show(id), { class: "tab", role: "tab", id: `tab-${id}`, "aria-controls": "panel-body", tabindex: i ? "-1" : "0" }));
    this.body = h("div", { class: "content", id: "panel-body", role: "tabpanel" });
  }

  /** Set the panel up, once. @param {Chat} chat @param {PanelHost} host @param {ChartTime} chartTime */
  configure(chat, host, chartTime) {
    this.chat = chat;
    this.host = host;
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": "Panel" }, ...this.tabs);
    const close = button("×", () => this.toggle(false), { class: "quiet close", "aria-label": "Close the panel" });
    this.append(h("div", { class: "bar" }, list, close), this.body);
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", "Conversation and people");
    this.wireView(chartTime);
    this.wireComposer(chartTime);
    this.wireLists();
    const { signal } = this.listening;
    list.addEventListener("keydown", (event) => this.walk(event), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.toggle(false);
    }, { signal });
    chat.addEventListener("change", () => host.loop.mark(this), { signal });
    document.addEventListener("visibilitychange", () => host.loop.mark(this), { signal });
    COVERS.addEventListener("change", () => this.cover(), { signal });
    this.show("talk");
  }

  /** @param {ChartTime} chartTime */
  wireView(chartTime) {
    const { chat, view, composer } = this;
    view.actions = {
      jump: (at) => {
        chartTime.jump(at);
        if (!COVERS.matches) return;
        this.toggle(false); // it covers the charts
        document.querySelector(".tile.line")?.scrollIntoView();
      },
      edit: (message) => composer.edit(message),
      remove: (message) => this.attempt(chat.client.deleteMessage(message.roomId, message.messageId)),
      again: (pending) => chat.repeat(pending),
      discard: (pending) => {
        chat.conversation?.settle(pending.key);
        chat.changed();
      },
    };
    view.onOlder = () => chat.loadOlder().catch(() => {});
    view.onEnd = () => this.markRead();
  }

  /** @param {ChartTime} chartTime */
  wireComposer(chartTime) {
    const { chat, view, composer } = this;
    composer.onSend = (text, at) => {
      view.atEnd = true;
      chat.post(text, { at });
    };
    composer.onEdit = (message, text) => this.attempt(chat.client.editMessage(message.roomId, message.messageId, text));
    composer.onTyping = (isTyping) => chat.client.setTypingIndicator(chat.current, isTyping);
    composer.latest = () => chat.conversation?.messages.findLast((message) => message.userId === chat.me?.id && !message.deleted);
    composer.boardTime = chartTime.time;
    composer.people = () => chat.mentionable;
  }

  wireLists() {
    const { chat, composer, people, notifications } = this;
    people.onChoose = (user) => {
      chat.showUser(user);
      this.show("talk");
      composer.area.focus();
    };
    notifications.onReadAll = () => chat.client.markNotificationsRead();
    notifications.onOpen = (notification) => this.openNotification(notification);
  }

  /** Wait for an action, and show its error for a while if it fails. @param {Promise<unknown>} action */
  async attempt(action) {
    try {
      await action;
    } catch (error) {
      setText(this.error, `Not done: ${/** @type {Error} */ (error).message}`);
      this.host.announce(this.error.textContent ?? "");
      setTimeout(() => setText(this.error, ""), ERROR_MS);
    }
  }

  /** Mark a notification as read, and show the conversation that it is about. @param {UserNotification} notification */
  openNotification({ read, notificationId, data }) {
    const { chat } = this;
    if (!read) chat.client.markNotificationsRead(notificationId);
    const roomId = data?.roomId;
    if (!roomId) return;
    const onOtherBoard = chat.rooms.get(roomId)?.kind === "board" && roomId !== chat.boardId;
    if (onOtherBoard) {
      location.assign(`/boards/${encodeURIComponent(roomId)}`);
      return;
    }
    chat.show(roomId);
    this.show("talk");
  }

  get isOpen() {
    return !this.hidden;
  }

  /** Open or close the panel. @param {boolean} [open] the other of its two states by default @param {{focus?: boolean}} [options] */
  toggle(open = !this.isOpen, { focus = true } = {}) {
    if (open === this.isOpen) return;
    if (open) this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    const hadFocus = this.contains(document.activeElement);
    if (!open && this.chat.conversation) this.chat.conversation.divider = "";
    this.hidden = !open;
    document.body.toggleAttribute("data-panel", open);
    this.cover();
    if (open) {
      this.view.atEnd = true;
      this.painted = "";
      this.paint();
      if (focus) this.focusFirst();
    } else if (hadFocus) (this.opener?.isConnected && this.opener !== document.body ? this.opener : document.getElementById("talk"))?.focus();
    this.onToggle();
  }

  /** Keep the focus out of the page while the panel covers it. */
  cover() {
    for (const each of document.querySelectorAll("body > .skip, body > .top, body > main")) /** @type {HTMLElement} */ (each).inert = this.isOpen && COVERS.matches;
  }

  focusFirst() {
    const first = this.composer.isConnected && this.tab === "talk" && !matchMedia("(hover: none)").matches ? this.composer.area : this.tabs.find((tab) => tab.tabIndex === 0);
    first?.focus();
  }

  /** Show a tab. @param {Tab} tab */
  show(tab) {
    this.tab = tab;
    TABS.forEach(([id], i) => {
      this.tabs[i].setAttribute("aria-selected", String(id === tab));
      this.tabs[i].tabIndex = id === tab ? 0 : -1;
    });
    this.body.setAttribute("aria-labelledby", `tab-${tab}`);
    if (tab === "people") this.chat.loadDirectory();
    this.painted = "";
    this.paint();
  }

  /** Move between the tabs by the arrow keys. @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (TABS.findIndex(([id]) => id === this.tab) + step + TABS.length) % TABS.length;
    this.show(TABS[at][0]);
    this.tabs[at].focus();
  }

  paint() {
    const { chat, tab } = this;
    if (!this.isOpen || !chat) {
      if (chat) chat.isVisible = false;
      return;
    }
    const { unread } = chat.notifications;
    setText(this.tabs[2], unread ? `Notifications ${unread}` : "Notifications");
    if (!chat.me) arrange(this.body, [this.login]);
    else if (tab === "people") this.paintPeople();
    else if (tab === "notices") {
      arrange(this.body, [this.notifications]);
      this.notifications.paint(chat.notifications.all, unread, chat.clock.now());
    } else this.paintConversation();
    chat.isVisible = tab === "talk" && Boolean(chat.me) && !document.hidden && this.view.atEnd;
    this.markRead();
  }

  paintPeople() {
    const { chat } = this;
    arrange(this.body, [this.people]);
    this.people.paint(chat.watchers.people, chat.watchers.screens, chat.directory, chat.me?.id ?? "", Boolean(chat.boardId));
  }

  paintConversation() {
    const { chat } = this;
    const { conversation } = chat;
    this.paintRooms();
    if (!conversation || chat.refusal) {
      const text = chat.refusal ? `This conversation cannot be shown: ${chat.refusal}.` : "Only boards have a conversation, chosen series have none. Under People you can write to somebody.";
      setText(this.refusal, text);
      arrange(this.body, [this.rooms, this.refusal]);
      return;
    }
    arrange(this.body, [this.rooms, this.view, this.error, this.composer]);
    const isDirect = Boolean(chat.partner(chat.current));
    this.view.myName = chat.me?.name ?? "";
    this.view.offline = chat.client.connection.state !== "open";
    this.view.mayDelete = !isDirect && OPERATORS.has(chat.client.me?.role ?? "");
    this.composer.enter(chat.current, chat.current === chat.boardId);
    const nothing = isDirect ? "Nothing has been said between the two of you. Only you two can read this." : "Nothing has been said here yet. Write what you see. **bold**, `code` and @name work, and the clock marks a moment on the charts.";
    this.view.paint(conversation, chat.clock.now(), nothing);
  }

  /** Show a button for each room, unless there is only one. */
  paintRooms() {
    const { chat } = this;
    const rooms = chat.offered.map((id) => ({ id, title: chat.titleOf(id), unread: chat.unreadIn(id), current: id === chat.current }));
    if (!this.differs(rooms)) return;
    this.rooms.hidden = rooms.length < 2;
    const focused = this.rooms.contains(document.activeElement);
    arrange(this.rooms, rooms.map(({ id, title, unread, current }) => {
      const made = button(title, () => chat.show(id), { class: "quiet", "aria-pressed": String(current) });
      if (unread && !current) made.append(h("span", { class: "count", text: String(unread) }));
      return made;
    }));
    if (focused) /** @type {HTMLElement | null} */ (this.rooms.querySelector("[aria-pressed=true]"))?.focus();
  }

  /** Mark the conversation as read if the user sees its end. */
  markRead() {
    const { chat } = this;
    if (!chat.isVisible && !(this.isOpen && this.tab === "talk" && this.view.atEnd && !document.hidden)) return;
    chat.markRead();
    this.onToggle();
  }
}
customElements.define("side-panel", SidePanel);
