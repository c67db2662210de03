// Administration of rooms: each board has one, others are made here.

import { api } from "../client/http.js";
import { h } from "../widgets/dom.js";
import { formDialog, row, rowButton, runConfirmed, table, titled, words } from "./admin-table.js";

/** @typedef {{id: string, kind: string, title: string, private: boolean, members: string[], position: number}} Room */
/** @import { Field } from "../widgets/form.js" */
/** @import { Reload, Section } from "./admin-table.js" */

const OPEN = /** @type {[string, string][]} */ ([["", "everybody who may see boards"], ["yes", "only the people named below"]]);
const path = (/** @type {Room} */ room) => `/api/v1/rooms/${encodeURIComponent(room.id)}`;

/** @param {Partial<Room>} room @returns {Field[]} */
function fields(room) {
  return [
    { name: "title", label: "Title", required: true, value: room.title },
    { name: "private", label: "Open to", options: OPEN, value: room.private ? "yes" : "" },
    { name: "members", label: "People", value: room.members?.join(", "), hint: "login names, separated by commas" },
  ];
}

/** @param {Reload} reload */
function makeRoom(reload) {
  formDialog("New room", [{ name: "id", label: "Short name", required: true, hint: "letters, digits, - and _; it cannot be changed later" }, ...fields({})], "Make room",
    ({ id, title, members, ...rest }) => api("POST", "/api/v1/rooms", { id, title, private: rest.private === "yes", members: words(members) }), reload);
}

/** @param {Room} room @param {Reload} reload */
function roomRow(room, reload) {
  const change = rowButton("Change", room.id, () => formDialog(`Change ${room.id}`, fields(room), "Save", ({ title, members, ...rest }) => api("PATCH", path(room), { title, private: rest.private === "yes", members: words(members) }), reload));
  const save = h("a", { class: "quiet", href: `${path(room)}/export?format=json`, download: "", "aria-label": `Export ${room.id}`, text: "Export" });
  const remove = rowButton("Delete", room.id, () => runConfirmed(`Delete ${room.title}?`, "All its messages are deleted with it. Export the room first to keep them.", "Delete", () => api("DELETE", path(room)), reload));
  const board = room.kind === "board";
  return row(false, titled(room.title, room.id), board ? "of a board" : "room", room.private ? `only ${room.members.join(", ") || "nobody yet"}` : "everybody", String(room.position), board ? [save] : [change, save, remove]);
}

/** @type {Section} */
export const roomsSection = {
  about: "Each board has a room of its own. Make others for topics that belong to no board.",
  make: { text: "New room", press: makeRoom },
  async load(reload) {
    const { rooms } = await /** @type {Promise<{rooms: Room[]}>} */ (api("GET", "/api/v1/rooms"));
    if (!rooms.length) return [h("p", { class: "empty", text: "There are no rooms yet. Each board brings its own." })];
    return [table([["Room", "name"], ["Kind", "tight"], ["Open to", ""], ["Changes", "tight"], ["", "acts"]], rooms.map((room) => roomRow(room, reload)))];
  },
};
