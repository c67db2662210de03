// What pages without live data share: theme, menu, keys for the theme.

import "../widgets/user-menu.js";
import { toggleTheme } from "./theme-toggle.js";

document.getElementById("theme")?.addEventListener("click", toggleTheme);

/** @param {string} id @returns {any} */
export function at(id) {
  return document.getElementById(id);
}
