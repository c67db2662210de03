// Side panel of a board: its button in the bar with the unread count, its key, and whether it was open the last time.

import "../widgets/side-panel.js";
import "../widgets/watcher-badges.js";
import { Chat } from "../data/chat.js";
import { currentUser } from "../widgets/user.js";
import { trackPresence } from "./presence.js";

/** @import { ServerFields } from "../client/protocol.js" */
/** @import { ChartTime, SidePanel } from "../widgets/side-panel.js" */
/** @import { WatcherBadges } from "../widgets/watcher-badges.js" */
/** @import { Shell } from "./shell.js" */

/** Name in the local storage under which the state of the panel is kept. */
const STORED_AS = "panel";
/** On narrower screens the panel covers the charts, so it does not open by itself. */
const WIDE_PX = 700;

/** @returns {boolean} */
function wasOpen() {
  try {
    return localStorage.getItem(STORED_AS) === "open";
  } catch {
    return false; // the browser denies storage to this page
  }
}

/** @param {boolean} open */
function remember(open) {
  try {
    localStorage.setItem(STORED_AS, open ? "open" : "closed");
  } catch {
    // the browser denies storage to this page: the panel is closed the next time
  }
}

/** @param {ServerFields["notification"]} notification */
function showOnDesktop({ title, body, notificationId }) {
  if (document.hidden && globalThis.Notification?.permission === "granted") new Notification(title, { body, tag: notificationId });
}

/**
 * Start the side panel, if this server has users.
 * @param {Shell} shell @param {{boardId: string, title: string}} board
 * @param {ChartTime} chartTime
 */
export function startChat(shell, board, chartTime) {
  const opener = document.getElementById("talk");
  const panel = /** @type {SidePanel | null} */ (document.querySelector("side-panel"));
  const badges = /** @type {WatcherBadges | null} */ (document.querySelector("watcher-badges"));
  if (!opener || !panel || !badges || !currentUser()) {
    delete document.documentElement.dataset.panel;
    return;
  }
  const chat = new Chat(shell.client, shell.clock, board.boardId);
  chat.onUserReplaced = () => location.reload();
  chat.onNotification = showOnDesktop;
  panel.configure(chat, shell, chartTime);
  opener.hidden = false;
  const toggle = () => {
    panel.toggle();
    remember(panel.isOpen);
  };
  opener.addEventListener("click", toggle);
  badges.onPress = () => {
    panel.toggle(true, { focus: false });
    panel.show("people");
    panel.focusFirst();
  };
  shell.keys.push(["c", "conversation and people", toggle]);
  const updatePresence = trackPresence(shell.client);
  shell.everySecond.push(updatePresence, () => chat.tick());
  paintOnChange(shell, chat, { opener, panel, badges, title: board.title });
  announceNews(shell, chat, panel);
}

/** @param {Shell} shell @param {Chat} chat @param {{opener: HTMLElement, panel: SidePanel, badges: WatcherBadges, title: string}} parts */
function paintOnChange(shell, chat, { opener, panel, badges, title }) {
  const count = opener.querySelector(".count");
  const paint = () => {
    const unread = chat.unread || chat.notifications.unread;
    opener.setAttribute("aria-expanded", String(panel.isOpen));
    opener.setAttribute("aria-label", unread ? `Conversation, ${unread} new` : "Conversation");
    if (count) count.textContent = unread ? (unread > 99 ? "99+" : String(unread)) : "";
    badges.paint(chat.watchers.people, chat.watchers.screens, title);
  };
  chat.addEventListener("change", () => shell.loop.mark({ paint }));
  panel.onToggle = paint;
}

/** @param {Shell} shell @param {Chat} chat @param {SidePanel} panel */
function announceNews(shell, chat, panel) {
  const { client } = shell;
  client.on("authenticated", () => {
    if (wasOpen() && !panel.isOpen && innerWidth > WIDE_PX) panel.toggle(true, { focus: false });
    delete document.documentElement.dataset.panel;
  });
  client.on("chat:message", ({ userId, name, roomId }) => {
    if (!(panel.isOpen && roomId === chat.current) && userId !== chat.me?.id) shell.announce(`${name} wrote`);
  });
  client.on("notification", ({ title }) => {
    if (!(panel.isOpen && panel.tab === "notices")) shell.announce(`Notification: ${title}`);
  });
}
