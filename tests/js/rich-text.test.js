import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRichText } from "../../static/js/data/rich-text.js";

/** The tree as a line: tags in brackets, text as it is. @param {any[]} nodes @returns {string} */
function line(nodes) {
  return nodes.map((n) => (typeof n === "string" ? n : `[${n.tag}${n.href ? ` ${n.href}` : ""}${n.mention ? " @" : ""}:${line(n.children)}]`)).join("");
}
const read = (/** @type {string} */ html) => line(parseRichText(html));

describe("what markdown becomes", () => {
  for (const [html, expected] of [
    ["<p>a <strong>b</strong> <em>c</em> <del>d</del><br>e</p>", "[p:a [strong:b] [em:c] [del:d][br:]e]"],
    ["<p>a<br />b<br/>c</p>", "[p:a[br:]b[br:]c]"],
    ["<ul>\n<li>one</li>\n<li>two</li>\n</ul>", "[ul:\n[li:one]\n[li:two]\n]"],
    ["<pre><code class=\"language-js\">if (a &lt; b &amp;&amp; c) {}</code></pre>", "[pre:[code:if (a < b && c) {}]]"],
    ["<blockquote><p>said</p></blockquote>", "[blockquote:[p:said]]"],
    ['<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener nofollow">x</a></p>', "[p:[a https://example.org/?a=1&b=2:x]]"],
    ['<a href="mailto:a@b.c">m</a>', "[a mailto:a@b.c:m]"],
    ['<p>hi <span class="mention" data-user="ben">@ben</span></p>', "[p:hi [span @:@ben]]"],
    ["&#39;&#x27;&quot;&apos;&hearts;&#128512;", "''\"'&hearts;😀"],
    ["plain, 1 < 2 > 0 & more", "plain, 1 < 2 > 0 & more"],
  ]) test(html, () => assert.equal(read(html), expected));
});

describe("what nobody should send", () => {
  for (const html of [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=\"javascript:alert(1)\"></iframe>", "<!-- c --><style>*{}</style>",
    "<SCRIPT>alert(1)</SCRIPT>", "<math><mtext></mtext></math>", "<a href=javascript:alert(1)>x", "<p onclick='alert(1)'>", "<p\u0000>", "< p>", "<p", "<",
    "<template><p>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<![CDATA[x]]>", "<?php ?>", "<p/onclick=alert(1)>", "<x-y>",
  ]) {
    test(`stays text: ${html}`, () => {
      const tags = new Set();
      const walk = (/** @type {any[]} */ nodes) => nodes.forEach((n) => typeof n !== "string" && (tags.add(n.tag), walk(n.children)));
      walk(parseRichText(html));
      for (const tag of tags) assert.ok(["p", "a"].includes(tag), tag);
      const all = (/** @type {any[]} */ nodes) => /** @type {string} */ (nodes.map((n) => (typeof n === "string" ? n : all(n.children))).join(""));
      if (!tags.size) assert.equal(all(parseRichText(html)), html);
    });
  }

  for (const href of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x",
    "//evil.example", "/relative", "blob:https://x/y", "file:///etc/passwd", "javascript&colon;alert(1)", ""]) {
    test(`no link to ${JSON.stringify(href)}`, () => assert.equal(read(`<a href="${href}">x</a>`), "[a:x]"));
  }

  test("attributes other than a link's address are dropped", () => {
    assert.deepEqual(parseRichText('<p style="x" onclick="y" id="z">a</p>'), [{ tag: "p", children: ["a"] }]);
    assert.deepEqual(parseRichText('<span class="mentioned" href="https://x.y/">a</span>'), [{ tag: "span", children: ["a"] }]);
  });

  test("entities make text, never elements", () => {
    assert.equal(read("&lt;script&gt;&#60;img&#62;"), "<script><img>");
    assert.equal(read("&#0;&#xd800;&#x110000;"), "&#0;&#xd800;&#x110000;");
  });

  test("unclosed, wrongly closed and very deep markup comes to an end", () => {
    assert.equal(read("<p><strong>a</p>b</em></strong>"), "[p:[strong:a]]b");
    assert.equal(read("</p></p>a"), "a");
    const deep = parseRichText("<blockquote>".repeat(5_000) + "x");
    let depth = 0;
    for (let at = /** @type {any} */ (deep); typeof at[0] === "object"; at = at[0].children) depth += 1;
    assert.ok(depth <= 20);
    parseRichText("<p ".repeat(30_000));
    parseRichText(`<p${' a="b"'.repeat(10_000)}`);
  });
});
