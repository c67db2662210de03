// List of notifications, newest first, with buttons to mark them as read and to show them on the desktop.

import { age } from "../draw/format.js";
import { arrange, button, h } from "./dom.js";
import { LiveElement } from "./live-element.js";

/** @import { UserNotification } from "../client/protocol.js" */

export class NotificationList extends LiveElement {
  constructor() {
    super();
    /** @type {(notification: UserNotification) => void} */
    this.onOpen = () => {};
    this.onReadAll = () => {};
    this.tools = h("div", { class: "row" });
    this.list = h("div", { class: "notices" });
  }

  connected() {
    this.append(this.tools, this.list);
  }

  /** @param {UserNotification[]} notifications @param {number} unread @param {number} now */
  paint(notifications, unread, now) {
    const permission = isSecureContext ? globalThis.Notification?.permission : undefined;
    const rows = notifications.map(({ notificationId, read, body }) => [notificationId, read, body]);
    if (!this.differs(rows, unread, permission, Math.floor(now / 60_000))) return;
    const tools = [];
    if (unread) tools.push(button("Mark all as read", () => this.onReadAll(), { class: "quiet" }));
    if (permission === "default") tools.push(button("Show them on this desktop", () => this.askPermission(), { class: "quiet" }));
    arrange(this.tools, tools);
    if (!notifications.length) {
      arrange(this.list, [h("p", { class: "empty", text: "No notifications yet. You get one when somebody writes @ and your name, or when an alert is sent to you." })]);
      return;
    }
    arrange(this.list, notifications.map((each) => this.row(each, now)));
  }

  /** @param {UserNotification} notification @param {number} now */
  row(notification, now) {
    const made = button("", () => this.onOpen(notification), { class: "notice", "data-unread": notification.read ? undefined : "" });
    made.append(h("b", { text: notification.title }), h("time", { text: `${age(now - notification.t)} ago`, datetime: new Date(notification.t).toISOString() }));
    if (!notification.read) made.prepend(h("span", { class: "visually-hidden", text: "unread: " }));
    if (notification.body) made.append(h("span", { class: "text", text: notification.body }));
    return made;
  }

  async askPermission() {
    await Notification.requestPermission();
    this.painted = "";
  }
}
customElements.define("notification-list", NotificationList);
