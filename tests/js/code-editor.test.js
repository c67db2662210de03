import assert from "node:assert/strict";
import { test } from "node:test";
import * as code from "../../static/vendor/codemirror.js";
import { oneLine } from "../../static/js/widgets/code-editor.js";

/** Return the text after a change in the middle of `abcxyz`, in an editor of one line. @param {string} insert @param {string} userEvent */
function changed(insert, userEvent) {
  const state = code.EditorState.create({ doc: "abcxyz", extensions: [oneLine(code)] });
  return state.update({ changes: { from: 3, insert }, selection: { anchor: 3 + insert.length }, userEvent }).state.doc.toString();
}

test("a command that makes a line does nothing in an editor of one line", () => {
  assert.equal(changed("\n", "input"), "abcxyz"); // Enter, Shift+Enter, Control+Enter
  assert.equal(changed("\n  ", "input"), "abcxyz"); // with the next line's indentation
  assert.equal(changed("\nabcxyz", "input.copyline"), "abcxyz");
});

test("breaks in a pasted text become spaces in an editor of one line", () => {
  assert.equal(changed("\n", "input.paste"), "abc xyz");
  assert.equal(changed("1\n  2", "input.paste"), "abc1 2xyz");
  assert.equal(changed("1\n2", "input.type"), "abc1 2xyz"); // keyboards of phones type what they paste
  assert.equal(changed(" ", "input.type"), "abc xyz");
});
