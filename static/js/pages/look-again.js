// Error page in the place of a board: looks again from time to time, so that a wall returns by itself when the board is back. Runs in old
// browsers as it is.

/** The next look follows after this time, or up to twice as late. */
const AGAIN_MS = 30_000;

function later() {
  setTimeout(look, AGAIN_MS * (1 + Math.random()));
}

async function look() {
  // with the headers of a reload: the session stays alive, and without a session the answer is the login page, which the reload shows
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null); // no connection: later
  if (answer && answer.ok) location.reload();
  else later();
}

if (/^\/(board|boards\/[^/]+)?$/.test(location.pathname)) later();
