import assert from "node:assert/strict";
import { test } from "node:test";
import { curlForDocument, curlForSeries, seriesFromSelector } from "../../static/js/widgets/snippet.js";

test("a line says name, labels, value and unit, and nothing that is not there", () => {
  const line = curlForSeries({ name: "orders", labels: { shop: "a" }, unit: "/min" }, 3, "http://h:1");
  assert.equal(line, `curl http://h:1/api/v1/samples -d '{"series":"orders","labels":{"shop":"a"},"value":3,"unit":"/min"}'`);
  assert.equal(curlForSeries({ name: "a", labels: {} }, 1, "http://h"), `curl http://h/api/v1/samples -d '{"series":"a","value":1}'`);
});

test("nothing in a label or a document leaves the quotes of the shell", () => {
  const line = curlForSeries({ name: "a", labels: { x: "'; rm -rf / '" } }, 1, "http://h");
  assert.ok(line.includes(`"x":"'\\''; rm -rf / '\\''"`), line);
  assert.ok(curlForDocument("a/b", { t: "it's" }, "http://h").includes("/documents/a%2Fb' -d '{\"t\":\"it'\\''s\"}'"));
});

test("the line of an empty tile makes a series that its selector matches", () => {
  /** @type {[string, string, Record<string, string>][]} */
  const cases = [
    ['{__name__="orders"}', "orders", {}], ["orders{shop='a'}", "orders", { shop: "a" }], ['orders{shop="say \\"a\\""}', "orders", { shop: 'say "a"' }],
    ['{shop=~"a|b"}', "my_series", { shop: "a" }], ['orders{shop!=""}', "orders", { shop: "x" }], ['orders{shop!="a"}', "orders", {}],
    ['cpu{host=~"web.*"}', "cpu", { host: "webx" }], ['{__name__=~"host_.+"}', "host_x", {}], ["plain", "plain", {}],
  ];
  for (const [selector, name, labels] of cases) assert.deepEqual(seriesFromSelector(selector), { name, labels }, selector);
});
