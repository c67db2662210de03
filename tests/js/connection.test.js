import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FINAL_FROM, FINAL_TO, TRANSITIONS } from "../../static/js/client/connection.js";
import { rig } from "./support.js";

const STATES = ["idle", "connecting", "open", "waiting", "stopped"];
const TRIGGERS = ["start", "opened", "lost", "due", "wake", "stop"];

/** The expected next states, written by hand; a dash means no change. */
const EXPECTED = {
  //           start         opened   lost       due           wake          stop
  idle: ["connecting", "-", "-", "-", "-", "stopped"],
  connecting: ["-", "open", "waiting", "-", "-", "stopped"],
  open: ["-", "-", "waiting", "-", "-", "stopped"],
  waiting: ["-", "-", "-", "connecting", "connecting", "stopped"],
  stopped: ["-", "-", "-", "-", "-", "-"],
};

/** @param {ReturnType<typeof rig>} r @param {string} state */
function bring(r, state) {
  if (state === "idle") return;
  if (state === "stopped") {
    r.connection.stop();
    return;
  }
  r.connection.start();
  if (state === "open") r.last().onopen?.();
  if (state === "waiting") r.last().end(1006);
}

describe("the state table", () => {
  test("names exactly the five states", () => assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...STATES].sort()));

  for (const state of STATES) {
    TRIGGERS.forEach((trigger, i) => {
      const next = EXPECTED[/** @type {keyof typeof EXPECTED} */ (state)][i];
      test(`${state} + ${trigger} → ${next}`, (t) => {
        const r = rig(t);
        bring(r, state);
        assert.equal(r.connection.state, state);
        const [sockets, events] = [r.sockets.length, r.events.length];
        r.connection.trigger(trigger);
        assert.equal(r.connection.state, next === "-" ? state : next);
        const told = r.events.slice(events).filter((name) => name.startsWith("state"));
        assert.deepEqual(told, next === "-" ? [] : [`state ${next}`]);
        assert.equal(r.sockets.length - sockets, next === "connecting" ? 1 : 0);
        if (next === "waiting" || next === "stopped") assert.equal(r.connection.socket, null);
      });
    });
  }
});

describe("coming back", () => {
  test("a lost connection is tried again after the back-off, for ever", (t) => {
    const r = rig(t, { random: () => 0.999 });
    r.connection.start();
    for (let n = 1; n <= 40; n++) {
      r.last().end(1006);
      assert.equal(r.connection.state, "waiting");
      for (let ms = 0; ms <= 30_000 && r.connection.state === "waiting"; ms += 50) r.pass(50);
      assert.equal(r.sockets.length, n + 1);
    }
  });

  test("every code that says come back does, every final one does not", (t) => {
    for (const code of [1000, 1001, 1002, 1006, 1007, 1009, 1011, 1012, 1013, 4000, 4001, 4004, 4006, FINAL_FROM - 1, FINAL_TO + 1]) {
      const r = rig(t);
      bring(r, "open");
      r.last().end(code);
      assert.equal(r.connection.state, "waiting", `code ${code}`);
    }
    for (const code of [FINAL_FROM, 4501, 4503, 4507, FINAL_TO]) {
      const r = rig(t);
      bring(r, "open");
      r.last().end(code, "because");
      assert.equal(r.connection.state, "stopped", `code ${code}`);
      assert.equal(r.connection.reason, "because");
      r.pass(120_000);
      assert.equal(r.sockets.length, 1);
    }
  });

  test("4506 tells that the page is too old, others do not", (t) => {
    const r = rig(t);
    bring(r, "open");
    r.last().end(4506);
    assert.ok(r.events.includes("outdated"));
    const other = rig(t);
    bring(other, "open");
    other.last().end(4503);
    assert.ok(!other.events.includes("outdated"));
  });

  test("a connection that holds was no failed try, one that is closed at once was", (t) => {
    const r = rig(t);
    bring(r, "open");
    for (let n = 1; n <= 4; n++) {
      r.last().end(4007);
      assert.equal(r.connection.attempt, n); // so the waits grow, and a limit of tries is reached
      r.connection.wake();
      r.last().onopen?.();
    }
    for (let n = 0; n < 6; n++) {
      r.pass(1_000);
      r.last().say({ type: "pong", now: 1 });
    }
    assert.equal(r.connection.attempt, 0);
  });

  test("an error that no close follows is a failed try, too", (t) => {
    const r = rig(t);
    bring(r, "connecting");
    r.last().onerror?.();
    r.pass(200);
    assert.equal(r.connection.state, "waiting");
  });

  test("an address that is none stops it, with the reason", async (t) => {
    const r = rig(t);
    r.connection.Socket = /** @type {any} */ (class { constructor() { throw new SyntaxError("no URL"); } });
    r.connection.start();
    await Promise.resolve();
    assert.deepEqual([r.connection.state, r.connection.reason], ["stopped", "no URL"]);
    r.pass(60_000);
    assert.equal(r.connection.state, "stopped");
  });

  test("an opened connection forgets the reason, and the loss when data have come", (t) => {
    const r = rig(t);
    bring(r, "waiting");
    r.pass(60_000);
    assert.ok(r.connection.attempt > 0);
    assert.ok(r.connection.lostAt > 0);
    r.last().onopen?.();
    assert.deepEqual([r.connection.retryAt, r.connection.reason], [0, ""]);
    assert.ok(r.connection.lostAt > 0);
    r.last().say({ type: "snapshot" });
    assert.deepEqual([r.connection.lostAt, r.connection.lossNoticedAt], [0, 0]);
  });

  test("connections that open and bring nothing do not date the loss anew", (t) => {
    const r = rig(t);
    bring(r, "waiting");
    const lost = r.connection.lostAt;
    for (let n = 0; n < 3; n++) {
      r.pass(40_000);
      r.last().onopen?.();
      r.last().say({ type: "welcome" });
      r.last().end(4007);
    }
    assert.equal(r.connection.lostAt, lost);
  });

  test("the loss is dated once, however many tries fail after it", (t) => {
    const r = rig(t);
    bring(r, "waiting");
    const lost = r.connection.lostAt;
    for (let n = 0; n < 3; n++) {
      r.pass(40_000);
      r.last().end(1006);
    }
    assert.equal(r.connection.lostAt, lost);
  });

  test("wake tries at once and only once", (t) => {
    const r = rig(t, { random: () => 0.99 });
    bring(r, "waiting");
    r.connection.wake();
    r.connection.wake();
    assert.equal(r.sockets.length, 2);
    r.pass(5_000);
    assert.equal(r.sockets.length, 2);
  });

  test("an old socket that speaks or ends late changes nothing", (t) => {
    const r = rig(t);
    bring(r, "open");
    const [old, { onmessage, onclose }] = [r.last(), r.last()];
    r.connection.trigger("lost");
    assert.equal(old.closed, true);
    r.connection.wake();
    r.last().onopen?.();
    const before = r.events.length;
    onmessage?.({ data: '{"type":"frame"}' });
    onclose?.({ code: 4503, reason: "late" });
    assert.equal(r.connection.state, "open");
    assert.equal(r.events.length, before);
  });
});

describe("the heartbeat", () => {
  test("a quiet connection is asked once, and given up when it stays quiet", (t) => {
    const r = rig(t);
    bring(r, "open");
    r.pass(7_000);
    assert.deepEqual(r.last().sent, [{ type: "ping" }]);
    assert.equal(r.connection.state, "open");
    r.pass(2_100);
    assert.notEqual(r.connection.state, "open");
    assert.equal(r.connection.reason, "no answer");
  });

  test("any message counts as a sign of life", (t) => {
    const r = rig(t);
    bring(r, "open");
    for (let n = 0; n < 20; n++) {
      r.pass(2_500);
      r.last().say({ type: "frame" });
    }
    assert.equal(r.connection.state, "open");
    assert.deepEqual(r.last().sent, []);
  });

  test("what is not JSON, or not an object, is passed over and still counts as life", (t) => {
    const r = rig(t);
    bring(r, "open");
    for (const text of ["<html>502</html>", "", "null", "7", '"text"', "{"]) r.last().say(text);
    assert.equal(r.events.includes("message"), false);
    assert.equal(r.connection.state, "open");
  });

  test("a handshake that is not answered is given up after eight seconds", (t) => {
    const r = rig(t);
    r.connection.start();
    const first = r.last();
    r.pass(7_900);
    assert.equal(r.sockets.length, 1);
    r.pass(2_000);
    assert.equal(first.closed, true);
    assert.ok(r.sockets.length >= 2 || r.connection.state === "waiting");
  });

  test("a sleep of the machine is noticed, and waiting ends with it", (t) => {
    const r = rig(t, { random: () => 0.999 });
    bring(r, "waiting");
    r.connection.attempt = 8; // a long wait
    r.connection.wake();
    r.last().end(1006);
    assert.equal(r.connection.state, "waiting");
    const sockets = r.sockets.length;
    r.sleep(3_600_000);
    r.pass(1_000);
    assert.ok(r.events.includes("slept"));
    assert.equal(r.sockets.length, sockets + 1);
  });

  test("after a sleep an open connection gets four seconds to show that it lives", (t) => {
    const r = rig(t);
    bring(r, "open");
    r.sleep(3_600_000);
    r.pass(1_000);
    assert.equal(r.connection.state, "open");
    assert.deepEqual(r.last().sent, [{ type: "ping" }]);
    r.pass(5_100);
    assert.notEqual(r.connection.state, "open");
  });

  test("nothing is sent while it is not open", (t) => {
    const r = rig(t);
    assert.equal(r.connection.send({ type: "ping" }), false);
    r.connection.start();
    assert.equal(r.connection.send({ type: "ping" }), false);
    r.last().onopen?.();
    assert.equal(r.connection.send({ type: "ping" }), true);
    r.last().end(1006);
    assert.equal(r.connection.send({ type: "ping" }), false);
  });
});

test("the loss is dated from the last message, not from when the silence was noticed", (t) => {
  const r = rig(t);
  r.connection.start();
  r.last().onopen?.();
  r.last().say({ type: "frame" });
  const last = r.connection.lastMessageAt;
  while (!r.connection.lostAt) r.pass(1_000);
  assert.equal(r.connection.lostAt, last);
});

test("a sleep is noticed where the monotonic clock sleeps too", (t) => {
  const r = rig(t);
  const wall = Date.now;
  t.after(() => (Date.now = wall));
  let slept = 0;
  Date.now = () => wall() + slept;
  r.connection.start();
  r.last().onopen?.();
  r.pass(2_000);
  slept = 3_600_000; // performance.now() stands still while Linux and macOS are suspended
  r.pass(2_000);
  assert.ok(r.events.includes("slept"));
});
