import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WAYS_TO_ASK, placeOf } from "../../static/js/data/ways-to-ask.js";

const asked = { expression: `sum(x{a="it's"})`, origin: "http://host:8888", needsToken: false };

describe("copies of an expression", () => {
  test("curl asks the API of Prometheus, quoted for a shell, with a token only where one is needed", () => {
    assert.equal(WAYS_TO_ASK.curl(asked), `curl -G 'http://host:8888/prometheus/api/v1/query' --data-urlencode 'query=sum(x{a="it'\\''s"})'`);
    assert.match(WAYS_TO_ASK.curl({ ...asked, needsToken: true }), / -H "Authorization: Bearer \$TOKEN" /);
  });

  test("Python follows it", () => {
    const text = WAYS_TO_ASK.Python({ ...asked, needsToken: true });
    assert.match(text, /client\.follow\(\["sum\(x\{a=\\"it's\\"\}\)"\]\)/);
    assert.match(text, /token=os\.environ\["TOKEN"\]/);
  });

  test("a widget is YAML for the file of a board", () => {
    assert.equal(WAYS_TO_ASK.widget(asked), `- kind: line\n  title: "sum(x{a=\\"it's\\"})"\n  expr: "sum(x{a=\\"it's\\"})"`);
  });
});

describe("the place of a fault", () => {
  test("is the token at the line and column, counted in characters", () => {
    assert.deepEqual(placeOf("sum(visits", "1:4: unclosed left parenthesis"), { from: 3, to: 4, message: "unclosed left parenthesis" });
    assert.deepEqual(placeOf('x{a="😀"} + ratee(y)', "selectors: neither: 1:12: unknown function"), { from: 12, to: 17, message: "unknown function" });
    assert.deepEqual(placeOf("a +\n  bad()", "2:3: unknown function"), { from: 6, to: 9, message: "unknown function" });
  });

  test("is the last character where the text ends too early, and nowhere where the message has none", () => {
    assert.deepEqual(placeOf("sum(", "1:5: unexpected end")?.from, 3);
    assert.equal(placeOf("sum(x)", "too many series"), null);
    assert.equal(placeOf("", "1:1: empty"), null);
  });
});
