import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { NotificationList } from "../../static/js/widgets/notification-list.js";
import { document, texts } from "./page.js";

const NOW = 1_700_000_000_000;
/** @param {string} id @param {object} [more] @returns {any} */
const notice = (id, more) => ({ notificationId: id, title: `title ${id}`, body: "", t: NOW - 60_000, read: false, ...more });
const globals = /** @type {any} */ (globalThis);
globals.isSecureContext = true;

test("notifications say how old they are, and those that are not read say so", () => {
  const list = new NotificationList();
  document.body.append(list);
  const opened = /** @type {string[]} */ ([]);
  list.onOpen = ({ notificationId }) => opened.push(notificationId);
  list.paint([notice("a", { body: "deploy" }), notice("b", { read: true })], 1, NOW);
  const [first, second] = list.list.children;
  assert.match(first.textContent, /^ ?unread: .*title a.*1 min ago.*deploy/);
  assert.deepEqual([first.hasAttribute("data-unread"), second.hasAttribute("data-unread")], [true, false]);
  /** @type {any} */ (second).click();
  assert.deepEqual(opened, ["b"]);
});

test("there is a button to read all only while some are unread, and one for the desktop only while nobody has decided", () => {
  const list = new NotificationList();
  document.body.append(list);
  let read = 0;
  list.onReadAll = () => (read += 1);
  list.paint([notice("a")], 1, NOW);
  /** @type {any} */ (list.tools.children[0]).click();
  assert.equal(read, 1);
  list.paint([notice("a", { read: true })], 0, NOW);
  assert.deepEqual(list.tools.children, []);
  globals.Notification = { permission: "default", requestPermission: async () => "granted" };
  list.paint([notice("a", { read: true })], 0, NOW);
  assert.deepEqual(texts(/** @type {any} */ (list.tools.children)), ["Show them on this desktop"]);
  list.paint([], 0, NOW);
  assert.match(list.list.textContent, /No notifications yet/);
});
