// A board's YAML, to edit: CodeMirror with line numbers, or a plain text area until it is loaded and where it cannot be.

import { codeEditor } from "./code-editor.js";
import { button, h, setText } from "./dom.js";

/** @import { CodeEditor } from "./code-editor.js" */
/** @typedef {{readText: () => Promise<string>, writeText: (base: string, text: string) => Promise<void>}} TextHost */

/** A comment of YAML, as far as that can be told without its strings. */
const COMMENT = /(^|\s)#/m;
/** Label of the field. */
const LABEL = "The board as YAML";

/** Return what to say about a text that was applied and came back as `now`, "" for nothing. @param {string} sent @param {string} now @param {boolean} isSame whether the draft is as before */
function remarkOn(sent, now, isSame) {
  const hasComment = COMMENT.test(sent) && !COMMENT.test(now);
  if (isSame) return `Nothing has changed${hasComment ? ": a draft keeps values, no comments. Comments belong in the board's file" : " but the way it is written"}.`;
  return hasComment ? "Applied, without the comments: a draft keeps values only. Comments of a board's file stay in the file." : "";
}

export class BoardText {
  /** @param {TextHost} host */
  constructor(host) {
    this.host = host;
    /** the text that the server has, as far as this page knows */
    this.base = "";
    this.area = /** @type {HTMLTextAreaElement} */ (h("textarea", { class: "yaml", spellcheck: "false", "aria-label": LABEL }));
    /** @type {CodeEditor | null} */
    this.editor = null;
    this.wrong = h("p", { class: "wrong", role: "alert" });
    this.remark = h("p", { class: "hint", role: "status" });
    const acts = [button("Apply", () => this.apply(), { class: "button primary" }), button("Read again", () => this.read())];
    this.element = h("div", {}, this.area, this.wrong, this.remark, h("div", { class: "acts" }, ...acts));
  }

  /** Show the board's text, and the editor as soon as it is loaded. */
  async begin() {
    await Promise.all([this.read(), this.load()]);
  }

  async load() {
    const attributes = { "aria-label": LABEL, spellcheck: "false" };
    try {
      this.editor = await codeEditor({
        text: "", attributes, multiline: true,
        extensions: (code) => [code.EditorView.editorAttributes.of({ class: "yaml" }), code.yaml(), code.lineNumbers(), code.indentOnInput()],
        changed: () => this.editor?.underline([]),
      });
    } catch {
      return; // the browser itself says in its log which file it could not load
    }
    const { area, editor } = this;
    const hadFocus = document.activeElement === area;
    editor.replace(area.value);
    area.replaceWith(editor.element); // only now, so that there is always a field to type in
    if (hadFocus) editor.focus(area.selectionStart, area.selectionEnd);
  }

  get text() {
    return this.editor ? this.editor.text : this.area.value;
  }

  set text(text) {
    if (this.editor) this.editor.replace(text);
    else this.area.value = text;
  }

  /** Read what the server has, in place of what is here. */
  async read() {
    setText(this.wrong, "");
    setText(this.remark, "");
    try {
      this.base = this.text = await this.host.readText();
    } catch (error) {
      setText(this.wrong, error instanceof Error ? error.message : String(error));
    }
  }

  async apply() {
    setText(this.wrong, "");
    setText(this.remark, "");
    const { text: sent, base } = this;
    try {
      await this.host.writeText(base, sent);
      this.base = sent;
      const now = await this.host.readText();
      setText(this.remark, remarkOn(sent, now, now === base));
      if (this.text === sent) this.base = this.text = now; // else the user has typed on
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      setText(this.wrong, said);
      this.mark(Number(/\.yaml:(\d+):/.exec(said)?.[1] ?? 0), said);
    }
  }

  /** Underline a faulty line and put the cursor there. @param {number} line 0 for none @param {string} message */
  mark(line, message) {
    if (!line) return;
    const lines = this.text.split("\n");
    const from = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const to = from + (lines[line - 1]?.length ?? 0);
    if (this.editor) {
      this.editor.underline([{ from: from + (/^\s*/.exec(lines[line - 1] ?? "")?.[0].length ?? 0), to, message }]);
      this.editor.focus(from, to);
    } else {
      this.area.focus();
      this.area.setSelectionRange(from, to);
    }
  }

  /** Bring the text up to date if nobody has changed it. */
  async follow() {
    if (this.text !== this.base) return;
    const now = await this.host.readText().catch(() => this.base);
    if (this.text === this.base) this.base = this.text = now;
  }
}
