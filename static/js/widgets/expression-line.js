// Line for an expression: the plain input of the page, in whose place an editor comes when the user first goes there. Metrics, labels,
// values and functions are completed from this server's API of Prometheus.

import { placeOf } from "../data/ways-to-ask.js";
import { codeEditor } from "./code-editor.js";

/** @import { LintStrategy } from "@prometheus-io/codemirror-promql" */
/** @import { CodeEditor } from "./code-editor.js" */

/** Metrics and labels that appeared later than this are not completed yet. */
const KNOWN_MS = 30_000;

export class ExpressionLine {
  /** @param {HTMLInputElement} input its `input` events and its value stay those of the line @param {AbortSignal} signal */
  constructor(input, signal) {
    this.input = input;
    /** @type {CodeEditor | null} */
    this.editor = null;
    this.fault = "";
    /** finds what is not PromQL @type {ReturnType<LintStrategy["promQL"]> | null} */
    this.lint = null;
    input.addEventListener("focus", () => this.load(), { signal, once: true });
  }

  /** Replace the input by the editor. Without it the input stays. */
  async load() {
    const { input } = this;
    const attributes = { "aria-label": input.getAttribute("aria-label") ?? "", "aria-multiline": "false", spellcheck: "false", role: "searchbox", id: input.id };
    try {
      this.editor = await codeEditor({
        text: "", attributes, multiline: false,
        extensions: (code) => {
          const language = new code.PromQLExtension().activateLinter(false).setComplete({ remote: { url: "/prometheus", httpMethod: "GET", cache: { maxAge: KNOWN_MS } } });
          this.lint = language.getLinter().promQL();
          return [code.EditorView.editorAttributes.of({ class: "expression-line" }), code.placeholder(input.placeholder), language.asExtension()];
        },
        changed: (text) => this.changed(text),
      });
    } catch {
      return; // the browser itself says in its log which file it could not load
    }
    const hadFocus = document.activeElement === input;
    this.editor.replace(input.value);
    input.replaceWith(this.editor.element);
    if (hadFocus) this.editor.focus(input.selectionStart ?? 0, input.selectionEnd ?? 0);
    this.showFault(this.fault);
  }

  /** @param {string} text */
  changed(text) {
    this.input.value = text;
    this.showFault("");
    this.input.dispatchEvent(new Event("input"));
  }

  /** Underline what the server complains about; an empty message ends that. @param {string} message such as `1:4: unclosed left parenthesis` */
  async showFault(message) {
    this.fault = message;
    const { editor, lint } = this;
    if (!editor || !lint) return;
    const place = placeOf(this.input.value, message);
    const found = place ? (await lint(editor.view)).filter(({ from, to }) => to > from) : []; // more exact places, but none in selectors
    if (this.fault === message) editor.underline(place ? [{ ...place, ...(found[0] && { from: found[0].from, to: found[0].to }) }] : []);
  }

  focus() {
    if (this.editor) this.editor.focus();
    else this.input.focus();
  }
}
