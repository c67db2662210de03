// Presence of the user on this page: away when the page is hidden, or after five minutes without input.

/** @import { WebSocketClient } from "../client/websocket-client.js" */

const AWAY_AFTER_MS = 300_000;
/** Events by which a person shows up. */
export const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** Do something once, at the first sign of a person. @param {() => void} act */
export function atFirstInput(act) {
  const begin = () => {
    for (const name of INPUTS) removeEventListener(name, begin);
    act();
  };
  for (const name of INPUTS) addEventListener(name, begin, { passive: true });
}

/**
 * Send the user's presence from now on.
 * @param {WebSocketClient} client
 * @returns {() => void} to be called once a second
 */
export function trackPresence(client) {
  let activeAt = performance.now();
  const update = () => {
    const idle = performance.now() - activeAt > AWAY_AFTER_MS;
    client.setPresence(document.hidden || idle ? "away" : "online");
  };
  const active = () => {
    activeAt = performance.now();
    update();
  };
  for (const name of INPUTS) addEventListener(name, active, { passive: true });
  document.addEventListener("visibilitychange", active);
  return update;
}
