// Elements for the text of a message, built from the tree that data/rich-text.js parses.

import { parseRichText } from "../data/rich-text.js";
import { h } from "./dom.js";

/** @import { RichNode } from "../data/rich-text.js" */

/** Make the elements. @param {string} html from the server @returns {Node[]} */
export function richBody(html) {
  return parseRichText(html).map(build);
}

/** @param {RichNode} node @returns {Node} */
function build(node) {
  if (typeof node === "string") return document.createTextNode(node);
  const attributes = node.href ? { href: node.href, rel: "noopener noreferrer", target: "_blank" } : node.mention ? { class: "mention" } : {};
  return h(node.tag, attributes, ...node.children.map(build));
}
