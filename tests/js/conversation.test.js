import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Conversation, initials, typingText } from "../../static/js/data/conversation.js";
import { message } from "./client-support.js";

/** @param {number[]} ids @param {any} [more] */
function joined(ids, more = {}) {
  return { type: "joined", roomId: "host", title: "Host", members: [{ id: "ben", name: "Ben", status: "online" }], messages: ids.map((n) => message(n)), position: String(ids.at(-1) ?? 0),
    recovered: false, resumed: false, unread: 0, lastRead: "", ...more };
}
const ids = (/** @type {Conversation} */ c) => c.messages.map((m) => m.messageId);

describe("messages", () => {
  test("a beginning replaces, a resumption keeps", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([1, 2]));
    c.begin(joined([], { resumed: true }));
    assert.deepEqual(ids(c), ["host.1", "host.2"]);
    c.begin(joined([8, 9]));
    assert.deepEqual(ids(c), ["host.8", "host.9"]);
  });

  test("one that is known already is changed, not added", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([1]));
    c.add(message(2));
    c.add(message(2, { text: "again" }));
    assert.deepEqual(ids(c), ["host.1", "host.2"]);
    assert.equal(c.messages[1].text, "again");
    c.change(message(1, { deleted: true, text: "" }));
    assert.equal(c.messages[0].deleted, true);
    c.change(message(77));
    assert.equal(c.messages.length, 2);
  });

  test("older ones go before, each once", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([5, 6]));
    c.older([message(3), message(4), message(5)], true);
    assert.deepEqual(ids(c), ["host.3", "host.4", "host.5", "host.6"]);
    c.older([], true);
    assert.equal(c.more, false);
  });

  test("one's own wait at the end until the room has them; those that failed say why", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([]));
    c.send("k1", "one", 5);
    c.send("k2", "two", 6);
    c.add(message(1, { userId: "anna", key: "k1" }));
    assert.deepEqual(c.pending.map((p) => p.key), ["k2"]);
    c.fail("k2", "may not");
    assert.deepEqual([c.pending[0].state, c.pending[0].reason], ["failed", "may not"]);
    c.send("k2", "two", 7);
    assert.deepEqual([c.pending.length, c.pending[0].state], [1, "sending"]);
    c.begin(joined([2], { messages: [message(2, { userId: "anna", key: "k2" })] }));
    assert.deepEqual(c.pending, []);
  });
});

describe("unread", () => {
  test("others' messages count until they are read; one's own never do", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([1, 2, 3], { unread: 1, lastRead: "host.2" }));
    assert.equal(c.divider, "host.3");
    c.add(message(4));
    c.add(message(5, { userId: "anna" }));
    assert.deepEqual([c.unread, c.divider], [2, "host.3"]);
    assert.equal(c.readAll(), "host.5");
    assert.equal(c.readAll(), "");
    assert.equal(c.unread, 0);
    c.add(message(6), true);
    assert.equal(c.unread, 0);
  });

  test("another page of the same user may have read it", () => {
    const c = new Conversation("host", "anna");
    c.begin(joined([1], { unread: 1 }));
    c.read({ messageId: "host.1", unread: 0 });
    assert.deepEqual([c.unread, c.divider, c.lastRead], [0, "", "host.1"]);
  });

  test("who has read up to where moves on", () => {
    const c = new Conversation("host", "anna");
    c.acked({ status: "read", messageId: "host.1", userId: "ben" });
    c.acked({ status: "read", messageId: "host.2", userId: "ben" });
    assert.deepEqual([...c.readers], [["host.2", ["ben"]]]);
  });
});

describe("people", () => {
  test("who writes is forgotten after five seconds, with a message, and on leaving", () => {
    const c = new Conversation("host", "anna");
    for (const id of ["ben", "cleo", "dan"]) c.typing({ userId: id, name: id, isTyping: true }, 1_000);
    c.typing({ userId: "anna", name: "Anna", isTyping: true }, 1_000);
    assert.deepEqual(c.typists(5_999), ["ben", "cleo", "dan"]);
    c.add(message(1));
    c.left({ id: "cleo", name: "", status: "" });
    assert.deepEqual(c.typists(5_999), ["dan"]);
    assert.deepEqual(c.typists(6_000), []);
  });

  test("words for it", () => {
    assert.equal(typingText([]), "");
    assert.equal(typingText(["A"]), "A is writing…");
    assert.equal(typingText(["A", "B"]), "A and B are writing…");
    assert.equal(typingText(["A", "B", "C"]), "3 people are writing…");
  });

  test("initials of any name", () => {
    assert.deepEqual(["Anna Kern", "mr", "x", "", "jo.smith", "Ann-Marie van der Berg", "😀 b"].map(initials), ["AK", "MR", "X", "?", "JS", "AB", "😀B"]);
  });
});
