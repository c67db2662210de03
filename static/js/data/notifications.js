// Notifications of the user, newest first, with the number of unread ones. Pure.

/** @import { UserNotification } from "../client/protocol.js" */

/** How many are kept. The server keeps the older ones. */
const MOST = 200;

export class Notifications {
  constructor() {
    /** @type {UserNotification[]} newest first */
    this.all = [];
    this.unread = 0;
  }

  /** Replace all with the server's newest. @param {{notifications: UserNotification[], unread: number}} page */
  load({ notifications, unread }) {
    this.all = notifications;
    this.unread = unread;
  }

  /** Add a new one. @param {Omit<UserNotification, "read"> & {unread?: number}} notification @returns {boolean} false if it is known already */
  add({ unread, ...notification }) {
    if (this.find(notification.notificationId)) return false;
    this.all.unshift({ ...notification, read: false });
    this.all.splice(MOST);
    this.unread = unread ?? this.unread + 1; // the server sends no count while its store does not answer
    return true;
  }

  /** Replace the text of one whose message was edited or deleted. @param {UserNotification} notification @returns {boolean} false if it is unknown */
  change({ notificationId, body }) {
    const known = this.find(notificationId);
    if (known) known.body = body;
    return Boolean(known);
  }

  /** Mark as read: the newest `unread` stay unread. @param {number} unread */
  markRead(unread) {
    this.unread = unread;
    this.all.forEach((notification, i) => (notification.read ||= i >= unread));
  }

  /** @param {string} notificationId */
  find(notificationId) {
    return this.all.find((each) => each.notificationId === notificationId);
  }
}
