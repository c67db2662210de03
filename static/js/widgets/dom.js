// Making elements without markup: text is always text.

/**
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

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children @returns {SVGElement} */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Set text only when it differs, so that nothing is laid out again for nothing. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a parent have exactly `count` children, made by `make`. @param {Element} parent @param {number} count @param {() => Element} make */
export function fitChildren(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild?.remove();
  while (parent.children.length < count) parent.append(make());
}

/** Put children in their order; those that are there stay there, with the focus that they may have. */
/** @param {Element} parent @param {Element[]} elements */
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
}

/** A button with a name. @param {string} text @param {() => void} press @param {{[attribute: string]: string | undefined}} [attributes] */
export function button(text, press, attributes = {}) {
  const made = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button", text, ...attributes }));
  made.addEventListener("click", press); // goes with the button
  return made;
}
