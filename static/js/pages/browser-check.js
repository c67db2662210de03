// Classic script that says in one sentence when a browser cannot run the page. Written for browsers of any age; runs before the modules.
(function () {
  var root = document.documentElement;
  var isOld = root.getAttribute("data-files") === "old";

  /** @param {string} name @param {string} value */
  function supports(name, value) {
    return Boolean(window.CSS && CSS.supports && CSS.supports(name, value));
  }
  function unfit() {
    root.setAttribute("data-unfit", "");
  }
  var hasModules = "noModule" in document.createElement("script") && "customElements" in window && "ResizeObserver" in window;
  var runsOld = hasModules && supports("width", "clamp(1px, 2px, 3px)"); // Chromium 79
  var runsNew = runsOld && "findLast" in Array.prototype && supports("width", "1cqi") && supports("color", "oklch(50% 0.1 200)"); // Chromium 111

  if (isOld ? !runsOld : !runsNew) {
    // a browser that says it is another one than it is gets the other files
    if (runsOld && root.hasAttribute("data-old-files")) location.replace(location.pathname + location.search + (location.search ? "&" : "?") + "files=old" + location.hash);
    else unfit();
  }
  if (window.addEventListener) window.addEventListener("error", function (event) {
    if (event.error && event.error.name === "SyntaxError" && String(event.filename).indexOf("/static/") > 0) unfit();
  });
})();
