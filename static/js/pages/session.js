// A page that stays open for weeks keeps its session: it asks who it is before half of it has passed, and the server's
// answer carries a longer one.

import { api } from "../client/http.js";

/** Timers hold no longer. */
const LONGEST_MS = 86_400_000;
const SHARE = 0.6;
const SOONEST_MS = 10_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {number | null} expires ms, on the server's clock @param {() => number} now the same */
export function keepSession(expires, now) {
  clearTimeout(timer);
  if (!expires) return;
  timer = setTimeout(
    async () => {
      const me = await api("GET", "/api/v1/me").catch(() => null); // the server is away: later
      keepSession(me?.expires ?? expires, now);
    },
    Math.max(SOONEST_MS, Math.min(LONGEST_MS, (expires - now()) * SHARE)),
  );
}
