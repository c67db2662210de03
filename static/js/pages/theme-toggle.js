// Switch between the dark and the light theme.

import { resetPalette } from "../draw/palette.js";

/** Switch the theme, remember it, and dispatch "theme" on the document so that canvases are painted again. */
export function toggleTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // the browser denies storage to this page: the choice lasts as long as the page
  }
  const address = new URL(location.href);
  address.searchParams.delete("theme"); // otherwise a reload would undo the choice
  history.replaceState(null, "", address);
  resetPalette();
  document.dispatchEvent(new CustomEvent("theme"));
}
