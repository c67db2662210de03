// Copies of an expression for use elsewhere: a curl line, a Python program, a widget of a board's file. Pure.

/** @typedef {{expression: string, origin: string, needsToken: boolean}} Asked */

/** Quote a text for a POSIX shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The copies by their names. @type {Record<string, (asked: Asked) => string>} */
export const WAYS_TO_ASK = {
  curl: ({ expression, origin, needsToken }) => {
    const bearer = needsToken ? ' -H "Authorization: Bearer $TOKEN"' : "";
    return `curl -G ${quoted(`${origin}/prometheus/api/v1/query`)}${bearer} --data-urlencode ${quoted(`query=${expression}`)}`;
  },
  Python: ({ expression, origin, needsToken }) =>
    [
      ...(needsToken ? ["import os", ""] : []),
      "from dashboard.client import Client",
      "",
      `with Client(${JSON.stringify(origin)}${needsToken ? ', token=os.environ["TOKEN"]' : ""}) as client:`,
      `    for update in client.follow([${JSON.stringify(expression)}]):`,
      "        print(update.points)",
    ].join("\n"),
  widget: ({ expression }) => [`- kind: line`, `  title: ${JSON.stringify(expression.replace(/\s+/g, " ").slice(0, 60))}`, `  expr: ${JSON.stringify(expression)}`].join("\n"),
};

/** Return where a fault such as `1:4: unclosed left parenthesis` is in a text, as offsets; null when the message has no place. */
/** @param {string} text @param {string} message @returns {{from: number, to: number, message: string} | null} */
export function placeOf(text, message) {
  const found = /(?:^|\s)(\d+):(\d+): (.*)$/s.exec(message);
  if (!found || !text) return null;
  const lines = text.split("\n");
  const line = Math.min(Number(found[1]), lines.length) - 1;
  const before = lines.slice(0, line).reduce((total, each) => total + each.length + 1, 0);
  const characters = [...lines[line]].slice(0, Number(found[2]) - 1).join("").length; // the server counts characters, not UTF-16
  const from = Math.min(before + characters, text.length - 1);
  const [token] = /** @type {RegExpExecArray} */ (/^[\w:.]+|^"(?:[^"\\]|\\.)*"?|^./su.exec(text.slice(from)) ?? [" "]);
  return { from, to: from + token.length, message: found[3] };
}
