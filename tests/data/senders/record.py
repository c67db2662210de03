"""Record what real programs send, byte for byte, into this folder: ``NAME.http`` (requests) and ``NAME.datagrams``.

Run from the repository's root, with the programs that there are; those without a path are left out::

    python -m tests.data.senders.record --telegraf PATH --otelcol PATH --prometheus PATH --hot-shots FOLDER --node-otel FOLDER

``--otelcol``: a collector with the receiver hostmetrics and the exporters otlphttp and prometheusremotewrite.  ``--hot-shots``: a
folder with ``node_modules/hot-shots``.  ``--node-otel``: one with ``@opentelemetry/sdk-metrics`` and its OTLP exporters by HTTP, in
protobuf and JSON.  All of them send to this script, on a free port of the loopback.  A request is kept as it
came, with its headers; a body in chunks is joined, and ``Content-Length`` takes the place of ``Transfer-Encoding``.  Each datagram is
followed by an empty line.  ``tests/support/recorded.py`` reads them.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).parent
#: Longer recordings are of no use to a test, and a burden to whoever clones the repository.
MAX_BYTES = 60_000
_ANSWERS = {"/v1/metrics": 200, "/api/v1/telegraf": 200}


class Recorder:
    """HTTP server that records every POST; ``url`` is its address."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(204)

            def do_POST(self) -> None:
                body = self._body()
                lines = [self.requestline, *(f"{n}: {v}" for n, v in self.headers.items() if not _is_framing(n))]
                recorder.seen.append("\r\n".join([*lines, f"Content-Length: {len(body)}\r\n\r\n"]).encode() + body)
                self._answer(_ANSWERS.get(self.path.partition("?")[0], 204))

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _answer(self, status: int) -> None:
                self.send_response(status)
                if status == 200:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _is_framing(header: str) -> bool:
    return header.lower() in ("transfer-encoding", "content-length")


def record(name: str, run: Callable[[str, Path], list[str]], *, requests: int = 1, seconds: float = 20) -> None:
    """Run the command that ``run`` makes from the recorder's address and a folder, until this number of requests has arrived."""
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(
                run(recorder.url, Path(folder)), stdout=log, stderr=log, cwd=folder, env={"PATH": "/usr/bin:/bin"}
            )
        end = time.monotonic() + seconds
        while len(recorder.seen) < requests and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
        process.wait(10)
        said = (Path(folder) / "log").read_text()
    recorder.close()
    if len(recorder.seen) < requests:
        raise SystemExit(f"{name}: {len(recorder.seen)} requests came\n{said[-2000:]}")
    data = b"".join(recorder.seen[:requests])
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{name}: {len(data)} bytes, more than {MAX_BYTES}")
    (FOLDER / f"{name}.http").write_bytes(data)
    print(f"{name}.http: {len(data)} bytes")


# --- Telegraf ---

_INPUTS = """
[agent]
  interval = "1s"
  flush_interval = "1s"
  hostname = "web-1"
[[inputs.cpu]]
[[inputs.mem]]
[[inputs.disk]]
  mount_points = ["/"]
[[inputs.net]]
  interfaces = ["lo"]
[[inputs.system]]
[[inputs.file]]
  files = ["docker.lp"]
  data_format = "influx"
"""
_DOCKER = (
    "docker_container_mem,com.docker.compose.config-hash=8a1f,com.docker.compose.container-number=1,com.docker.compose.oneoff=False,"
    "com.docker.compose.project=shop,com.docker.compose.service=db,com.docker.compose.version=2.29.7,container_image=postgres,"
    "container_name=shop-db-1,container_status=running,container_version=16,engine_host=web-1,maintainer=PostgreSQL\\ Team,"
    'server_version=27.3.1 usage=104857600i,usage_percent=12.5,limit=838860800i,container_id="0f3c"\n'
)


def telegraf(program: str, output: str) -> Callable[[str, Path], list[str]]:
    """Return the function that starts Telegraf with one output; ``URL`` in it is the recorder's address."""

    def run(url: str, folder: Path) -> list[str]:
        (folder / "docker.lp").write_text(_DOCKER)
        (folder / "telegraf.conf").write_text(_INPUTS + output.replace("URL", url))
        return [program, "--config", str(folder / "telegraf.conf")]

    return run


TELEGRAF = {
    "telegraf-influxdb": '[[outputs.influxdb]]\n  urls = ["URL"]\n  skip_database_creation = true\n',
    "telegraf-influxdb-v2": '[[outputs.influxdb_v2]]\n  urls = ["URL"]\n  token = "any"\n  organization = "o"\n  bucket = "b"\n',
    "telegraf-http-json": '[[outputs.http]]\n  url = "URL/api/v1/telegraf"\n  data_format = "json"\n',
    "telegraf-http-influx": '[[outputs.http]]\n  url = "URL/write"\n  data_format = "influx"\n',
    "telegraf-remote-write": '[[outputs.http]]\n  url = "URL/api/v1/write"\n  data_format = "prometheusremotewrite"\n'
    '  [outputs.http.headers]\n    Content-Type = "application/x-protobuf"\n    Content-Encoding = "snappy"\n'
    '    X-Prometheus-Remote-Write-Version = "0.1.0"\n',
}

# --- a collector ---

_COLLECTOR = """
receivers:
  hostmetrics:
    collection_interval: 1s
    scrapers: {cpu: , load: , memory: , network: , paging: }
processors:
  batch: {timeout: 200ms}
exporters:
  EXPORTER
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [hostmetrics], processors: [batch], exporters: [NAME]}
"""


def otelcol(program: str, exporter: str, options: str) -> Callable[[str, Path], list[str]]:
    """Return the function that starts a collector with one exporter; ``URL`` in its options is the recorder's address."""

    def run(url: str, folder: Path) -> list[str]:
        written = f"{exporter}: {{{options.replace('URL', url)}}}"
        (folder / "collector.yaml").write_text(_COLLECTOR.replace("EXPORTER", written).replace("NAME", exporter))
        return [program, "--config", str(folder / "collector.yaml")]

    return run


OTELCOL = {
    "otelcol-protobuf": ("otlphttp", "endpoint: URL, compression: none"),
    "otelcol-protobuf-gzip": ("otlphttp", "endpoint: URL"),
    "otelcol-protobuf-zstd": ("otlphttp", "endpoint: URL, compression: zstd"),
    "otelcol-protobuf-snappy": ("otlphttp", "endpoint: URL, compression: snappy"),
    "otelcol-json": ("otlphttp", "endpoint: URL, compression: none, encoding: json"),
    "otelcol-remote-write": ("prometheusremotewrite", "endpoint: URL/api/v1/write"),
}

# --- Prometheus ---


def prometheus(program: str) -> Callable[[str, Path], list[str]]:
    """Return the function that starts a Prometheus which scrapes itself."""

    def run(url: str, folder: Path) -> list[str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, external_labels: {site: north}}\n"
            f"scrape_configs: [{{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
            f"remote_write: [{{url: '{url}/api/v1/write', queue_config: {{max_shards: 1, max_samples_per_send: 500}}}}]\n"
        )
        data = f"--storage.tsdb.path={folder / 'data'}"
        config = f"--config.file={folder / 'prometheus.yml'}"
        return [program, config, data, f"--web.listen-address=127.0.0.1:{port}"]

    return run


# --- hot-shots ---

_HOT_SHOTS = """
const StatsD = require("hot-shots");
const plain = new StatsD({ host: "127.0.0.1", port: PORT, prefix: "shop." });
plain.gauge("queue", 7);
plain.gauge("balance", -7);
plain.increment("orders");
for (let i = 0; i < 20; i++) plain.increment("visits", 3, 0.5);
plain.timing("took", 12.5);
plain.histogram("size", 40);
plain.distribution("spread", 41);
plain.set("users", "ann");
const tagged = new StatsD({ host: "127.0.0.1", port: PORT, globalTags: { env: "test" }, maxBufferSize: 1432 });
tagged.gauge("t", -7, { region: "eu west" });
tagged.increment("hits", ["page:start", "beta"]);
tagged.event("Deploy", "web 1.2 is out", { alert_type: "info" });
tagged.check("db", tagged.CHECKS.WARNING, { message: "slow" });
setTimeout(() => { plain.close(); tagged.close(); }, 300);
"""


def hot_shots(folder: str) -> None:
    """Record what hot-shots sends to a StatsD listener."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(1.5)
        script = _HOT_SHOTS.replace("PORT", str(listener.getsockname()[1]))
        subprocess.run(["node", "-e", script], cwd=folder, check=True, timeout=30)
        datagrams = []
        try:
            while True:
                datagrams.append(listener.recv(65_536))
        except TimeoutError:
            pass
    data = b"".join(datagram + b"\n\n" for datagram in datagrams)
    (FOLDER / "hot-shots.datagrams").write_bytes(data)
    print(f"hot-shots.datagrams: {len(datagrams)} datagrams")


# --- OpenTelemetry's SDK for Node ---

_NODE_OTEL = """
const { MeterProvider, PeriodicExportingMetricReader, AggregationType } = require("@opentelemetry/sdk-metrics");
const { OTLPMetricExporter: Protobuf } = require("@opentelemetry/exporter-metrics-otlp-proto");
const { OTLPMetricExporter: Json } = require("@opentelemetry/exporter-metrics-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
async function send(Exporter, temporalityPreference, name) {
  const exporter = new Exporter({ url: process.argv[1] + "/v1/metrics", temporalityPreference });
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60000 })],
    resource: resourceFromAttributes({ "service.name": name, "service.instance.id": "1", "process.command_args": ["node", "a b"] }),
    views: [{ instrumentName: "spread", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20 } } }],
  });
  const meter = provider.getMeter("shop", "1.2.3", { schemaUrl: "https://example.org/1" });
  meter.createCounter("orders", { unit: "{order}" }).add(3, { route: "/a", code: 200, ok: true, list: ["a", "b"], sizes: [1, 2.5] });
  const queue = meter.createUpDownCounter("queue", { unit: "By" });
  queue.add(5); queue.add(-7);
  [1, 2, 3000].forEach((ms) => meter.createHistogram("took", { unit: "ms" }).record(ms, { empty: "" }));
  [0, 0.1, 5, 100].forEach((s) => meter.createHistogram("spread", { unit: "s" }).record(s));
  meter.createGauge("room", { unit: "Cel" }).record(-3.25, { "caf\\u00e9": "\\u00f6\\n\\"" });
  meter.createObservableGauge("used", { unit: "1" }).addCallback((found) => found.observe(0.5));
  meter.createCounter("large").add(2 ** 53 + 2);
  await provider.forceFlush();
  await provider.shutdown().catch(() => {});
}
send(Protobuf, 0, "deltas").then(() => send(Json, 1, "totals"));
"""


def node_otel(folder: str) -> None:
    """Record a request with deltas in protobuf, and one with totals in JSON."""

    def run(url: str, _: Path) -> list[str]:
        return ["/usr/bin/env", "-C", folder, "node", "-e", _NODE_OTEL, url]

    record("node-otel", run, requests=4)  # of each, the second, at the end, has no new measurement


def main() -> None:
    """Record the requests of the given programs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for program in ("telegraf", "otelcol", "prometheus", "hot-shots", "node-otel"):
        options.add_argument(f"--{program}", default="")
    given = options.parse_args()
    if given.telegraf:
        for name, output in TELEGRAF.items():
            record(name, telegraf(given.telegraf, output), requests=2)  # the second has what needs two looks, as cpu
    if given.otelcol:
        for name, (exporter, said) in OTELCOL.items():
            record(name, otelcol(given.otelcol, exporter, said))
    if given.prometheus:
        record("prometheus-remote-write", prometheus(given.prometheus), requests=2)
    if given.hot_shots:
        hot_shots(given.hot_shots)
    if given.node_otel:
        node_otel(given.node_otel)


if __name__ == "__main__":
    main()
