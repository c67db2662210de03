// Keeps the session of a page that stays open for weeks: it asks the server who the user is before the session expires, and
// the answer prolongs the session.

import { api } from "../client/http.js";

/** Browsers do not keep longer timers reliably. */
const LONGEST_MS = 86_400_000;
/** A session is prolonged when this share of the time that is left has passed. */
const SHARE = 0.6;
const SOONEST_MS = 10_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Prolong the session in time. @param {number | null} expires ms, on the server's clock; null for never @param {() => number} now the server's clock */
export function keepSession(expires, now) {
  clearTimeout(timer);
  if (!expires) return;
  timer = setTimeout(
    async () => {
      const me = await /** @type {Promise<{expires: number | null}>} */ (api("GET", "/api/v1/me")).catch(() => null); // no answer: try again later
      keepSession(me?.expires ?? expires, now);
    },
    Math.max(SOONEST_MS, Math.min(LONGEST_MS, (expires - now()) * SHARE)),
  );
}
