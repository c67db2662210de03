// Classic script that sets the theme before the first paint: dark, unless the address or an earlier choice says light.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    kept = null; // the browser denies storage to this page: use the default
  }
  const forced = matchMedia("(forced-colors: active)").matches; // the system's colours are below ours
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const theme = forced ? system : asked === "light" || asked === "dark" ? asked : kept;
  if (theme === "light") document.documentElement.dataset.theme = "light";
})();
