// Whether the server can read an expression. With one that it cannot read, no tile of a draft would get data.

import { ApiError, api } from "./http.js";

/** Return what is wrong with an expression, "" if the server can read it or does not answer now. @param {string} text */
export async function faultOf(text) {
  try {
    await api("GET", `/prometheus/api/v1/parse_query?query=${encodeURIComponent(text)}`);
    return "";
  } catch (error) {
    const isRefused = !(error instanceof ApiError) || (error.status >= 400 && error.status < 500);
    return isRefused ? (error instanceof Error ? error.message : String(error)) : "";
  }
}
