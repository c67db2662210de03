// Tile for a document that is a text, or has one.

import { remarkOf, textOf } from "../data/document-body.js";
import { format } from "../draw/format.js";
import { h, setText } from "./dom.js";
import { Tile } from "./tile.js";

/** @import { TileState } from "../draw/tile-state.js" */

export class TextTile extends Tile {
  constructor() {
    super();
    this.value = h("div", { class: "value" });
    this.body.append(this.value);
  }

  draw() {
    setText(this.value, this.text());
  }

  text() {
    if (this.doc?.body !== undefined) return textOf(this.doc.body);
    const series = this.series[0];
    const { text, unit } = format(series?.value, series ? this.unitOf(series) : "", this.widget.decimals);
    return unit ? `${text} ${unit}` : text;
  }

  /** @param {number} now @param {TileState} state */
  noteText(now, state) {
    return (state.fresh === "live" ? remarkOf(this.doc?.body) : undefined) ?? super.noteText(now, state);
  }
}
customElements.define("text-tile", TextTile);
