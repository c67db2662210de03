// Elements without markup from strings: text is always text.

/**
 * Make an element.
 * @param {string} tag
 * @param {{class?: string, text?: string, [attribute: string]: string | undefined}} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make an SVG element. @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children @returns {SVGElement} */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Return a number of things in words. @param {number | string} count as a number or as it is shown @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${String(count) === "1" ? one : many}`;
}

/**
 * Return an element of this page by its id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type] its class, to check that it is one
 * @returns {T} throws if there is none: template and script do not fit
 */
export function byId(id, type = /** @type {new () => T} */ (/** @type {unknown} */ (HTMLElement))) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new TypeError(`this page has no ${type.name} with the id "${id}"`);
}

/** Set a text only if it differs, so that the browser does not lay out the page again without need. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Return a name as text that may break after the signs between its words, and so not within one. @param {string} name @returns {Node[]} */
export function breakable(name) {
  const parts = name.match(/[^_.:/-]+[_.:/-]*|[_.:/-]+/g) ?? [];
  return parts.flatMap((part, i) => [...(i ? [document.createElement("wbr")] : []), document.createTextNode(part)]);
}

/** Add or remove children until there are `count` of them. @param {Element} parent @param {number} count @param {() => Element} make */
export function fitChildren(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild?.remove();
  while (parent.children.length < count) parent.append(make());
}

/** Make these elements the children, in this order. Those that are there already are not moved, so they keep the focus. */
/** @param {Element} parent @param {Element[]} elements */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
}

/** Make a text that screen readers say and that is not drawn; in a button it follows what the button shows, so that its name has both. @param {string} text */
export function hidden(text) {
  return h("span", { class: "visually-hidden", text: ` ${text}` });
}

/** Make a button. @param {string} text @param {() => void} press @param {{[attribute: string]: string | undefined}} [attributes] */
export function button(text, press, attributes = {}) {
  const made = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button", text, ...attributes }));
  made.addEventListener("click", press); // ends with the button
  return made;
}
