// A page for tests of widgets in Node: elements, texts and events, as far as widgets use them. Nothing is laid out or drawn: that is
// tested in Chromium, in tests/browser. Import it before the widget.

/** @typedef {{type: string, call: (event: any) => void, once: boolean}} Listener */

class PageNode {
  /** @type {any} */ parentNode = null;
  /** @type {any[]} */ childNodes = [];
  /** @type {Listener[]} */ listeners = [];

  /** @param {string} type @param {(event: any) => void} call @param {{signal?: AbortSignal, once?: boolean} | boolean} [options] */
  addEventListener(type, call, options) {
    const { signal, once = false } = typeof options === "object" ? options : {};
    const listener = { type, call, once };
    this.listeners.push(listener);
    signal?.addEventListener("abort", () => this.forget(listener));
  }

  /** @param {Listener} listener */
  forget(listener) {
    this.listeners = this.listeners.filter((each) => each !== listener);
  }

  /** Call the listeners of this node, and of its parents if the event bubbles. @param {Event} event */
  dispatchEvent(event) {
    Object.defineProperty(event, "target", { value: this });
    /** @type {any} */
    let node = this;
    do {
      for (const listener of [...node.listeners]) {
        if (listener.type !== event.type) continue;
        if (listener.once) node.forget(listener);
        listener.call(event);
      }
      node = node.parentNode;
    } while (node && event.bubbles && !event.cancelBubble);
    return !event.defaultPrevented;
  }

  /** @returns {boolean} */
  get isConnected() {
    return /** @type {any} */ (this) === page || Boolean(this.parentNode?.isConnected);
  }

  /** @returns {string} */
  get textContent() {
    return this.childNodes.map((node) => node.textContent).join("");
  }

  set textContent(text) {
    this.replaceChildren(...(text ? [text] : []));
  }

  /** @param {...any} nodes */
  append(...nodes) {
    for (const node of nodes) this.insertBefore(node, null);
  }

  /** @param {...any} nodes */
  prepend(...nodes) {
    const first = this.childNodes[0] ?? null;
    for (const node of nodes) this.insertBefore(node, first);
  }

  /** @param {any} node @param {any} before */
  insertBefore(node, before) {
    const added = typeof node === "string" ? new Text(node) : node;
    added.remove();
    this.childNodes.splice(before ? this.childNodes.indexOf(before) : this.childNodes.length, 0, added);
    added.parentNode = this;
    if (this.isConnected) tell(added, "connectedCallback");
    return added;
  }

  /** @param {...any} nodes */
  replaceChildren(...nodes) {
    for (const node of [...this.childNodes]) node.remove();
    this.append(...nodes);
  }

  /** @param {any} other */
  replaceWith(other) {
    this.parentNode.insertBefore(other, this);
    this.remove();
  }

  remove() {
    const { parentNode, isConnected } = this;
    if (!parentNode) return;
    parentNode.childNodes = parentNode.childNodes.filter((/** @type {any} */ node) => node !== this);
    this.parentNode = null;
    if (isConnected) tell(this, "disconnectedCallback");
  }

  /** @param {any} node @returns {boolean} */
  contains(node) {
    return node === this || this.childNodes.some((child) => child.contains(node));
  }
}

/** Tell custom elements that they have come or gone. @param {any} node @param {string} what */
function tell(node, what) {
  node[what]?.();
  for (const child of [...node.childNodes]) tell(child, what);
}

class Text extends PageNode {
  /** @param {string} text */
  constructor(text) {
    super();
    this.text = String(text);
  }

  get textContent() {
    return this.text;
  }
}

/** Return whether an element fits a selector: of tags, classes, ids and attributes, within others. @param {any} element @param {string} selector @returns {boolean} */
function fits(element, selector) {
  if (/[>:+~]/.test(selector)) throw new Error(`the page of these tests does not know the selector ${selector}`);
  return selector.split(",").some((each) => {
    const [own, ...outer] = each.trim().split(/ (?![^[]*\])/).reverse();
    if (outer.length && !element.parentNode?.closest?.(outer.reverse().join(" "))) return false;
    const parts = own.match(/^[\w-]+|[.#][\w-]+|\[[^\]]+\]/g) ?? [];
    return parts.every((part) => {
      if (part.startsWith(".")) return element.classList.contains(part.slice(1));
      if (part.startsWith("#")) return element.getAttribute("id") === part.slice(1);
      if (!part.startsWith("[")) return element.tagName.toLowerCase() === part;
      const [name, value] = part.slice(1, -1).split("=");
      return element.hasAttribute(name) && (value === undefined || element.getAttribute(name) === value.replaceAll('"', ""));
    });
  });
}

/** Return properties that are kept in attributes, such as those of `dataset`. @param {Map<string, string>} attributes @returns {any} */
function datasetOf(attributes) {
  const nameOf = (/** @type {string | symbol} */ key) => `data-${String(key).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new Proxy({}, {
    get: (_, key) => attributes.get(nameOf(key)),
    set: (_, key, value) => Boolean(attributes.set(nameOf(key), String(value))),
    has: (_, key) => attributes.has(nameOf(key)),
    deleteProperty: (_, key) => attributes.delete(nameOf(key)) || true,
  });
}

class Style {
  /** @param {string} name @param {string} value */
  setProperty(name, value) {
    /** @type {any} */ (this)[name] = value;
  }

  /** @param {string} name */
  getPropertyValue(name) {
    return /** @type {any} */ (this)[name] ?? "";
  }

  /** @param {string} name */
  removeProperty(name) {
    delete (/** @type {any} */ (this)[name]);
  }
}

class Element extends PageNode {
  /** @type {Map<string, string>} */ attributes = new Map();
  tagName = "X-ELEMENT";
  style = new Style();
  value = "";
  disabled = false;
  tabIndex = 0;
  clientWidth = 100;
  clientHeight = 100;
  dataset = datasetOf(this.attributes);

  classList = {
    names: () => (this.attributes.get("class") ?? "").split(" ").filter(Boolean),
    contains: (/** @type {string} */ name) => this.classList.names().includes(name),
    add: (/** @type {string[]} */ ...names) => this.setAttribute("class", [...new Set([...this.classList.names(), ...names])].join(" ")),
  };

  /** @param {string} name @param {unknown} value */
  setAttribute(name, value) {
    this.attributes.set(name, String(value));
    if (name === "value") this.value = String(value);
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  /** @param {string} name */
  hasAttribute(name) {
    return this.attributes.has(name);
  }

  /** @param {string} name */
  removeAttribute(name) {
    this.attributes.delete(name);
  }

  /** @param {string} name @param {boolean} [on] */
  toggleAttribute(name, on = !this.hasAttribute(name)) {
    if (on) this.setAttribute(name, "");
    else this.removeAttribute(name);
  }

  get children() {
    return this.childNodes.filter((node) => node instanceof Element);
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get lastElementChild() {
    return this.children.at(-1) ?? null;
  }

  /** @param {string} selector @returns {any[]} */
  querySelectorAll(selector) {
    if (selector.startsWith(":scope > ")) return this.children.filter((child) => fits(child, selector.slice(9)));
    return this.children.flatMap((child) => [...(fits(child, selector) ? [child] : []), ...child.querySelectorAll(selector)]);
  }

  /** @param {string} selector @returns {any} */
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }

  /** @param {string} selector @returns {any} */
  closest(selector) {
    return fits(this, selector) ? this : (this.parentNode?.closest?.(selector) ?? null);
  }

  getBoundingClientRect() {
    return { left: 0, top: 0, width: this.clientWidth, height: this.clientHeight };
  }

  focus() {
    document.activeElement = this;
  }

  click() {
    if (!this.disabled) this.dispatchEvent(new Event("click", { bubbles: true, cancelable: true }));
  }

  /** @param {unknown[]} _ */
  animate(..._) {
    return { cancel() {}, play() {}, currentTime: 0 };
  }

  showModal() {
    this.setAttribute("open", "");
  }

  close() {
    this.removeAttribute("open");
    this.dispatchEvent(new Event("close"));
  }
}

for (const name of ["id", "title", "href", "role", "type", "name"]) {
  Object.defineProperty(Element.prototype, name, {
    get() { return this.getAttribute(name) ?? ""; },
    set(value) { this.setAttribute(name, value); },
  });
}
Object.defineProperty(Element.prototype, "className", {
  get() { return this.getAttribute("class") ?? ""; },
  set(value) { this.setAttribute("class", value); },
});
Object.defineProperty(Element.prototype, "hidden", {
  get() { return this.hasAttribute("hidden"); },
  set(value) { this.toggleAttribute("hidden", Boolean(value)); },
});

/** Pen that draws nothing and keeps what it was told; each letter is half as wide as it is high. */
function penOf() {
  const done = /** @type {[string, unknown[]][]} */ ([]);
  return new Proxy(/** @type {any} */ ({ done, font: "10px x", measureText: (/** @type {string} */ text) => ({ width: text.length * 5 }) }), {
    get: (pen, name) => pen[name] ?? ((/** @type {unknown[]} */ ...arguments_) => done.push([String(name), arguments_])),
  });
}

class Canvas extends Element {
  width = 0;
  height = 0;
  pen = penOf();

  getContext() {
    return this.pen;
  }
}

class Input extends Element {
  selectionStart = 0;

  /** @param {string} text @param {number} start @param {number} end */
  setRangeText(text, start, end) {
    this.value = this.value.slice(0, start) + text + this.value.slice(end);
    this.selectionStart = start + text.length;
  }

  select() {}
}
class TextArea extends Input {}
class Select extends Element {}

const KINDS = /** @type {Record<string, new () => Element>} */ ({ canvas: Canvas, input: Input, textarea: TextArea, select: Select });

/** @param {string} tag */
function createElement(tag) {
  const made = new (KINDS[tag] ?? Element)();
  made.tagName = tag.toUpperCase();
  return made;
}

/** the root of the page */
export const page = /** @type {any} */ (createElement("html"));
const body = createElement("body");
export const document = Object.assign(/** @type {any} */ (new PageNode()), {
  documentElement: page,
  body,
  activeElement: body,
  hidden: false,
  createElement,
  createElementNS: (/** @type {string} */ _, /** @type {string} */ tag) => createElement(tag),
  createTextNode: (/** @type {string} */ text) => new Text(text),
  querySelector: (/** @type {string} */ selector) => page.querySelector(selector),
  querySelectorAll: (/** @type {string} */ selector) => page.querySelectorAll(selector),
  getElementById: (/** @type {string} */ id) => page.querySelector(`#${id}`),
});
page.parentNode = null;
page.append(body);

/** Event of a key. @param {string} key @param {object} [more] */
export function key(key, more = {}) {
  return Object.assign(new Event("keydown", { bubbles: true, cancelable: true }), { key, ...more });
}

/** The texts of elements. @param {{textContent: string}[]} elements */
export function texts(elements) {
  return elements.map(({ textContent }) => textContent);
}

/** Where the page was sent. @type {string[]} */
export const visited = [];
Object.assign(globalThis, {
  document,
  Element,
  Node: PageNode,
  HTMLElement: Element,
  HTMLInputElement: Input,
  HTMLTextAreaElement: TextArea,
  HTMLSelectElement: Select,
  customElements: { define() {} },
  ResizeObserver: class {
    /** @param {(entries: object[]) => void} callback */
    constructor(callback) {
      this.callback = callback;
    }

    /** The page is laid out at once, and never again. @param {any} target */
    observe(target) {
      this.callback([{ target, contentRect: { width: target.clientWidth, height: target.clientHeight } }]);
    }

    disconnect() {}
  },
  CSS: { supports: () => true },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
  getComputedStyle: () => ({ fontFamily: "sans-serif", fontSize: "12px", columnGap: "0", paddingLeft: "0", paddingRight: "0", paddingBottom: "0", getPropertyValue: () => "#123456" }),
  requestAnimationFrame: () => 1,
  getSelection: () => "",
  devicePixelRatio: 1,
  location: { origin: "http://dash", pathname: "/boards/wall", search: "", hash: "", href: "http://dash/boards/wall", assign: (/** @type {string} */ to) => visited.push(to), replace: (/** @type {string} */ to) => visited.push(to) },
});

/**
 * Answer the requests of the page.
 * @param {Record<string, unknown>} answers by method and path, such as `GET /api/v1/boards`; a function is called with the body, and an error's
 * answer is made by `refused`. Others are refused with 404.
 * @returns {[string, any][]} the requests that came, with their bodies
 */
export function serve(answers) {
  const came = /** @type {[string, any][]} */ ([]);
  /** @param {string} path @param {{method: string, body?: string}} request */
  const fetch = async (path, { method, body }) => {
    const name = `${method} ${path}`;
    const given = body === undefined ? undefined : JSON.parse(body);
    came.push([name, given]);
    const known = name in answers ? answers[name] : refused(404, "there is nothing");
    const answer = typeof known === "function" ? known(given) : known;
    const status = answer?.refused ?? (answer === null ? 204 : 200);
    return { status, ok: status < 400, json: async () => answer };
  };
  Object.assign(globalThis, { fetch });
  return came;
}

/** Refusal of a request. @param {number} status @param {string} error @param {string} [field] */
export function refused(status, error, field) {
  return { refused: status, code: "code", error, field };
}

/** Let everything go on that waits for an answer. */
export async function settled() {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
