// One message as it is shown: who, when, its text, the moment that it is about, what may be done with it.

import { clock } from "../draw/format.js";
import { button, h, setText } from "./dom.js";
import { richBody } from "./rich-body.js";

/** @typedef {import("../client/rooms.js").Message} Message */
/** @typedef {import("../data/conversation.js").Pending} Pending */
/**
 * @typedef {object} RowActions
 * @property {(at: number) => void} jump @property {(message: Message) => void} edit @property {(message: Message) => void} remove
 * @property {(pending: Pending) => void} again @property {(pending: Pending) => void} discard
 */

const ARMED_MS = 4_000;

/** @param {number} at @param {RowActions} actions */
function moment(at, actions) {
  return button(clock(at, true), () => actions.jump(at), { class: "moment", "aria-label": `Show the charts at ${clock(at, true)}`, title: "Show the charts at this time" });
}

/** Twice, before it is done. @param {() => void} remove */
function removal(remove) {
  const made = button("Delete", () => {
    if (made.dataset.armed) {
      remove();
      return;
    }
    made.dataset.armed = "true";
    setText(made, "Really delete?");
    setTimeout(() => {
      delete made.dataset.armed;
      setText(made, "Delete");
    }, ARMED_MS);
  }, { class: "act" });
  return made;
}

/**
 * @param {Message} message
 * @param {{own: boolean, grouped: boolean, named: boolean, mayDelete: boolean, readers: string[]}} how `grouped`: under the same author; `named`: it mentions me
 * @param {RowActions} actions
 */
export function messageRow(message, how, actions) {
  const row = h("article", { class: "msg", "data-id": message.messageId, "data-grouped": how.grouped ? "" : undefined, "data-named": how.named ? "" : undefined, tabindex: "-1" });
  const when = h("time", { datetime: new Date(message.t).toISOString(), text: clock(message.t) });
  const jump = button("", () => actions.jump(message.t), { class: "when", title: "Show the charts at this time", "aria-label": `${clock(message.t)}: show the charts at this time` });
  jump.append(when);
  row.append(h("header", {}, h("b", { text: message.name }), message.deleted ? when : jump));
  if (message.deleted) {
    row.append(h("div", { class: "gone", text: "deleted" }));
    return row;
  }
  const body = h("div", { class: "rich" }, ...(message.html ? richBody(message.html) : [h("p", { text: message.text })]));
  const foot = h("footer");
  if (message.at) foot.append(moment(message.at, actions));
  if (message.edited) foot.append(h("span", { text: "edited", title: clock(message.edited, true) }));
  if (how.readers.length) foot.append(h("span", { text: `read by ${how.readers.length}`, title: how.readers.join(", ") }));
  const acts = h("span", { class: "acts" });
  if (how.own) acts.append(button("Edit", () => actions.edit(message), { class: "act" }));
  if (how.own || how.mayDelete) acts.append(removal(() => actions.remove(message)));
  row.append(body, foot, acts);
  return row;
}

/** @param {Pending} pending @param {{name: string, grouped: boolean, offline: boolean}} how `name`: one's own @param {RowActions} actions */
export function pendingRow(pending, how, actions) {
  const failed = pending.state === "failed";
  const row = h("article", { class: "msg pending", "data-state": pending.state, "data-grouped": how.grouped ? "" : undefined, tabindex: "-1" });
  row.append(h("header", {}, h("b", { text: how.name }), h("time", { text: clock(pending.t) })), h("div", { class: "rich" }, h("p", { text: pending.text })));
  const foot = h("footer", {}, h("span", { class: "state", text: failed ? `▲ not sent: ${pending.reason}` : how.offline ? "will be sent when the connection is back" : "sending…" }));
  if (failed) foot.append(button("Try again", () => actions.again(pending), { class: "act" }), button("Discard", () => actions.discard(pending), { class: "act" }));
  row.append(foot);
  return row;
}
