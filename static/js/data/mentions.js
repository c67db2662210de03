// Users that can be mentioned: what was typed after an @, and whom it may mean. Pure.

/** At most so many are offered. */
const MOST = 6;
const BEFORE = /(?:^|\s)@([\p{L}\p{N}._-]{0,40})$/u;

/** @typedef {{id: string, name: string}} Mentionable */

/** Return what follows the @ at the end of a text, undefined if no mention is being typed. @param {string} before the text up to the cursor */
export function typedMention(before) {
  return BEFORE.exec(before)?.[1];
}

/** Return those whose id, name or part of a name begins with what was typed. @param {Mentionable[]} people @param {string | undefined} typed @returns {Mentionable[]} */
export function mentionable(people, typed) {
  if (typed === undefined) return [];
  const begins = typed.toLowerCase();
  return people.filter(({ id, name }) => [id, name, ...name.split(" ")].some((text) => text.toLowerCase().startsWith(begins))).slice(0, MOST);
}
