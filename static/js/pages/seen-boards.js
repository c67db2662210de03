// Favourite and recently seen boards of this browser, and its home board. A browser that denies storage has none.

const FAVOURITES = "favourite boards";
const RECENT = "recent boards";
const MOST = 50;
/** Cookie that the server reads to answer `/`. */
const HOME = "home_board";
const YEAR_S = 365 * 86_400;

/** @param {string} name @returns {string[]} */
function read(name) {
  try {
    const value = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string} name @param {string[]} ids */
function write(name, ids) {
  try {
    localStorage.setItem(name, JSON.stringify(ids.slice(0, MOST)));
  } catch {
    return; // storage is denied: nothing is remembered
  }
}

/** Return the ids of the favourites. */
export function favourites() {
  return new Set(read(FAVOURITES));
}

/** Make a board a favourite, or no favourite any more. @param {string} id @param {boolean} on */
export function setFavourite(id, on) {
  write(FAVOURITES, [...read(FAVOURITES).filter((each) => each !== id), ...(on ? [id] : [])]);
}

/** Return the ids of the boards seen, the last first. */
export function recent() {
  return read(RECENT);
}

/** Remember that a board was seen. @param {string} id */
export function noteSeen(id) {
  if (id) write(RECENT, [id, ...read(RECENT).filter((each) => each !== id)]);
}

/** Return the id of the home board that was chosen in this browser; empty if none was. */
export function homeBoard() {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${HOME}=`));
  return found ? found.slice(HOME.length + 1) : "";
}

/** Choose the home board of this browser. @param {string} id  empty: the server's */
export function setHomeBoard(id) {
  document.cookie = `${HOME}=${id}; Path=/; SameSite=Lax; Max-Age=${id ? YEAR_S : 0}`;
}
