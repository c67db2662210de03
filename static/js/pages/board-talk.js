// The side panel of a board: the button in the bar, its badge, the key, whether it was open the last time.

import "../widgets/side-panel.js";
import "../widgets/watcher-badges.js";
import { whoAmI } from "../widgets/who.js";
import { Talk } from "./talk.js";

/** @typedef {import("./shell.js").Shell} Shell */

const KEPT = "panel";

/** @returns {boolean} */
function wasOpen() {
  try {
    return localStorage.getItem(KEPT) === "open";
  } catch {
    return false; // storage is closed to this page
  }
}

/** @param {Shell} shell @param {{boardId: string, title: string}} board @param {{jump: (at: number) => void, time: () => number}} moments */
export function startTalk(shell, board, moments) {
  const opener = document.getElementById("talk");
  const panel = /** @type {import("../widgets/side-panel.js").SidePanel | null} */ (document.querySelector("side-panel"));
  const badges = /** @type {import("../widgets/watcher-badges.js").WatcherBadges | null} */ (document.querySelector("watcher-badges"));
  if (!opener || !panel || !badges || !whoAmI()) return; // this server knows no people
  const talk = new Talk(shell.client, shell.clock, board.boardId);
  const count = opener.querySelector(".count");
  panel.configure(talk, shell, moments);
  opener.hidden = false;

  const paint = () => {
    const waiting = talk.unread || talk.unreadNotices;
    const open = panel.isOpen;
    opener.setAttribute("aria-expanded", String(open));
    opener.setAttribute("aria-label", waiting ? `Conversation, ${waiting} new` : "Conversation");
    if (count) count.textContent = waiting ? (waiting > 99 ? "99+" : String(waiting)) : "";
    badges.paint(talk.watchers.people, talk.watchers.screens, board.title);
  };
  talk.addEventListener("change", () => shell.loop.mark({ paint }));
  panel.onToggle = paint;

  const toggle = () => {
    panel.toggle();
    try {
      localStorage.setItem(KEPT, panel.isOpen ? "open" : "closed");
    } catch {
      // storage is closed to this page: it is closed the next time
    }
  };
  opener.addEventListener("click", toggle);
  badges.onPress = () => {
    panel.toggle(true, { focus: false });
    panel.show("people");
    panel.focusFirst();
  };
  shell.keys.push(["c", "conversation and people", toggle]);
  shell.seconds.push(() => talk.second());
  shell.client.on("authenticated", () => {
    if (wasOpen() && !panel.isOpen && innerWidth > 700) panel.toggle(true, { focus: false });
  });
  shell.client.on("chat:message", ({ userId, name, roomId }) => {
    if (!(panel.isOpen && roomId === talk.current) && userId !== talk.me?.id) shell.announce(`${name} wrote`);
  });
  shell.client.on("notification", ({ title }) => {
    if (!(panel.isOpen && panel.tab === "notices")) shell.announce(`Notification: ${title}`);
  });
  talk.watchPresence();
}
