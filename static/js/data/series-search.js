// Searching and choosing series: words of a search, addresses of the board that shows a choice. Pure.

import { isDerived, looksAsked } from "./expressions.js";

/** A longer choice goes after the #, because the server limits the length of addresses. */
const LONGEST_QUERY = 3_000;

/** Return the filter of a search: every word must be in the name. The server has applied a selector or an expression. @param {string} search @returns {(text: string) => boolean} */
export function searchFilter(search) {
  const text = search.trim();
  if (!text || looksAsked(text)) return () => true;
  const words = text.toLowerCase().split(/\s+/);
  return (name) => words.every((word) => name.toLowerCase().includes(word));
}

/** Return the address of a board that shows one series, or the expression that it came from. @param {{text: string, name: string}} series */
export function addressOf(series) {
  return isDerived(series) ? `/board?expr=${encodeURIComponent(series.name)}` : `/board?series=${encodeURIComponent(series.text)}`;
}

/** Return the address of a board that shows a choice. @param {Iterable<string>} chosen */
export function addressOfAll(chosen) {
  const query = new URLSearchParams([...chosen].map((text) => ["series", text])).toString();
  return query.length < LONGEST_QUERY ? `/board?${query}` : `/board?#${query}`;
}
