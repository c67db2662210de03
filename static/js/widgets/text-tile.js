// Words: a document that is a text, or has one.

import { format } from "../draw/format.js";
import { h, setText } from "./dom.js";
import { Tile } from "./tile.js";

export class TextTile extends Tile {
  constructor() {
    super();
    this.value = h("div", { class: "value" });
    this.body.append(this.value);
  }

  draw() {
    setText(this.value, this.words());
  }

  words() {
    const body = this.doc?.body;
    if (typeof body === "string") return body;
    if (typeof body?.text === "string") return body.text;
    if (body !== undefined) return JSON.stringify(body, null, 1);
    const series = this.series[0];
    const { text, unit } = format(series?.value, series ? this.unitOf(series) : "", this.widget.decimals);
    return unit ? `${text} ${unit}` : text;
  }

  /** @param {number} now @param {import("../data/freshness.js").Freshness} fresh */
  noteText(now, fresh) {
    const more = this.doc?.body?.moreinfo;
    return fresh === "live" && typeof more === "string" ? more : super.noteText(now, fresh);
  }
}
customElements.define("text-tile", TextTile);
