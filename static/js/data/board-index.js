// Boards of the index in the order and groups in which they are shown. Pure.

/**
 * @typedef {object} BoardListed
 * @property {string} id @property {string} title @property {string} subtitle @property {string} folder @property {string[]} tags @property {number} tiles
 * @property {string} source @property {boolean} shadowed @property {boolean} archived @property {boolean} may_edit @property {number} version
 * @property {string} created_by @property {string} changed_by @property {number} changed @property {[string, number, number, number, number][]} places @property {number} rows
 * @property {string[]} unknown @property {string} fault @property {string} draft_by @property {number} draft_t
 */
/** A group of boards under its heading. @typedef {{name: string, boards: BoardListed[]}} Group */

const MOST_RECENT = 6;
/** Boards without a folder come under this heading. */
const REST = "All boards";

/** Return whether a board has all words of a search, and the tag. @param {BoardListed} board @param {string} search @param {string} tag empty for any */
export function matches(board, search, tag) {
  const text = [board.id, board.title, board.subtitle, board.folder, ...board.tags].join(" ").toLowerCase();
  return (!tag || board.tags.includes(tag)) && search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/**
 * Return the groups: favourites, recently seen, then by folder; archived boards last. Without a search a favourite stands in its folder, too.
 * @param {BoardListed[]} boards @param {Set<string>} favourites @param {string[]} recent ids, the last seen first @param {{search: string, tag: string}} filter
 * @returns {Group[]}
 */
export function groupsOf(boards, favourites, recent, { search, tag }) {
  const found = boards.filter((board) => matches(board, search, tag)).sort((a, b) => (a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1));
  const current = found.filter(({ archived }) => !archived);
  const byId = new Map(current.map((board) => [board.id, board]));
  const folders = [...new Set(current.map(({ folder }) => folder))].sort();
  const seen = search || tag ? [] : recent.flatMap((id) => byId.get(id) ?? []).slice(0, MOST_RECENT);
  return [
    { name: "Favourites", boards: current.filter(({ id }) => favourites.has(id)) },
    { name: "Recently seen", boards: seen },
    ...folders.map((folder) => ({ name: folder || REST, boards: current.filter((board) => board.folder === folder) })),
    { name: "Archived", boards: found.filter(({ archived }) => archived) },
  ].filter((group) => group.boards.length);
}

/** Return in words who made a board and who changed it last, "" for a board that comes with the server. @param {BoardListed} board @param {(t: number) => string} day a time's day in words */
export function madeAndChanged({ source, version, changed, changed_by: by, created_by: maker }, day) {
  if (!changed || source === "server") return "";
  if (maker && maker === by) return version === 1 ? `made ${day(changed)} by ${by}` : `made and last changed by ${by}, ${day(changed)}`;
  return `${maker ? `made by ${maker} · ` : ""}changed ${day(changed)}${by ? ` by ${by}` : ""}`;
}

/** Return in words whose a board's open draft is and how old, "" without one that this user may edit. @param {BoardListed} board @param {(t: number) => string} since the age of a time in words */
export function draftOf(board, since) {
  return board.draft_t ? `draft by ${board.draft_by}, last edit ${since(board.draft_t)}` : "";
}

/** Return the id for a new board of this title. @param {string} title @param {Set<string>} taken */
export function idFor(title, taken) {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50) || "board";
  let id = slug;
  for (let number = 2; taken.has(id); number++) id = `${slug}-${number}`;
  return id;
}
