import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { richBody } from "../../static/js/widgets/rich-body.js";
import { texts } from "./page.js";

test("a message is built from elements, and its links tell the other site nothing", () => {
  const [paragraph] = /** @type {any[]} */ (richBody('<p>see <a href="https://x.example/">this</a> &lt;b&gt; <strong>now</strong></p>'));
  assert.equal(paragraph.tagName, "P");
  assert.equal(paragraph.textContent, "see this <b> now");
  const [link] = paragraph.querySelectorAll("a");
  assert.deepEqual([link.getAttribute("href"), link.getAttribute("rel"), link.getAttribute("target")], ["https://x.example/", "noopener noreferrer", "_blank"]);
  assert.deepEqual(texts(paragraph.querySelectorAll("strong")), ["now"]);
});

test("markup that the server never writes is text or nothing", () => {
  const built = /** @type {any[]} */ (richBody('<p><script>alert(1)</script><img src="x"><a href="javascript:alert(1)">x</a></p>'));
  const all = built.flatMap((node) => [node, ...(node.querySelectorAll?.("script, img, a") ?? [])]);
  assert.deepEqual(all.filter((node) => ["SCRIPT", "IMG"].includes(node.tagName) || node.getAttribute?.("href")?.startsWith("javascript")), []);
});
