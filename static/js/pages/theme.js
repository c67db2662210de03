// Classic script that sets what must be known before the first paint: the theme, which is dark unless the address or an earlier choice says
// light, and whether the side panel was open.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  let panel = null;
  try {
    kept = localStorage.getItem("theme");
    panel = localStorage.getItem("panel");
  } catch {
    // the browser denies storage to this page: use the defaults
  }
  if (panel === "open" && "talks" in document.documentElement.dataset) document.documentElement.dataset.panel = ""; // keeps the place of the panel free until pages/board-chat.js opens it, or removes this
  const forced = matchMedia("(forced-colors: active)").matches; // the system's colours are below ours
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const theme = forced ? system : asked === "light" || asked === "dark" ? asked : kept;
  if (theme === "light") document.documentElement.dataset.theme = "light";
})();
