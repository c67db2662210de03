import assert from "node:assert/strict";
import { describe, test } from "node:test";

globalThis.document = /** @type {any} */ ({ createElement: () => ({ getContext: () => null }) }); // widths by the number of letters
const { ColumnWidths } = await import("../../static/js/widgets/column-widths.js");

const columns = (/** @type {string[]} */ names, /** @type {string[]} */ numbers) => [{ texts: names, isNumber: false }, { texts: numbers, isNumber: true }];

describe("the widths of a table's columns", () => {
  test("hold still while every cell has room", () => {
    const widths = new ColumnWidths();
    const first = [...widths.fit(columns(["cron", "python"], ["1.5 %"]), "serif", 40)];
    assert.deepEqual(widths.fit(columns(["a"], ["12.5 %", "3 %"]), "serif", 40), first);
    assert.ok(Math.abs(first[0] + first[1] - 100) < 1e-9);
  });

  test("are divided anew when a cell has not enough room", () => {
    const widths = new ColumnWidths();
    const [, before] = widths.fit(columns(["cron"], ["1"]), "serif", 14);
    const [, after] = widths.fit(columns(["cron"], ["123456789012"]), "serif", 14);
    assert.ok(after > before);
  });

  test("leave numbers whole where all have not enough room, and hold still whatever texts come", () => {
    const widths = new ColumnWidths();
    const [, share] = widths.fit(columns(["a name of many letters, too many"], ["123 MiB"]), "serif", 12);
    assert.ok((share / 100) * 12 >= 7 * 0.6 + 1 - 1e-9);
    assert.equal(widths.fit(columns(["another name of many letters, which is longer"], ["123 MiB"]), "serif", 12)[1], share);
  });

  test("give room back that was not needed for a minute", () => {
    const widths = new ColumnWidths();
    const [, before] = widths.fit(columns(["cron"], ["1"]), "serif", 40, "a b", 0);
    const [, wide] = widths.fit(columns(["cron"], ["0.30000000000000004"]), "serif", 40, "a b", 1_000);
    assert.ok(wide > before);
    assert.equal(widths.fit(columns(["cron"], ["1"]), "serif", 40, "a b", 61_000)[1], wide);
    assert.equal(widths.fit(columns(["cron"], ["1"]), "serif", 40, "a b", 122_000)[1], before);
  });

  test("are new for other columns", () => {
    const widths = new ColumnWidths();
    const [, before] = widths.fit(columns(["cron"], ["1"]), "serif", 40, "a b");
    widths.fit(columns(["cron"], ["0.30000000000000004"]), "serif", 40, "a b");
    assert.equal(widths.fit(columns(["cron"], ["1"]), "serif", 40, "a c")[1], before);
  });

  test("are new for another number of columns", () => {
    const widths = new ColumnWidths();
    widths.fit(columns(["a"], ["1"]), "serif", 30);
    assert.deepEqual(widths.fit([{ texts: ["a"], isNumber: false }], "serif", 30), [100]);
  });
});
