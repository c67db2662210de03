#!/usr/bin/env node
// A feeder to copy: Node 18 or newer, no dependencies. Change `read` and run it.
//
//   DASHBOARD_URL=http://127.0.0.1:8888 DASHBOARD_TOKEN=… node feeder.mjs [--every SECONDS] [--count N]
//
// Values are sent in batches. While the server is away they wait in a bounded buffer (the oldest are dropped first, and
// counted); each batch keeps its Idempotency-Key, so one that is sent again because its answer was lost is stored once.
import { randomUUID } from "node:crypto";
import { loadavg, freemem, hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const url = `${process.env.DASHBOARD_URL ?? "http://127.0.0.1:8888"}/api/v1/samples`;
const token = process.env.DASHBOARD_TOKEN;
const option = (name, fallback) => {
  const place = process.argv.indexOf(name);
  return place < 0 ? fallback : Number(process.argv[place + 1]);
};
const everyS = option("--every", 10);
const count = option("--count", 0);
const MAX_WAITING = 100_000;
const MAX_BATCH = 1_000;

const waiting = [];
const counts = { accepted: 0, refused: 0, dropped: 0 };

/** What to feed. Put your own here. */
function read() {
  return [
    { series: "node_load", value: loadavg()[0] },
    { series: "node_free_memory", value: freemem(), unit: "B", labels: { host: hostname() } },
  ];
}

/** Send all that waits, batch by batch, each until the server has taken or refused it. */
async function sendAll() {
  while (waiting.length) await send(waiting.splice(0, MAX_BATCH));
}

async function send(batch) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": randomUUID() };
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = JSON.stringify(batch);
  for (let waitS = 0.5; ; waitS = Math.min(30, waitS * 2)) {
    let askedS = 0;
    try {
      const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
      const said = await answer.json().catch(() => ({}));
      if (![408, 425, 429].includes(answer.status) && answer.status < 500) {
        const accepted = answer.ok ? batch.length : (said.accepted ?? 0);
        counts.accepted += accepted;
        counts.refused += batch.length - accepted;
        if (!answer.ok) console.error("refused:", said.error ?? answer.status);
        return;
      }
      askedS = Number(answer.headers.get("retry-after")) || 0;
    } catch {
      // the server is away: the batch waits here, new values in the buffer
    }
    await sleep(1000 * Math.max(askedS, waitS * (0.5 + Math.random() / 2)));
  }
}

let sending = Promise.resolve();
for (let beat = 0, due = Date.now(); !count || beat < count; beat++) {
  for (const sample of read()) {
    if (waiting.length >= MAX_WAITING) {
      waiting.shift();
      counts.dropped++;
    }
    waiting.push({ t: Date.now(), every_s: everyS, ...sample });
  }
  sending = sending.then(sendAll);
  due += 1000 * everyS;
  await sleep(Math.max(0, due - Date.now()));
}
await sending;
console.log(`accepted ${counts.accepted}, refused ${counts.refused}, dropped ${counts.dropped}`);
