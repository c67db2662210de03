// Administration of share links: each shows one board to everybody who has its address, until it expires.

import { api } from "../client/http.js";
import { button, h } from "../widgets/dom.js";
import { copyButton, showDialog } from "../widgets/dialog.js";
import { makeForm } from "../widgets/form.js";
import { endTime, row, rowButton, runConfirmed, table, titled } from "./admin-table.js";

/** @typedef {{id: string, board: string, created_by: string, expires: number}} Link */
/** @import { Reload, Section } from "./admin-table.js" */

/** @param {Reload} reload */
async function makeLink(reload) {
  const form = makeForm([
    { name: "board", label: "Board", required: true, hint: "its short name, as in /boards/NAME" },
    { name: "hours", label: "For hours", type: "number", min: 1, value: "24", required: true },
  ], "Make link", async ({ board, hours }) => {
    const link = await /** @type {Promise<Link & {url: string}>} */ (api("POST", "/api/v1/links", { board, hours: Number(hours) }));
    reload();
    const close = button("I have it", () => shown.close());
    const shown = showDialog("Share link", h("p", { text: `Until ${endTime(link.expires)}, everybody who has this address can see ${board}, and nothing else. The address is shown only this once.` }), h("pre", { class: "secret", text: link.url }), h("div", { class: "row" }, copyButton(link.url), close));
  }, () => dialog.close());
  const dialog = showDialog("New share link", form);
  /** @type {HTMLElement | null} */ (form.querySelector("input"))?.focus();
}

/** @param {Link} link @param {Reload} reload */
function linkRow(link, reload) {
  const revoke = rowButton("Revoke", `the link to ${link.board}`, () => runConfirmed(`Revoke the link to ${link.board}?`, "Screens that use this link go dark within two seconds.", "Revoke", () => api("DELETE", `/api/v1/links/${encodeURIComponent(link.id)}`), reload));
  return row(false, titled(link.board, ""), link.created_by, endTime(link.expires), [revoke]);
}

/** @type {Section} */
export const linksSection = {
  about: "A share link shows one board, view only, to everybody who has its address, such as wall screens and guests.",
  make: { text: "New share link", press: makeLink },
  async load(reload) {
    const { links } = await /** @type {Promise<{links: Link[]}>} */ (api("GET", "/api/v1/links"));
    if (!links.length) return [h("p", { class: "empty", text: "There are no share links. Make one for a wall screen, or for somebody without a login." })];
    return [table([["Board", "name"], ["Made by", ""], ["Ends", "tight"], ["", "acts"]], links.map((link) => linkRow(link, reload)))];
  },
};
