// The focus of what is made anew: whoever works with the keyboard goes on at the same control, not at the beginning of the page.

const CONTROLS = "button, input, select, textarea, [tabindex]";

/** @param {HTMLElement} control */
function nameOf(control) {
  return control.id || control.getAttribute("aria-label") || control.textContent || "";
}

/** @param {Element} place @returns {HTMLElement[]} */
function controlsOf(place) {
  return /** @type {HTMLElement[]} */ ([...place.querySelectorAll(CONTROLS)]);
}

/**
 * Make what a place contains anew. The focus, if it is in there, goes to the control with the same name, or to the next one that is still there.
 * @param {Element} place @param {() => void} make @param {HTMLElement} [otherwise] gets the focus if no control is left
 */
export function keepFocus(place, make, otherwise) {
  const focused = document.activeElement;
  if (!focused || !place.contains(focused)) return make();
  const before = controlsOf(place);
  const at = before.findIndex((control) => control === focused);
  const wanted = before.slice(Math.max(at, 0)).map(nameOf);
  const same = before.slice(0, Math.max(at, 0)).filter((control) => nameOf(control) === wanted[0]).length; // those of the same name before it
  make();
  if (place.contains(focused) && document.activeElement === focused) return;
  const now = controlsOf(place);
  const [name] = wanted.filter((each) => each && now.some((control) => nameOf(control) === each));
  const found = now.filter((control) => nameOf(control) === name);
  (found[name === wanted[0] ? Math.min(same, found.length - 1) : 0] ?? otherwise)?.focus({ preventScroll: true });
}
