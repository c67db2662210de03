// Loads the page again by itself, for nobody stands before a wall: when a part of it could not be loaded, and in the place of a board that is not
// there. Classic script for browsers of any age; runs before everything that is loaded.
(function () {
  var root = document.documentElement;
  var path = location.pathname;
  /** The next look follows after this time, or up to twice as late: a worker or a proxy may have restarted, and all screens with it. */
  var PART_MS = 10000, BOARD_MS = 30000;

  /** @param {number} ms */
  function later(ms) {
    setTimeout(look, ms * (1 + Math.random()), ms);
  }
  /** @param {number} ms */
  function look(ms) {
    // with the headers of a reload: the session stays alive, and without a session the answer is the login page, which the reload shows
    fetch(location.href, { headers: { Accept: "text/html" } }).then(function (answer) {
      if (answer.ok) location.reload();
      else later(ms);
    }, function () {
      later(ms);
    });
  }

  if (!window.fetch) return;
  if (root.hasAttribute("data-error")) {
    if (/^\/(board|boards\/[^/]+)?$/.test(path)) later(BOARD_MS);
    return;
  }
  window.addEventListener("error", function (event) {
    var part = /** @type {HTMLLinkElement | null} */ (event.target); // a file that did not come; only those who capture hear of it
    if (!part || part.tagName !== "SCRIPT" && (part.tagName !== "LINK" || part.rel !== "stylesheet") || root.hasAttribute("data-unloaded")) return;
    root.setAttribute("data-unloaded", "");
    later(PART_MS);
  }, true);
})();
