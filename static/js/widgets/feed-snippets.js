// Snippets that feed one series from common tools, with this server's address and a token. Pure.

/** @typedef {{series: string, origin: string, host: string, token: string}} Feed */

/** Quote a text for a POSIX shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Return a name that StatsD accepts. @param {string} series */
function plain(series) {
  return series.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(\d)/, "_$1") || "orders";
}

/** @type {Record<string, (feed: Feed) => string>} */
export const SNIPPETS = {
  curl: ({ series, origin, token }) => {
    const bearer = token ? ` \\\n  -H ${quoted(`Authorization: Bearer ${token}`)}` : "";
    return `curl ${quoted(`${origin}/api/v1/samples/${encodeURIComponent(series)}`)}${bearer} -d 3.1`;
  },
  Python: ({ series, origin, token }) =>
    [
      "from dashboard.client import Client",
      "",
      `with Client(${JSON.stringify(origin)}${token ? `, token=${JSON.stringify(token)}` : ""}) as client:`,
      `    client.gauge(${JSON.stringify(series)}, 3.1)`,
    ].join("\n"),
  Telegraf: ({ origin, token }) =>
    [
      "# telegraf.conf: everything that Telegraf collects",
      "[[outputs.influxdb_v2]]",
      `  urls = [${JSON.stringify(origin)}]`,
      `  token = ${JSON.stringify(token || "any")}`,
      '  organization = "any"',
      '  bucket = "any"',
    ].join("\n"),
  StatsD: ({ series, host }) => [`# where the file of sources has statsd: {port: 8125}`, `printf ${quoted(`${plain(series)}:3.1|g`)} | nc -u -w1 ${host} 8125`].join("\n"),
  Prometheus: ({ origin, token }) =>
    [
      "# prometheus.yml: everything that this Prometheus scrapes",
      "remote_write:",
      `  - url: ${JSON.stringify(`${origin}/api/v1/write`)}`,
      ...(token ? ["    authorization:", `      credentials: ${JSON.stringify(token)}`] : []),
    ].join("\n"),
  OpenTelemetry: ({ origin, token }) =>
    [
      "# environment of a program whose OpenTelemetry SDK exports over HTTP",
      `export OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${quoted(`${origin}/v1/metrics`)}`,
      "export OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf",
      ...(token ? [`export OTEL_EXPORTER_OTLP_METRICS_HEADERS=${quoted(`Authorization=Bearer%20${token}`)}`] : []),
    ].join("\n"),
};
