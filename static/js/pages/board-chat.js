// Side panel of a board: its button in the bar with the unread count, its key, and whether it was open the last time.

import "../widgets/watcher-badges.js";
import { Chat } from "../data/chat.js";
import { showSheet } from "../widgets/dialog.js";
import { h } from "../widgets/dom.js";
import { currentUser } from "../widgets/user.js";
import { INPUTS, trackPresence } from "./presence.js";

/** @import { ServerFields } from "../client/protocol.js" */
/** @import { ChartTime, SidePanel } from "../widgets/side-panel.js" */
/** @import { WatcherBadges } from "../widgets/watcher-badges.js" */
/** @import { Shell } from "./shell.js" */

/** Name in the local storage under which the state of the panel is kept. */
const STORED_AS = "panel";
/** On narrower screens the panel covers the charts, so it does not open by itself. */
const WIDE_PX = 700;
/** Without a person at the page, the panel is loaded this long after it, so that it is there when the connection is not. */
const ALONE_MS = 60_000;
/** While the panel is loaded for a press, keys do nothing else for at most this long. */
const OPENING_MS = 5_000;
/** A load that failed is tried again after this time, by itself. */
const LOAD_AGAIN_MS = 10_000;

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

/** The panel, which is loaded when a person is there: walls show the board sooner without it. */
class LatePanel {
  /** @param {SidePanel} element @param {HTMLElement} opener its button @param {Shell} shell @param {() => void} configure */
  constructor(element, opener, shell, configure) {
    this.element = element;
    this.opener = opener;
    this.shell = shell;
    this.configure = configure;
    this.onToggle = () => {};
    /** @type {Promise<SidePanel> | undefined} */
    this.loading = undefined;
    /** @type {boolean | undefined} whether it shall be open once it is loaded, by the last press */
    this.wanted = undefined;
    this.loadInTime();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Load the panel before it is asked for. */
  loadInTime() {
    let isSomebodyHere = wasOpen() && innerWidth > WIDE_PX;
    let againAt = 0;
    const look = () => {
      const now = performance.now();
      const isDue = (isSomebodyHere || now > ALONE_MS) && now > againAt;
      if (!isDue || this.loading || this.shell.connection.state !== "open") return;
      againAt = now + LOAD_AGAIN_MS;
      this.load().then(() => this.reopen(), () => {});
    };
    const seen = () => {
      isSomebodyHere = true;
      look();
    };
    for (const name of [...INPUTS, "focusin"]) addEventListener(name, seen, { passive: true, once: true });
    this.shell.connection.on("message", look); // then the server is there
    if (isSomebodyHere) this.load().catch(() => {});
  }

  /** Return the panel, set up. */
  load() {
    this.loading ??= this.make().catch((error) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  async make() {
    await import("../widgets/side-panel.js");
    this.configure();
    this.element.onToggle = () => this.onToggle();
    return this.element;
  }

  /** Open it again if it was open the last time, and nobody has pressed meanwhile. */
  reopen() {
    if (wasOpen() && !this.isOpen && this.wanted === undefined && innerWidth > WIDE_PX) this.element.toggle(true, { focus: false });
  }

  /** Open or close the panel; of several presses while it is loaded, the last counts. */
  toggle() {
    this.wanted = !(this.wanted ?? this.isOpen);
    return this.use((made) => {
      if (this.wanted === undefined) return;
      made.toggle(this.wanted);
      this.wanted = undefined;
      remember(made.isOpen);
    });
  }

  /** Do something with the panel for the user. Until it is there, no key does anything else. @param {(panel: SidePanel) => void} act */
  async use(act) {
    this.shell.isOpening = true;
    this.opener.setAttribute("aria-busy", "true");
    const end = setTimeout(() => (this.shell.isOpening = false), OPENING_MS);
    try {
      act(await this.load());
    } catch {
      this.wanted = undefined;
      showSheet("Conversation", h("p", { role: "alert", text: "The conversation cannot be loaded. Try again when the connection is back." }));
    } finally {
      clearTimeout(end);
      this.shell.isOpening = false;
      this.opener.removeAttribute("aria-busy");
    }
  }
}

/**
 * Start the side panel, if this server has users.
 * @param {Shell} shell @param {{boardId: string, title: string}} board
 * @param {ChartTime} chartTime
 */
export function startChat(shell, board, chartTime) {
  const opener = document.getElementById("talk");
  const element = /** @type {SidePanel | null} */ (document.querySelector("side-panel"));
  const badges = /** @type {WatcherBadges | null} */ (document.querySelector("watcher-badges"));
  if (!opener || !element || !badges || !currentUser()) {
    delete document.documentElement.dataset.panel;
    return;
  }
  const chat = new Chat(shell.client, shell.clock, board.boardId);
  chat.onUserReplaced = () => location.reload();
  chat.onNotification = showOnDesktop;
  const panel = new LatePanel(element, opener, shell, () => element.configure(chat, shell, chartTime));
  opener.hidden = false;
  const toggle = () => panel.toggle();
  opener.addEventListener("click", toggle);
  badges.onPress = () => panel.use((made) => {
    made.toggle(true, { focus: false });
    made.show("people");
    made.focusFirst();
  });
  shell.keys.push(["c", "conversation and people", toggle]);
  const updatePresence = trackPresence(shell.client);
  shell.everySecond.push(updatePresence, () => chat.tick());
  paintOnChange(shell, chat, { opener, panel, badges, title: board.title });
  announceNews(shell, chat, panel);
}

/** @param {Shell} shell @param {Chat} chat @param {{opener: HTMLElement, panel: LatePanel, badges: WatcherBadges, title: string}} parts */
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

/** @param {Shell} shell @param {Chat} chat @param {LatePanel} panel */
function announceNews(shell, chat, panel) {
  const { client } = shell;
  client.on("authenticated", async () => {
    if (wasOpen() && innerWidth > WIDE_PX) await panel.load().then(() => panel.reopen(), () => {}); // without it the board still works
    delete document.documentElement.dataset.panel;
  });
  client.on("chat:message", ({ userId, name, roomId }) => {
    if (!(panel.isOpen && roomId === chat.current) && userId !== chat.me?.id) shell.announce(`${name} wrote`);
  });
  client.on("notification", ({ title }) => {
    if (!(panel.isOpen && panel.element.tab === "notices")) shell.announce(`Notification: ${title}`);
  });
}
