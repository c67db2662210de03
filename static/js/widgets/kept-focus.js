// The focus of what is made anew: whoever works with the keyboard goes on at the same control, not at the beginning of the page.

const CONTROLS = "button, input, select, textarea, [tabindex]";

/** The dialog that is open, and what gets the focus when it closes. @type {{dialog: HTMLElement, opener: HTMLElement | null} | null} */
let open = null;

/** Note what has the focus before a dialog is shown. Call what this returns when the dialog has closed: it gives the focus back, also if its place was made anew meanwhile. @param {HTMLElement} dialog */
export function lendFocus(dialog) {
  const opened = { dialog, opener: /** @type {HTMLElement | null} */ (document.activeElement) };
  open = opened;
  return () => {
    if (document.activeElement === document.body) opened.opener?.focus({ preventScroll: true }); // else the browser, or who closed it, gave it back
    if (open === opened) open = null;
  };
}

/** @param {HTMLElement} control */
function nameOf(control) {
  return control.id || control.getAttribute("aria-label") || control.textContent || "";
}

/** @param {Element} place @returns {HTMLElement[]} */
function controlsOf(place) {
  return /** @type {HTMLElement[]} */ ([...place.querySelectorAll(CONTROLS)]);
}

/**
 * Make what a place contains anew. The focus, if it is in there or comes back there after a dialog, goes to the control with the same name, or to the next one that is still there.
 * @param {Element} place @param {() => void} make @param {HTMLElement} [otherwise] gets the focus if no control is left
 */
export function keepFocus(place, make, otherwise) {
  const under = open?.dialog.isConnected ? open : null;
  const focused = under ? under.opener : document.activeElement;
  if (!focused || !place.contains(focused)) return make();
  const before = controlsOf(place);
  const at = before.findIndex((control) => control === focused);
  const wanted = before.slice(Math.max(at, 0)).map(nameOf);
  const same = before.slice(0, Math.max(at, 0)).filter((control) => nameOf(control) === wanted[0]).length; // those of the same name before it
  make();
  if (place.contains(focused) && (under || document.activeElement === focused)) return;
  const now = controlsOf(place);
  const [name] = wanted.filter((each) => each && now.some((control) => nameOf(control) === each));
  const found = now.filter((control) => nameOf(control) === name);
  const next = found[name === wanted[0] ? Math.min(same, found.length - 1) : 0] ?? otherwise;
  if (under) under.opener = next ?? null;
  else next?.focus({ preventScroll: true });
}
