// What pages without live data share: theme, menu, keys for the theme.

import "../widgets/user-menu.js";
import { toggleTheme } from "./theme-toggle.js";

document.getElementById("theme")?.addEventListener("click", toggleTheme);

/** @param {string} id @returns {any} */
export function at(id) {
  return document.getElementById(id);
}

/** Where to go after logging in: a page of this site, or the first one. @param {string | null} asked */
export function samePlace(asked) {
  if (!asked?.startsWith("/") || /^\/[/\\]/.test(asked) || /[\u0000-\u001f\\]/.test(asked)) return "/";
  const url = new URL(asked, location.origin);
  return url.origin === location.origin && !url.pathname.startsWith("/login") ? url.pathname + url.search + url.hash : "/";
}
