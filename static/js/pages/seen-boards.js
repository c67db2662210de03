// Favourite and recently seen boards, and the home board: of the user, where there is one, on all devices; else of this browser.
// A browser that denies storage has none.

import { ApiError, api } from "../client/http.js";
import { read, write } from "../widgets/kept-texts.js";

/** What a user keeps, as the server's list of boards says it; `unknown`: its store does not answer. @typedef {{home: string, favourites: string[], recent: string[], unknown?: true}} Marks */

const FAVOURITES = "favourite boards";
const RECENT = "recent boards";
const MOST = 50;
/** Users who have taken over what this browser kept before they had an account. */
const TAKEN = "users with the marks of this browser";
/** Users who have begun to: what they were given before a fault does not keep the rest from them. */
const TAKING = "users who take over the marks of this browser";
/** A user takes over so many of the boards seen. */
const MOST_TAKEN = 6;
/** Cookie that the server reads to answer `/`. */
const HOME = "home_board";
const YEAR_S = 365 * 86_400;

/** those of the user; null: of this browser @type {Marks | null} */
let own = null;

/** Take the marks of the user; null if the caller is none. @param {Marks | null} marks */
export function useMarks(marks) {
  own = marks;
}

/** Return whether the marks of the user cannot be read now. */
export function areMarksUnknown() {
  return Boolean(own?.unknown);
}

/**
 * Give a user without favourites those that were chosen in this browser without a login, and the boards seen last in it; once for each user. Return whether anything was given.
 * @param {string} user
 */
export async function takeOver(user) {
  const marks = own;
  if (!user || !marks || marks.unknown || read(TAKEN).includes(user)) return false;
  const others = read(TAKING).filter((each) => each !== user);
  const isNew = !marks.favourites.length || read(TAKING).includes(user);
  const liked = isNew ? read(FAVOURITES).filter((id) => !marks.favourites.includes(id)) : [];
  const seen = isNew ? read(RECENT).slice(0, MOST_TAKEN).filter((id) => !marks.recent.includes(id)) : [];
  if (isNew) write(TAKING, [...others, user].slice(-MOST));
  try {
    marks.favourites.push(...(await told(liked, { favourite: true })));
    marks.recent.unshift(...(await told([...seen].reverse(), { seen: true })).reverse());
  } catch {
    return true; // the rest is given when the list is loaded again
  }
  write(TAKEN, [...read(TAKEN), user].slice(-MOST));
  write(TAKING, others);
  return liked.length + seen.length > 0;
}

/** Change the marks on some boards, one after the other, and return those that the user may see. @param {string[]} ids @param {{favourite?: boolean, seen?: boolean}} change */
async function told(ids, change) {
  const done = [];
  for (const id of ids) {
    try {
      await tell(id, change);
      done.push(id);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
  return done;
}

/** @param {string} id @param {{favourite?: boolean, home?: boolean, seen?: boolean}} change */
function tell(id, change) {
  return api("PATCH", `/api/v1/boards/${id}/marks`, change);
}

/** Return the ids of the favourites. */
export function favourites() {
  return new Set(own ? own.favourites : read(FAVOURITES));
}

/** Make a board a favourite, or no favourite any more. @param {string} id @param {boolean} on @returns {Promise<void> | undefined} what to wait for: the server */
export function setFavourite(id, on) {
  const marks = own;
  if (marks) {
    return tell(id, { favourite: on }).then(() => {
      marks.favourites = [...marks.favourites.filter((each) => each !== id), ...(on ? [id] : [])];
    });
  }
  write(FAVOURITES, [...read(FAVOURITES).filter((each) => each !== id), ...(on ? [id] : [])].slice(-MOST));
  return undefined;
}

/** Return the ids of the boards seen, the last first. */
export function recent() {
  return own ? own.recent : read(RECENT);
}

/** Remember that a board was seen. @param {string} id @param {boolean} [isUser] whether a user is logged in */
export function noteSeen(id, isUser = false) {
  if (id && isUser) tell(id, { seen: true }).catch(() => {}); // the board is shown all the same
  else if (id) write(RECENT, [id, ...read(RECENT).filter((each) => each !== id)].slice(0, MOST));
}

/** Return the id of the chosen home board; empty if none was chosen. */
export function homeBoard() {
  if (own) return own.home;
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${HOME}=`));
  return found ? found.slice(HOME.length + 1) : "";
}

/** Keep the home board of this browser. @param {string} id empty: none */
function keepHome(id) {
  document.cookie = `${HOME}=${id}; Path=/; SameSite=Lax; Max-Age=${id ? YEAR_S : 0}`;
}

/** Choose the home board, or take the choice back. @param {string} id @param {boolean} on @returns {Promise<void> | undefined} what to wait for: the server */
export function setHomeBoard(id, on) {
  const marks = own;
  if (marks) {
    return tell(id, { home: on }).then(() => {
      marks.home = on ? id : "";
      keepHome(""); // or what this browser kept would be shown where the user chooses none
    });
  }
  keepHome(on ? id : "");
  return undefined;
}
