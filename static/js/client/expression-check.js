// Whether the server can read an expression. With one that it cannot read, no tile of a draft would get data.

import { ApiError, api } from "./http.js";

/** Answers with these statuses are about the expression; all others (a session that is over, too many requests) are not. */
const REFUSED = [400, 422];
/** A server that has not answered after this time counts as one that does not answer now: the edit must be kept soon. */
const ANSWERS_WITHIN_MS = 3_000;

/** Return what is wrong with an expression, "" if the server can read it or does not answer now. @param {string} text */
export async function faultOf(text) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ANSWERS_WITHIN_MS)));
  try {
    await Promise.race([api("POST", "/prometheus/api/v1/parse_query", new URLSearchParams({ query: text })), late]); // an address has less room than an expression
    return "";
  } catch (error) {
    return error instanceof ApiError && REFUSED.includes(error.status) ? error.message : "";
  } finally {
    clearTimeout(timer);
  }
}
