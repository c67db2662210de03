// Widths of texts, measured without a layout of the page.

/** @type {CanvasRenderingContext2D | null} */
let pen = null;

/** Return the width of a text in em, all figures as wide as a zero. @param {string} text @param {string} family of the letters */
export function widthInEm(text, family) {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 0.6;
  pen.font = `100px ${family}`;
  return pen.measureText(text.replace(/\d/g, "0")).width / 100;
}
