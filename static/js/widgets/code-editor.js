// Editor of code in a page, by CodeMirror, which is loaded when the first editor is made. Colours are the page's.

/** @typedef {typeof import("../../vendor/codemirror.js")} CodeMirror */
/** @typedef {{from: number, to: number, message: string}} Fault place in the text, as offsets */
/**
 * `attributes`: of the element to type in, such as `aria-label`. `multiline` false: line breaks become spaces. `extensions`: the language and what else.
 * @typedef {object} Editing
 * @property {string} text
 * @property {Record<string, string>} attributes
 * @property {boolean} multiline
 * @property {(code: CodeMirror) => import("@codemirror/state").Extension[]} extensions
 * @property {(text: string) => void} changed called when the user has changed the text
 */

/** Completions shown at a time. The list does not scroll: its items are chosen by keys from the editor, so it could not be scrolled by keys alone. */
const MOST_OFFERED = 12;

/** Return the look: the page's tokens, which change with the theme. @param {CodeMirror} code */
function look({ EditorView, HighlightStyle, syntaxHighlighting, tags }) {
  const style = HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.function(tags.variableName), tags.definition(tags.propertyName), tags.propertyName], fontWeight: "600" },
    { tag: [tags.comment, tags.lineComment], color: "var(--muted)", fontStyle: "italic" },
    { tag: [tags.string, tags.number, tags.labelName, tags.operator, tags.punctuation, tags.paren, tags.squareBracket, tags.brace], color: "var(--muted)" },
  ]);
  const theme = EditorView.theme({
    "&": { color: "var(--text)", backgroundColor: "var(--tile)", border: "1px solid var(--line)", borderRadius: "var(--radius)" },
    "&.cm-focused": { outline: "none" }, // the content inside shows the focus
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
    ".cm-content": { padding: "0.4em 0.4em", caretColor: "var(--text)" },
    "&.cm-focused .cm-content": { outline: "2px solid var(--focus)", outlineOffset: "-2px", borderRadius: "var(--radius)" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    ".cm-placeholder": { color: "var(--muted)" },
    ".cm-gutters": { backgroundColor: "var(--tile)", color: "var(--muted)", border: "none" },
    "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": { backgroundColor: "var(--raised)", outline: "1px solid var(--faint)" },
    "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--critical)" },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--critical)", textUnderlineOffset: "0.2em", textDecorationSkipInk: "none" },
    ".cm-lintPoint::after": { borderBottomColor: "var(--critical)" },
    ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "var(--radius)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "none" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25em 0.6em" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--text)", color: "var(--page)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected] .cm-completionDetail": { color: "var(--page)" },
    ".cm-completionIcon": { display: "none" },
    ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
    ".cm-diagnostic": { borderLeft: "none", padding: "0.4em 0.7em" },
  });
  return [theme, syntaxHighlighting(style)];
}

/** Return whether a change is a command that makes a line, such as Shift+Enter: not pasted text, and no other text than a break. @param {import("@codemirror/state").Transaction} change */
function makesLine(change) {
  let text = "";
  change.changes.iterChanges((from, to, start, end, inserted) => (text += inserted.toString()));
  return change.isUserEvent("input.copyline") || (change.isUserEvent("input") && !change.isUserEvent("input.paste") && /^\s*\n\s*$/.test(text));
}

/** Return the extension that keeps a text on one line: commands that make a line do nothing, breaks in pasted text become spaces. @param {CodeMirror} code */
export function oneLine({ EditorState }) {
  return EditorState.transactionFilter.of((change) => {
    if (!change.docChanged || change.newDoc.lines === 1) return change;
    if (makesLine(change)) return [];
    const text = change.newDoc.toString().replace(/\s*\n\s*/g, " ");
    const end = Math.min(change.newSelection.main.head, text.length);
    return [{ changes: { from: 0, to: change.startState.doc.length, insert: text }, selection: { anchor: end } }];
  });
}

/**
 * Return the extension that types over a selection by itself. Chromium would give the new text the look of the old by an inline style,
 * which the page's policy for styles forbids.
 * @param {CodeMirror} code
 */
function typedOver({ EditorView }) {
  return EditorView.domEventHandlers({
    beforeinput(event, view) {
      const text = event.data;
      const selection = document.getSelection(); // the editor takes over the selection only after this event
      if (event.inputType !== "insertText" || !text || view.composing || !selection || selection.isCollapsed || selection.rangeCount !== 1) return false;
      const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
      const from = view.posAtDOM(startContainer, startOffset);
      const to = view.posAtDOM(endContainer, endOffset);
      if (from === to) return false;
      event.preventDefault();
      const typed = view.state.toText(text); // whose line breaks are one character each
      const insert = () => view.state.update({ changes: { from, to, insert: typed }, selection: { anchor: from + typed.length }, userEvent: "input.type", scrollIntoView: true });
      if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
      return true;
    },
  });
}

export class CodeEditor {
  /** @param {CodeMirror} code @param {Editing} editing */
  constructor(code, { text, attributes, multiline, extensions, changed }) {
    this.code = code;
    const { EditorView, keymap } = code;
    const nonce = /** @type {HTMLElement | null} */ (document.querySelector("script[nonce]"))?.nonce ?? "";
    this.isReplacing = false;
    const edited = EditorView.updateListener.of((update) => {
      if (update.docChanged && !this.isReplacing) changed(update.state.doc.toString());
    });
    const keys = [...code.closeBracketsKeymap, ...code.completionKeymap, ...code.lintKeymap, ...code.historyKeymap, ...code.defaultKeymap];
    this.view = new EditorView({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce), EditorView.contentAttributes.of({ tabindex: "0", ...attributes }), look(code), code.history(), code.closeBrackets(), code.bracketMatching(),
        code.autocompletion({ maxRenderedOptions: MOST_OFFERED }), EditorView.lineWrapping, typedOver(code), ...extensions(code), keymap.of(keys), ...(multiline ? [] : [oneLine(code)]), edited,
      ],
    });
  }

  /** the element for the page */
  get element() {
    return this.view.dom;
  }

  get text() {
    return this.view.state.doc.toString();
  }

  /** Replace the text, without telling `changed`; the user's undo does not bring the old text back. @param {string} text */
  replace(text) {
    if (text === this.text) return;
    this.isReplacing = true;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, annotations: this.code.Transaction.addToHistory.of(false) });
    this.isReplacing = false;
  }

  /** Underline the places of faults, instead of those before. @param {Fault[]} faults */
  underline(faults) {
    const most = this.view.state.doc.length;
    const shown = faults.map(({ from, to, message }) => ({ from: Math.min(from, most), to: Math.min(to, most), message, severity: /** @type {const} */ ("error") }));
    this.view.dispatch(this.code.setDiagnostics(this.view.state, shown));
  }

  /** Focus the editor and select the text between two offsets. @param {number} [from] @param {number} [to] */
  focus(from, to = from) {
    this.view.focus();
    if (from !== undefined) this.view.dispatch({ selection: { anchor: from, head: to } });
  }
}

/** Load CodeMirror and make an editor; rejects if the bundle cannot be loaded. @param {Editing} editing */
export async function codeEditor(editing) {
  return new CodeEditor(await import("../../vendor/codemirror.js"), editing);
}
