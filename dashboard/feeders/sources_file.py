"""File of sources (the setting ``sources``): what this server scrapes, listens to and subscribes to. Read once, at the start.

Its grammar is the structs below; docs/feeders.md explains them.  Errors name the file, line, field and remedy.
Secrets are kept in other files or in the environment, are read whenever they are needed, and are never shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, ValidationError, convert

from dashboard.domain.decode_faults import UNKNOWN, fault_of
from dashboard.domain.errors import ConfigurationError, Invalid
from dashboard.domain.yaml_places import Place, Places, read_yaml
from dashboard.feeders.source_state import SourceFault
from dashboard.ingest.mqtt_payload import PayloadFormat
from dashboard.ingest.mqtt_topic import TopicTemplate, folded, parse_template
from dashboard.ingest.naming import foreign_labels
from dashboard.ingest.prometheus_text import MAX_LINE_BYTES
from dashboard.ingest.statsd import GaugeSigns
from dashboard.settings import is_loopback

MAX_SECRET_BYTES = 4_096
#: Default limit of the series that a source may create; samples of further ones are refused.
MAX_SERIES = 10_000

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(ge=0.1, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class ScrapeTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Prometheus target. ``labels`` are added to all its series, and so are ``job`` (the name) and ``instance`` (the address).

    ``timeout_s`` and ``max_bytes`` limit an answer. A line longer than ``max_line_bytes`` is refused; the other lines are kept.
    """

    name: Name
    url: Text
    every_s: Seconds = 15.0
    timeout_s: Seconds = 10.0
    max_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 16 << 20
    max_line_bytes: Annotated[int, Meta(ge=64, le=16 << 20)] = MAX_LINE_BYTES
    labels: dict[str, str] = {}
    token_file: str = ""
    token_env: str = ""
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    max_series: Count = MAX_SERIES

    @property
    def instance(self) -> str:
        """Host and port of the address, as in Prometheus' label ``instance``."""
        return urlsplit(self.url).netloc

    def token(self) -> str:
        """Read the bearer token; empty when none is needed. Raises SourceFault."""
        return read_secret(self.token_file, self.token_env)

    def password(self) -> str:
        """Read the password; empty when none is needed. Raises SourceFault."""
        return read_secret(self.password_file, self.password_env)

    def __str__(self) -> str:
        proof = "a token" if self.token_file or self.token_env else self.username and "a password"
        return f"scrape {self.name}: {self.address} every {self.every_s:g} s{f', with {proof}' if proof else ''}"

    @property
    def address(self) -> str:
        """The URL without its query, which may hold secrets."""
        return self.url.partition("?")[0]


class Listener(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener's address. Each kind of listener has a port of its own as default."""

    host: Text = "127.0.0.1"
    port: Port

    @property
    def address(self) -> str:
        """The address to listen on, ``host:port``."""
        return _address(self.host, self.port)


class Statsd(Listener, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener for StatsD and DogStatsD: UDP and TCP at the same port, and a Unix socket for datagrams if the file names one."""

    port: Port = 8125
    flush_s: Annotated[float, Meta(ge=0.1, le=300)] = 1.0
    gauge_signs: GaugeSigns = "auto"
    tcp: bool = True
    unix_socket: Annotated[str, Meta(max_length=100)] = ""
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    max_connections: Annotated[int, Meta(ge=1, le=10_000)] = 200
    max_metrics: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    max_series: Count = MAX_SERIES

    def __str__(self) -> str:
        where = f"{'UDP and TCP' if self.tcp else 'UDP'} {self.address}{_open_to_all(self.host)}"
        unix = f", and on {self.unix_socket}" if self.unix_socket else ""
        return f"statsd: listens on {where}{unix}, flushes every {self.flush_s:g} s"


class Graphite(Listener, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener for Graphite's plaintext lines, by TCP and UDP."""

    port: Port = 2003
    udp: bool = True
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    max_connections: Annotated[int, Meta(ge=1, le=10_000)] = 200
    max_series: Count = MAX_SERIES

    def __str__(self) -> str:
        return f"graphite: listens on {'TCP and UDP' if self.udp else 'TCP'} {self.address}{_open_to_all(self.host)}"


class InfluxUdp(Listener, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener for line protocol, by UDP. ``precision``: unit of the lines' times."""

    port: Port = 8089
    precision: Literal["ns", "us", "ms", "s", "m", "h"] = "ns"
    max_series: Count = MAX_SERIES

    def __str__(self) -> str:
        return f"influx: listens on UDP {self.address}{_open_to_all(self.host)}"


class OpenTsdb(Listener, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener for OpenTSDB's telnet form, by TCP."""

    port: Port = 4242
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    max_connections: Annotated[int, Meta(ge=1, le=10_000)] = 200
    max_series: Count = MAX_SERIES

    def __str__(self) -> str:
        return f"opentsdb: listens on TCP {self.address}{_open_to_all(self.host)}"


class MqttBroker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A broker, and the templates of topics to subscribe to (ingest/mqtt_topic.py)."""

    name: Name
    host: Text
    topics: Annotated[list[Text], Meta(min_length=1, max_length=100)]
    port: Port | None = None
    format: PayloadFormat = "auto"
    show_uncovered: bool = True
    tls: bool = False
    ca_file: str = ""
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    client_id: Annotated[str, Meta(max_length=60)] = ""
    max_series: Count = MAX_SERIES

    @property
    def address(self) -> str:
        """The broker's address, ``host:port``."""
        return _address(self.host, self.port or (8883 if self.tls else 1883))

    def templates(self) -> list[TopicTemplate]:
        """Parse the topics; raises Invalid."""
        return [parse_template(topic) for topic in self.topics]

    def password(self) -> str:
        """Read the password; empty when none is needed. Raises SourceFault."""
        return read_secret(self.password_file, self.password_env)

    def __str__(self) -> str:
        return f"mqtt {self.name}: subscribes at {self.address}{' over TLS' if self.tls else ''} to {', '.join(self.topics)}"


class SourcesFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file of sources."""

    scrape: Annotated[list[ScrapeTarget], Meta(max_length=1_000)] = []
    statsd: Statsd | None = None
    graphite: Graphite | None = None
    influx: InfluxUdp | None = None
    opentsdb: OpenTsdb | None = None
    mqtt: Annotated[list[MqttBroker], Meta(max_length=100)] = []

    def described(self) -> list[str]:
        """Describe each source in one line: what the server will fetch or listen to."""
        alone = [each for each in (self.statsd, self.graphite, self.influx, self.opentsdb) if each is not None]
        return [str(each) for each in (*self.scrape, *alone, *self.mqtt)]


def load_sources(path: Path) -> SourcesFile:
    """Read and check the file of sources; raises ConfigurationError."""
    raw, places = read_yaml(path)
    try:
        found = convert({} if raw is None else raw, SourcesFile)
    except ValidationError as error:
        raise ConfigurationError(_explained(error, places)) from None
    for place, reason in _faults(found):
        raise ConfigurationError(f"{places.where(place)}: {reason}")
    return found


def read_secret(file: str, variable: str) -> str:
    """Read a secret from an environment variable, or from a file without its surrounding white space.

    Return an empty text when neither is named. Raises SourceFault, whose text names the file or variable and never the content.
    """
    if variable:
        if not (secret := os.environ.get(variable, "")):
            raise SourceFault("secret", f"the variable {variable} is empty or not set")
    elif file:
        try:
            secret = Path(file).read_bytes()[:MAX_SECRET_BYTES].decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SourceFault("secret", f"the secret in {file} cannot be read: {reason}") from None
        if not secret:
            raise SourceFault("secret", f"the file {file} is empty")
    else:
        return ""
    if not secret.isprintable():
        raise SourceFault("secret", f"the secret in {variable or file} has characters that cannot be sent")
    return secret


def _explained(error: ValidationError, places: Places) -> str:
    """Return the fault with file and line; for an unknown field, add the known fields."""
    path, reason = fault_of(error)
    place = _place(path)
    if reason == UNKNOWN:
        reason += f"; there are {', '.join(_fields_at(place[:-1]))}"
    elif reason.startswith("must match"):
        reason = "write letters, digits, _ . and -, at most 60"
    return f"{places.where(place)}: {reason}"


def _place(path: str) -> Place:
    """Split a path such as ``scrape[0].url`` into its steps."""
    return tuple(int(number) if number else name for name, number in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path))


def _fields_at(place: Place) -> tuple[str, ...]:
    kinds: dict[str, type[Struct]] = {
        "scrape": ScrapeTarget,
        "statsd": Statsd,
        "graphite": Graphite,
        "influx": InfluxUdp,
        "opentsdb": OpenTsdb,
        "mqtt": MqttBroker,
    }
    return (kinds[str(place[0])] if place else SourcesFile).__struct_fields__


def _faults(found: SourcesFile) -> Iterator[tuple[Place, str]]:
    """Yield the place of each fault that the types cannot express, and the reason with a remedy."""
    yield from _twice("scrape", [target.name for target in found.scrape])
    yield from _twice("mqtt", [broker.name for broker in found.mqtt])
    for number, target in enumerate(found.scrape):
        yield from _secret_faults(target, ("scrape", number))
        yield from _target_faults(target, ("scrape", number))
    for number, broker in enumerate(found.mqtt):
        yield from _secret_faults(broker, ("mqtt", number))
        yield from _broker_faults(broker, ("mqtt", number))


def _twice(kind: str, names: list[str]) -> Iterator[tuple[Place, str]]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield (kind, number, "name"), f"{name} appears twice; give each a different name"


def _secret_faults(each: ScrapeTarget | MqttBroker, place: Place) -> Iterator[tuple[Place, str]]:
    token_file, token_env = getattr(each, "token_file", ""), getattr(each, "token_env", "")
    has_password = each.password_file or each.password_env
    if each.password_file and each.password_env:
        yield (*place, "password_env"), "leave one of password_file and password_env out"
    if token_file and token_env:
        yield (*place, "token_env"), "leave one of token_file and token_env out"
    if (token_file or token_env) and (each.username or has_password):
        yield (*place, "username"), "a target takes a token or a password; leave one of them out"
    if bool(each.username) != bool(has_password):
        yield (*place, "username"), "username and password_file (or password_env) belong together"
    checks: tuple[tuple[str, Callable[[], str]], ...] = (("password", each.password),)
    if isinstance(each, ScrapeTarget):
        checks = (*checks, ("token", each.token))
    for name, check in checks:
        try:
            check()
        except SourceFault as fault:
            field = f"{name}_env" if getattr(each, f"{name}_env") else f"{name}_file"
            yield (*place, field), str(fault)


def _target_faults(target: ScrapeTarget, place: Place) -> Iterator[tuple[Place, str]]:
    try:
        parts = urlsplit(target.url)
        port_is_right = parts.port != 0
    except ValueError:
        port_is_right, parts = False, urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right or parts.fragment:
        yield (*place, "url"), "is not http(s)://host[:port]/path"
    elif parts.username is not None or parts.password is not None:
        yield (*place, "url"), "holds a secret; write username and password_file instead"
    elif any(not char.isprintable() or char.isspace() for char in target.url):
        yield (*place, "url"), "holds a space or an unprintable character"
    elif parts.path in ("", "/"):
        yield (*place, "url"), f"has no path; most targets are at {parts.scheme}://{parts.netloc}/metrics"
    try:
        if foreign_labels(target.labels.items()) != target.labels:
            yield (
                (*place, "labels"),
                "a label is letters, digits and _, does not begin with a digit or __, and is not empty",
            )
    except Invalid as invalid:
        yield (*place, "labels"), str(invalid)


def _broker_faults(broker: MqttBroker, place: Place) -> Iterator[tuple[Place, str]]:
    for number, topic in enumerate(broker.topics):
        try:
            parse_template(topic)
        except Invalid as invalid:
            yield (*place, "topics", number), f"{invalid.reason}; write it as home/{{room}}/{{name}}"
        else:
            continue
        return
    for later, earlier in folded(broker.templates()):
        yield (
            (*place, "topics", later),
            f"{broker.topics[later]} and {broker.topics[earlier]} would give two topics the same series; put a {{label}} in the "
            "place of a level in which they differ, or leave one out",
        )
    if broker.ca_file and not broker.tls:
        yield (*place, "ca_file"), "is for tls: true"
    if broker.ca_file and not Path(broker.ca_file).is_file():
        yield (*place, "ca_file"), f"{broker.ca_file} is not a file"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _open_to_all(host: str) -> str:
    return "" if is_loopback(host) else " (everyone who can reach it may feed: this protocol has no tokens)"
