// Dark or light: the choice, and what must be painted anew.

import { resetPalette } from "../draw/palette.js";

export function toggleTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // storage is closed to this page: the choice lasts as long as the page
  }
  const address = new URL(location.href);
  address.searchParams.delete("theme"); // the choice outlives what the address said
  history.replaceState(null, "", address);
  resetPalette();
  document.dispatchEvent(new CustomEvent("theme"));
}
