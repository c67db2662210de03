// Rows of a conversation: a message with author, time, text, its moment on the charts and its buttons; and a message that is not sent yet.

import { clock } from "../draw/format.js";
import { button, h, setText } from "./dom.js";
import { richBody } from "./rich-body.js";
import { nameShown } from "./user.js";

/** @import { Message } from "../client/protocol.js" */
/** @import { Pending } from "../data/conversation.js" */
/**
 * @typedef {object} RowActions
 * @property {(at: number) => void} jump @property {(message: Message) => void} edit @property {(message: Message) => void} remove
 * @property {(pending: Pending) => void} again @property {(pending: Pending) => void} discard
 */

/** How long a delete button waits for its second press. */
const ARMED_MS = 4_000;

/** Make a button that shows the charts at a moment. @param {number} at @param {RowActions} actions */
function momentButton(at, actions) {
  return button(clock(at, true), () => actions.jump(at), { class: "moment", "aria-label": `Show the charts at ${clock(at, true)}`, title: "Show the charts at this time" });
}

/** until when a second press deletes a message, by its id: its row may be made anew meanwhile @type {Map<string, number>} */
const armedUntil = new Map();

/** Make a delete button that asks for a second press. @param {string} id of the message @param {() => void} remove */
function deleteButton(id, remove) {
  const leftMs = () => (armedUntil.get(id) ?? 0) - performance.now();
  const made = button("Delete", () => {
    if (leftMs() > 0) {
      remove();
      return;
    }
    armedUntil.set(id, performance.now() + ARMED_MS);
    show();
  }, { class: "act" });
  const show = () => {
    const left = leftMs();
    setText(made, left > 0 ? "Really delete?" : "Delete");
    made.toggleAttribute("data-armed", left > 0);
    if (left > 0) setTimeout(show, left);
    else armedUntil.delete(id);
  };
  show();
  return made;
}

/**
 * Make the row of a message.
 * @param {Message} message
 * @param {{own: boolean, grouped: boolean, named: boolean, mayDelete: boolean, readers: string[]}} how `grouped`: below an earlier message of its author; `named`: it mentions the user
 * @param {RowActions} actions
 */
export function messageRow(message, how, actions) {
  const row = h("article", { class: "msg", "data-id": message.messageId, "data-grouped": how.grouped ? "" : undefined, "data-named": how.named ? "" : undefined, tabindex: "-1" });
  const when = h("time", { datetime: new Date(message.t).toISOString(), text: clock(message.t) });
  const jump = button("", () => actions.jump(message.t), { class: "when", title: "Show the charts at this time", "aria-label": `${clock(message.t)}: show the charts at this time` });
  jump.append(when);
  row.append(h("header", {}, nameShown({ id: message.userId, name: message.name }), message.deleted ? when : jump));
  if (message.deleted) {
    row.append(h("div", { class: "gone", text: "deleted" }));
    return row;
  }
  const body = h("div", { class: "rich" }, ...(message.html ? richBody(message.html) : [h("p", { text: message.text })]));
  const foot = h("footer");
  if (message.at) foot.append(momentButton(message.at, actions));
  if (message.edited) foot.append(h("span", { text: "edited", title: clock(message.edited, true) }));
  if (how.readers.length) foot.append(h("span", { text: `read by ${how.readers.length}`, title: how.readers.join(", ") }));
  const acts = h("span", { class: "acts" });
  if (how.own) acts.append(button("Edit", () => actions.edit(message), { class: "act" }));
  if (how.own || how.mayDelete) acts.append(deleteButton(message.messageId, () => actions.remove(message)));
  row.append(body, foot, acts);
  return row;
}

/** Make the row of a message that is not sent yet. @param {Pending} pending @param {{name: string, grouped: boolean, offline: boolean}} how `name`: that of the user @param {RowActions} actions */
export function pendingRow(pending, how, actions) {
  const failed = pending.state === "failed";
  const row = h("article", { class: "msg pending", "data-state": pending.state, "data-grouped": how.grouped ? "" : undefined, tabindex: "-1" });
  row.append(h("header", {}, h("b", { text: how.name }), h("time", { text: clock(pending.t) })), h("div", { class: "rich" }, h("p", { text: pending.text })));
  const foot = h("footer", {}, h("span", { class: "state", text: failed ? `▲ not sent: ${pending.reason}` : how.offline ? "will be sent when the connection is back" : "sending…" }));
  if (failed) foot.append(button("Try again", () => actions.again(pending), { class: "act" }), button("Discard", () => actions.discard(pending), { class: "act" }));
  row.append(foot);
  return row;
}
