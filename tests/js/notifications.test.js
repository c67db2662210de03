import assert from "node:assert/strict";
import { test } from "node:test";
import { Notifications } from "../../static/js/data/notifications.js";

/** @param {number} n @param {any} [more] */
const notification = (n, more) => ({ notificationId: `n${n}`, title: `title ${n}`, body: "", data: null, t: n, ...more });

test("new ones go before the others, each once, with the server's count", () => {
  const notifications = new Notifications();
  assert.equal(notifications.add(notification(1, { unread: 4 })), true);
  assert.equal(notifications.add(notification(2)), true);
  assert.equal(notifications.add(notification(1)), false);
  assert.deepEqual(notifications.all.map(({ notificationId, read }) => [notificationId, read]), [["n2", false], ["n1", false]]);
  assert.equal(notifications.unread, 5, "counted here where the server sends no count");
});

test("at most two hundred are kept, the newest", () => {
  const notifications = new Notifications();
  for (let n = 0; n < 250; n++) notifications.add(notification(n));
  assert.deepEqual([notifications.all.length, notifications.all[0].notificationId, notifications.unread], [200, "n249", 250]);
});

test("a change replaces the text of a known one, and says when there is none", () => {
  const notifications = new Notifications();
  notifications.add(notification(1, { body: "before" }));
  assert.equal(notifications.change({ ...notification(1, { body: "after" }), read: false }), true);
  assert.equal(notifications.change({ ...notification(9), read: false }), false);
  assert.equal(notifications.all[0].body, "after");
});

test("reading up to one leaves the newer ones unread", () => {
  const notifications = new Notifications();
  notifications.load({ notifications: [3, 2, 1].map((n) => ({ ...notification(n), read: false })), unread: 3 });
  notifications.markRead(1);
  assert.deepEqual(notifications.all.map(({ read }) => read), [false, true, true]);
  notifications.markRead(0);
  assert.ok(notifications.all.every(({ read }) => read));
});
