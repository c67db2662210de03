// Administration page: one section at a time, chosen by the address after the #.

import { ApiError } from "../client/http.js";
import { button, byId, h, setText } from "../widgets/dom.js";
import { currentUser, loginUrl } from "../widgets/user.js";
import { auditSection } from "./admin-audit.js";
import { linksSection } from "./admin-links.js";
import { roomsSection } from "./admin-rooms.js";
import { tokensSection } from "./admin-tokens.js";
import { usersSection } from "./admin-users.js";
import "./header.js";

/** @import { Section } from "./admin-table.js" */

const SECTIONS = /** @type {Record<string, Section>} */ ({ users: usersSection, tokens: tokensSection, rooms: roomsSection, links: linksSection, audit: auditSection });

/** Sections that operators may not see. */
const FOR_ADMINS = new Set(["users", "tokens", "audit"]);
const names = Object.keys(SECTIONS).filter((name) => currentUser()?.role === "admin" || !FOR_ADMINS.has(name));
const sections = byId("sections");
const links = /** @type {HTMLAnchorElement[]} */ ([...sections.children]).filter((link) => names.includes(link.hash.slice(1)));
for (const link of [...sections.children]) if (!links.includes(/** @type {HTMLAnchorElement} */ (link))) link.remove();

/** The columns of a table have their widths from the letters: it waits so long at most for their face. */
const FACE_MS = 1_000;
const face = Promise.race([document.fonts.ready, new Promise((resolve) => setTimeout(resolve, FACE_MS))]);

/** number of the latest call of `show`: an earlier one that loads longer does not replace it */
let latest = 0;

/** Load and show the section of the address. */
async function show() {
  const name = names.includes(location.hash.slice(1)) ? location.hash.slice(1) : names[0];
  const section = SECTIONS[name];
  const turn = (latest += 1);
  for (const link of links) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = byId("section");
  const head = h("div", { class: "head" }, h("p", { text: section.about }));
  const reload = () => show();
  if (section.make) head.append(button(section.make.text, () => section.make?.press(reload)));
  try {
    const [content] = await Promise.all([section.load(reload), face]);
    if (turn !== latest) return;
    const focused = place.contains(document.activeElement) ? (document.activeElement?.getAttribute("aria-label") ?? "") : null;
    place.replaceChildren(head, ...content);
    if (focused !== null) refocus(place, focused);
  } catch (error) {
    if (turn !== latest) return;
    if (error instanceof ApiError && error.status === 401) location.replace(loginUrl());
    place.replaceChildren(head, h("p", { class: "failed", role: "alert", text: `▲ ${/** @type {Error} */ (error).message}` }), button("Try again", reload));
  }
}

/** Focus the button that had the focus before its row was replaced, or the first of the section. @param {HTMLElement} place @param {string} label */
function refocus(place, label) {
  const button = place.querySelector(`[aria-label="${CSS.escape(label)}"]`) ?? place.querySelector(".head button");
  /** @type {HTMLElement | null} */ (button)?.focus();
}

addEventListener("hashchange", async () => {
  await show();
  setText(byId("announcer"), sections.querySelector("[aria-current]")?.textContent ?? "");
});
show();
