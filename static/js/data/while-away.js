// What others have done to a draft since an editor saw it last, in words. Pure.

/** @import { OperationState } from "../client/protocol.js" */
/** @import { BoardDraft } from "./board-draft.js" */
/** The newest operation and the version that an editor has seen. @typedef {{seq: number, version: number}} Seen */

/**
 * Return what happened since, and the number of the last operation that the editor has seen; null if nothing did.
 * @param {Pick<BoardDraft, "history" | "from" | "user">} draft @param {Seen | null} seen null: never before @param {number} version the published one
 */
export function whileAway({ history, from, user }, seen, version) {
  if (!seen) return null;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { seq, author, name } of history) if (seq > seen.seq && author !== user) counts.set(name, (counts.get(name) ?? 0) + 1);
  const parts = [...counts].map(([name, count]) => `${name} made ${count} ${count === 1 ? "change" : "changes"}`);
  if (version > seen.version) parts.unshift(`version ${version} was published`);
  else if (from > seen.seq) parts.unshift("the draft was discarded"); // nothing else lets the history begin anew
  return parts.length ? { text: `While you were away: ${parts.join(", ")}.`, seq: seen.seq } : null;
}
