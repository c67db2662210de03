// Strict parser of the server's sanitized HTML: a few elements, no attributes but a link's address. Anything else stays text.
// The result is a tree, because this page never gives markup from strings to the browser. Pure.

/** @typedef {{tag: string, href?: string, mention?: boolean, children: RichNode[]}} RichElement */
/** @typedef {string | RichElement} RichNode */

const ELEMENTS = new Set(["p", "br", "strong", "em", "del", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "span"]);
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
/** Elements nested deeper than this are dropped; their text stays. */
const DEEPEST = 20;
/** Text beyond this many characters is cut off. */
const LONGEST = 100_000;
const TAG = /<(\/?)([a-z]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*(\/?)>/gy;
const ATTRIBUTE = /([a-z-]+)(?:="([^"<>]*)")?/g;
const ENTITIES = /** @type {Record<string, string>} */ ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" });

/** Decode entities. @param {string} text @returns {string} */
function decode(text) {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const code = hex ? parseInt(hex, 16) : Number(decimal);
    const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return valid ? String.fromCodePoint(code) : whole;
  });
}

/** @param {string} text @returns {string | undefined} the address, if it is complete and of an allowed scheme */
function address(text) {
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} tag @param {string} source its attributes @returns {RichElement} */
function element(tag, source) {
  const attributes = Object.fromEntries([...source.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? "")]));
  /** @type {RichElement} */
  const made = { tag, children: [] };
  const href = tag === "a" && attributes.href !== undefined ? address(attributes.href) : undefined;
  if (href) made.href = href;
  if (tag === "span" && (attributes.class ?? "").split(/\s+/).includes("mention")) made.mention = true;
  return made;
}

/** Parse HTML into a tree. @param {string} html @returns {RichNode[]} */
export function parseRichText(html) {
  /** @type {RichElement} */
  const root = { tag: "", children: [] };
  const open = [root];
  const text = (/** @type {string} */ raw) => {
    const { children } = open[open.length - 1];
    const last = children.length - 1;
    const decoded = decode(raw);
    if (typeof children[last] === "string") children[last] += decoded;
    else if (decoded) children.push(decoded);
  };
  const source = html.slice(0, LONGEST);
  let at = 0;
  while (at < source.length) {
    const next = source.indexOf("<", at);
    if (next < 0) break;
    text(source.slice(at, next));
    TAG.lastIndex = next;
    const found = TAG.exec(source);
    if (!found || !ELEMENTS.has(found[2])) {
      text("<");
      at = next + 1;
      continue;
    }
    at = TAG.lastIndex;
    const [, closing, tag, attributes] = found;
    if (closing) close(open, tag);
    else if (tag === "br") open[open.length - 1].children.push({ tag, children: [] });
    else if (open.length <= DEEPEST) {
      const made = element(tag, attributes);
      open[open.length - 1].children.push(made);
      open.push(made);
    }
  }
  text(source.slice(at));
  return root.children;
}

/** Close the nearest open element of this tag and those inside it; do nothing if none is open. @param {RichElement[]} open @param {string} tag */
function close(open, tag) {
  const at = open.findLastIndex((each) => each.tag === tag);
  if (at > 0) open.length = at;
}
