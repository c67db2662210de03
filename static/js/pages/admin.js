// Administration: one subject at a time, chosen by what stands behind the #.

import { ApiError } from "../client/http.js";
import { button, h, setText } from "../widgets/dom.js";
import { loginAddress, whoAmI } from "../widgets/who.js";
import { auditSection } from "./admin-audit.js";
import { linksSection } from "./admin-links.js";
import { roomsSection } from "./admin-rooms.js";
import { tokensSection } from "./admin-tokens.js";
import { usersSection } from "./admin-users.js";
import { at } from "./plain.js";

/** @typedef {import("./admin-table.js").Section} Section */

const SECTIONS = /** @type {Record<string, Section>} */ ({ users: usersSection, tokens: tokensSection, rooms: roomsSection, links: linksSection, audit: auditSection });

/** What is not for operators. */
const ADMINS = new Set(["users", "tokens", "audit"]);
const names = Object.keys(SECTIONS).filter((name) => whoAmI()?.role === "admin" || !ADMINS.has(name));
for (const link of [...at("sections").children]) if (!names.includes(link.hash.slice(1))) link.remove();

let shown = 0;

async function show() {
  const name = names.includes(location.hash.slice(1)) ? location.hash.slice(1) : names[0];
  const section = SECTIONS[name];
  const turn = (shown += 1);
  for (const link of at("sections").children) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = at("section");
  const head = h("div", { class: "head" }, h("p", { text: section.about }));
  const again = () => show();
  if (section.make) head.append(button(section.make.text, () => section.make?.press(again)));
  try {
    const content = await section.load(again);
    if (turn !== shown) return;
    const focused = place.contains(document.activeElement) ? (document.activeElement?.getAttribute("aria-label") ?? "") : null;
    place.replaceChildren(head, ...content);
    if (focused !== null) (place.querySelector(`[aria-label="${CSS.escape(focused)}"]`) ?? head.querySelector("button"))?.focus(); // rows are new ones
  } catch (error) {
    if (turn !== shown) return;
    if (error instanceof ApiError && error.status === 401) location.replace(loginAddress());
    place.replaceChildren(head, h("p", { class: "failed", role: "alert", text: `▲ ${/** @type {Error} */ (error).message}` }), button("Try again", again));
  }
}

addEventListener("hashchange", async () => {
  await show();
  setText(at("announcer"), at("sections").querySelector("[aria-current]")?.textContent ?? "");
});
show();
