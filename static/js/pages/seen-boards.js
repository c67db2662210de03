// Favourite and recently seen boards, and the home board: of the user, where there is one, on all devices; else of this browser.
// A browser that denies storage has none.

import { api } from "../client/http.js";
import { read, write } from "../widgets/kept-texts.js";

/** What a user keeps, as the server's list of boards says it. @typedef {{home: string, favourites: string[], recent: string[]}} Marks */

const FAVOURITES = "favourite boards";
const RECENT = "recent boards";
const MOST = 50;
/** Cookie that the server reads to answer `/`. */
const HOME = "home_board";
const YEAR_S = 365 * 86_400;

/** those of the user; null: of this browser @type {Marks | null} */
let own = null;

/** Take the marks of the user; null if the caller is none. @param {Marks | null} marks */
export function useMarks(marks) {
  own = marks;
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
