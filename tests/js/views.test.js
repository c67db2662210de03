import assert from "node:assert/strict";
import { test } from "node:test";
import { Views } from "../../static/js/client/views.js";
import { rig } from "./support.js";

/** @param {import("node:test").TestContext} t */
function watched(t) {
  const r = rig(t);
  const views = new Views(r.connection);
  /** @type {string[]} */
  const log = [];
  const handlers = {
    snapshot: (/** @type {any} */ s) => log.push(`snapshot ${s.position}`),
    frame: (/** @type {any} */ f) => log.push(`frame ${f.position}`),
    error: (/** @type {any} */ e) => log.push(`error ${e.code}`),
    gap: (/** @type {string} */ reason) => log.push(`gap ${reason}`),
  };
  const subscription = views.watch({ board: "host" }, handlers);
  const open = () => {
    r.last().onopen?.();
    return r.last();
  };
  return { ...r, views, log, subscription, handlers, open };
}

test("what is watched before the connection opens is asked for when it does", (t) => {
  const w = watched(t);
  w.connection.start();
  assert.deepEqual(w.open().sent, [{ type: "watch", id: 2, board: "host" }]);
});

test("after a return it asks with the last position, of a snapshot or a frame", (t) => {
  const w = watched(t);
  w.connection.start();
  const first = w.open();
  first.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  first.say({ type: "frame", view: "v1", position: "e:6" });
  first.end(1006);
  w.pass(1_000);
  assert.equal(w.open().sent[0].since, "e:6");
  assert.deepEqual(w.log, ["snapshot e:5", "frame e:6"]);
});

test("a long answer over a slow line is waited for, and the server hears meanwhile that somebody does", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "welcome" });
  for (let n = 0; n < 20; n++) w.pass(1_000);
  assert.equal(w.connection.state, "open");
  assert.ok(socket.sent.filter(({ type }) => type === "ping").length >= 5);
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  for (let n = 0; n < 10; n++) w.pass(1_000);
  assert.notEqual(w.connection.state, "open"); // silence is as short as ever now
});

/** Cut after its snapshot, and connected again. @param {import("node:test").TestContext} t */
function returned(t) {
  const w = watched(t);
  w.connection.start();
  const first = w.open();
  first.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  first.end(1006);
  w.pass(1_000);
  return { w, again: w.open() };
}

test("while the answer to a return is on its way the loss is still that of before", (t) => {
  const { w, again } = returned(t);
  for (let n = 0; n < 20; n++) w.pass(1_000);
  assert.ok(w.connection.lostAt > 0);
  again.say({ type: "frame", id: again.sent[0].id, view: "v1", position: "e:6" });
  assert.equal(w.connection.lostAt, 0);
});

test("a return into another view, of a board that was edited, begins with a snapshot", (t) => {
  const { w, again } = returned(t);
  again.say({ type: "frame", id: again.sent[0].id, view: "v2", position: "e:6" });
  assert.deepEqual([again.sent[1].type, again.sent[1].since], ["watch", undefined]);
});

test("answers to other questions and frames of other views are not for it", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 1, view: "v9", position: "e:1" }); // an earlier question
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  socket.say({ type: "frame", view: "v2", position: "e:6" });
  socket.say({ type: "pong", now: 1 });
  socket.say({ type: "error", id: 77, code: "invalid", message: "" });
  assert.deepEqual(w.log, ["snapshot e:5"]);
  socket.say({ type: "error", id: 2, code: "not_found", message: "" });
  assert.deepEqual(w.log, ["snapshot e:5", "error not_found"]);
});

test("a gap is told, and the snapshot after it replaces", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  socket.say({ type: "gap", view: "v1", reason: "trimmed", position: "e:9" });
  socket.say({ type: "snapshot", view: "v1", position: "e:9" });
  assert.deepEqual(w.log, ["snapshot e:5", "gap trimmed", "snapshot e:9"]);
});

test("pause stops the frames; resume asks for one snapshot, not for what was missed", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.pause();
  assert.deepEqual(socket.sent.at(-1), { type: "unwatch", view: "v1" });
  socket.say({ type: "frame", view: "v1", position: "e:6" }); // was under way
  assert.deepEqual(w.log, ["snapshot e:5"]);
  w.views.resume();
  assert.deepEqual(socket.sent.at(-1), { type: "watch", id: 3, board: "host" });
  w.views.resume();
  assert.equal(socket.sent.length, 3);
});

test("a return while paused asks for nothing until somebody looks", (t) => {
  const w = watched(t);
  w.connection.start();
  w.open().say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.pause();
  w.last().end(1006);
  w.pass(1_000);
  const second = w.open();
  assert.deepEqual(second.sent.filter((m) => m.type === "watch"), []);
  w.views.resume();
  assert.deepEqual(second.sent.at(-1), { type: "watch", id: 3, board: "host" });
});

test("change leaves the old view, forgets its position and asks anew", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.change(w.subscription, { board: "host", window_s: 21_600 });
  assert.deepEqual(socket.sent.slice(1), [{ type: "unwatch", view: "v1" }, { type: "watch", id: 3, board: "host", window_s: 21_600 }]);
  socket.say({ type: "frame", view: "v1", position: "e:6" });
  assert.deepEqual(w.log, ["snapshot e:5"]);
});

test("change from a position goes on with the changes since, and its old answer is left, too", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.change(w.subscription, { board: "host", skip: [3] }, "e:5");
  w.views.change(w.subscription, { board: "host" }, "e:4");
  assert.deepEqual(socket.sent.slice(1), [
    { type: "unwatch", view: "v1" }, { type: "watch", id: 3, board: "host", skip: [3], since: "e:5" }, { type: "watch", id: 4, board: "host", since: "e:4" },
  ]);
  socket.say({ type: "frame", id: 3, view: "v2", position: "e:6" });
  socket.say({ type: "frame", id: 4, view: "v1", position: "e:6" });
  assert.deepEqual(socket.sent.at(-1), { type: "unwatch", view: "v2" });
  assert.deepEqual(w.log, ["snapshot e:5", "frame e:6"]);
  assert.equal(socket.sent.at(-1).type, "unwatch"); // it is not begun anew: another view of the same board is what was asked for
});

test("a change while nobody looks is asked for when somebody does", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.pause();
  const before = socket.sent.length;
  w.views.change(w.subscription, { board: "host", skip: [1] }, "e:5");
  assert.equal(socket.sent.length, before);
  w.views.resume();
  assert.deepEqual(socket.sent.slice(before), [{ type: "watch", id: 3, board: "host", skip: [1] }]);
});

test("end leaves the view and is not asked for again", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.end(w.subscription);
  socket.end(1006);
  w.pass(1_000);
  assert.deepEqual(w.open().sent.filter((m) => m.type === "watch"), []);
});

test("a return while nobody looks still says hello, or the server ends it for good with 4502", (t) => {
  const r = rig(t);
  const views = new Views(r.connection);
  views.watch({ board: "host" }, { snapshot() {}, frame() {}, error() {} });
  r.connection.start();
  r.last().onopen?.();
  views.pause();
  r.last().end(1006);
  r.pass(1_000);
  r.last().onopen?.();
  assert.notEqual(r.last().sent.length, 0); // a hidden page's timers run once a minute: its ping comes after hello_s
});

test("an answer that was under way does not undo a change", (t) => {
  const r = rig(t);
  const views = new Views(r.connection);
  /** @type {string[]} */
  const log = [];
  const subscription = views.watch({ board: "host" }, { snapshot: (s) => log.push(s.position), frame() {}, error() {} });
  r.connection.start();
  r.last().onopen?.();
  views.change(subscription, { board: "host", window_s: 21_600 });
  const left = r.last().sent.filter((m) => m.type === "unwatch").length;
  r.last().say({ type: "snapshot", id: 2, view: "v1", position: "e:1" }); // the answer to the first question
  assert.deepEqual(log, []);
  r.last().say({ type: "snapshot", id: 3, view: "v6", position: "e:2" });
  // else the server would go on sending v1 to this page for ever
  const unwatched = r.last().sent.filter((m) => m.type === "unwatch" && m.view === "v1").length;
  assert.equal(left + unwatched, 1);
  assert.deepEqual(log, ["e:2"]);
});

test("points of a series that it was never told of: it begins anew, with a snapshot", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5", series: [{ sid: 7 }] });
  socket.say({ type: "frame", view: "v1", position: "e:6", points: [[7, [1], [1]]] });
  socket.say({ type: "frame", view: "v1", position: "e:7", series: [{ sid: 8 }], points: [[8, [1], [1]]] });
  assert.equal(socket.sent.length, 1);
  socket.say({ type: "frame", view: "v1", position: "e:8", points: [[9, [1], [1]]] });
  assert.deepEqual(socket.sent.at(-1), { type: "watch", id: 3, board: "host" });
  socket.say({ type: "frame", view: "v1", position: "e:9", gone: [8], buckets: [[7, [1], [1], [1], [1]]] });
  socket.say({ type: "snapshot", id: 3, view: "v1", position: "e:9", series: [{ sid: 9 }] });
  const asked = socket.sent.length;
  socket.say({ type: "frame", view: "v1", position: "e:10", points: [[9, [1], [1]]] });
  assert.equal(socket.sent.length, asked);
});

test("a view of a cancelled request is left only when no answer is awaited that may be of the same view", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  w.views.change(w.subscription, { board: "host", window_s: 21_600 });
  w.views.change(w.subscription, { board: "host", window_s: 21_600 });
  socket.sent.length = 0;
  socket.say({ type: "snapshot", id: 3, view: "v6", position: "e:6" });
  assert.deepEqual(socket.sent, []);
  socket.say({ type: "snapshot", id: 4, view: "v6", position: "e:6" });
  socket.say({ type: "frame", view: "v6", position: "e:7" });
  assert.deepEqual([socket.sent, w.log.at(-1)], [[], "frame e:7"]);
  w.views.change(w.subscription, { board: "host" });
  w.views.change(w.subscription, { board: "host", window_s: 21_600 });
  socket.sent.length = 0;
  socket.say({ type: "snapshot", id: 5, view: "v1", position: "e:8" });
  socket.say({ type: "snapshot", id: 6, view: "v6", position: "e:8" });
  assert.deepEqual(socket.sent, [{ type: "unwatch", view: "v1" }]);
});

test("a request that was refused is not remembered as one whose answer is to come", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  for (let id = 2; id < 5; id++) {
    socket.say({ type: "error", id, code: "not_found", message: "" });
    w.views.change(w.subscription, { board: "host" });
  }
  assert.deepEqual([...w.views.cancelled], []);
});

test("a page that is hidden before the answer does not keep the view", (t) => {
  const w = watched(t);
  w.connection.start();
  const socket = w.open();
  w.views.pause();
  socket.say({ type: "snapshot", id: 2, view: "v1", position: "e:5" });
  assert.deepEqual(socket.sent.at(-1), { type: "unwatch", view: "v1" });
});
