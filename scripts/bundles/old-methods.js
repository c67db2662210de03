// Methods that our code calls and Chromium 79 lacks; tests/browser/test_old_files.py asks a Chromium 79 whether one is missing here.

/** Define a method that is not there. @param {object} target @param {string} name @param {Function} value */
function define(target, name, value) {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

/** @this {ArrayLike<unknown>} @param {number} index */
function at(index) {
  const i = Math.trunc(index) || 0;
  return this[i < 0 ? i + this.length : i];
}
define(Array.prototype, "at", at);
define(String.prototype, "at", at);

define(Array.prototype, "findLast", /** @this {unknown[]} @param {(value: unknown, index: number, all: unknown[]) => boolean} test */ function (test) {
  for (let i = this.length - 1; i >= 0; i--) if (test(this[i], i, this)) return this[i];
  return undefined;
});

define(Array.prototype, "findLastIndex", /** @this {unknown[]} @param {(value: unknown, index: number, all: unknown[]) => boolean} test */ function (test) {
  for (let i = this.length - 1; i >= 0; i--) if (test(this[i], i, this)) return i;
  return -1;
});

define(String.prototype, "replaceAll", /** @this {string} @param {string | RegExp} what @param {any} by */ function (what, by) {
  if (typeof what !== "string") return this.replace(what, by);
  return this.split(what).join(by); // our replacements are plain texts
});

define(Object, "hasOwn", (/** @type {object} */ object, /** @type {PropertyKey} */ name) => Object.prototype.hasOwnProperty.call(object, name));

for (const type of [Element, Document, DocumentFragment]) {
  define(type.prototype, "replaceChildren", /** @this {ParentNode & Node} @param {...(Node | string)} children */ function (...children) {
    while (this.lastChild) this.removeChild(this.lastChild);
    this.append(...children);
  });
}

// Listeners that end with an AbortSignal (Chromium 90).
let knowsSignal = false;
addEventListener("", () => {}, Object.defineProperty({}, "signal", { get: () => void (knowsSignal = true) }));
if (!knowsSignal) {
  const { addEventListener: add } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = /** @this {EventTarget} @param {string} type @param {any} listener @param {any} options */ function (type, listener, options) {
    const signal = typeof options === "object" ? options?.signal : undefined;
    if (signal?.aborted) return;
    add.call(this, type, listener, options);
    if (signal) add.call(signal, "abort", () => this.removeEventListener(type, listener, options), { once: true });
  };
}
