// Runs before the first paint, as a classic script: dark unless the address or an earlier choice says light.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    kept = null; // storage is closed to this page: the default then
  }
  const theme = asked === "light" || asked === "dark" ? asked : kept;
  if (theme === "light") document.documentElement.dataset.theme = "light";
})();
