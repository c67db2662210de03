// What one was told, newest first; reading them all; letting the browser show them.

import { age } from "../draw/format.js";
import { arrange, button, h } from "./dom.js";

/** @typedef {import("../pages/talk.js").Notice} Notice */

export class NotificationList extends HTMLElement {
  constructor() {
    super();
    /** @type {(notice: Notice) => void} */
    this.onOpen = () => {};
    this.onReadAll = () => {};
    this.painted = "";
    this.tools = h("div", { class: "row" });
    this.list = h("div", { class: "notices" });
  }

  connectedCallback() {
    this.append(this.tools, this.list);
  }

  /** @param {Notice[]} notices @param {number} unread @param {number} now */
  paint(notices, unread, now) {
    const permission = isSecureContext ? globalThis.Notification?.permission : undefined;
    const painted = JSON.stringify([notices.map(({ notificationId, read, body }) => [notificationId, read, body]), unread, permission, Math.floor(now / 60_000)]);
    if (painted === this.painted) return;
    this.painted = painted;
    const tools = [];
    if (unread) tools.push(button("Mark all as read", () => this.onReadAll(), { class: "quiet" }));
    if (permission === "default") tools.push(button("Show them on this desktop", () => this.askPermission(), { class: "quiet" }));
    arrange(this.tools, tools);
    if (!notices.length) {
      arrange(this.list, [h("p", { class: "empty", text: "Nothing yet. When somebody writes @ and your name, or an alert is sent to you, it stands here." })]);
      return;
    }
    arrange(this.list, notices.map((notice) => this.row(notice, now)));
  }

  /** @param {Notice} notice @param {number} now */
  row(notice, now) {
    const made = button("", () => this.onOpen(notice), { class: "notice", "data-unread": notice.read ? undefined : "" });
    made.append(h("b", { text: notice.title }), h("time", { text: `${age(now - notice.t)} ago`, datetime: new Date(notice.t).toISOString() }));
    if (!notice.read) made.prepend(h("span", { class: "visually-hidden", text: "unread: " }));
    if (notice.body) made.append(h("span", { class: "text", text: notice.body }));
    return made;
  }

  async askPermission() {
    await Notification.requestPermission();
    this.painted = "";
  }
}
customElements.define("notification-list", NotificationList);
