"""The file of sources: its valid content, and errors that name file, line, field and cure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dashboard.domain.errors import ConfigurationError
from dashboard.feeders.source_state import SourceFault
from dashboard.feeders.sources_file import ScrapeTarget, SourcesFile, load_sources, read_secret
from tests.support.deadline import within

TARGET = "scrape:\n  - name: a\n    url: http://h/m\n    "
WHOLE = """\
scrape:
  - name: node
    url: http://127.0.0.1:9100/metrics
    every_s: 5
    labels: {site: north}
    token_file: TOKEN
  - name: app
    url: https://app.example:8443/metrics?secret=hidden
    username: me
    password_env: APP_PASSWORD
statsd: {host: 0.0.0.0, flush_s: 10}
graphite: {}
influx: {precision: s}
mqtt:
  - name: home
    host: broker.example
    tls: true
    topics: ["home/{room}/{name}", status]
"""


def load(folder: Path, text: str) -> SourcesFile:
    file = folder / "sources.yaml"
    file.write_text(text)
    return load_sources(file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    return str(caught.value).removeprefix(f"{folder / 'sources.yaml'}:")


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourcesFile:
    (tmp_path / "token").write_text("s3cret-token\n")
    monkeypatch.setenv("APP_PASSWORD", "s3cret-password")
    return load(tmp_path, WHOLE.replace("TOKEN", str(tmp_path / "token")))


def test_a_whole_file_is_taken_and_described_without_its_secrets(whole: SourcesFile) -> None:
    assert whole.described() == [
        "scrape node: http://127.0.0.1:9100/metrics every 5 s, with a token",
        "scrape app: https://app.example:8443/metrics every 15 s, with a password",
        "statsd: listens on UDP and TCP 0.0.0.0:8125 (everyone who can reach it may feed: this protocol has no tokens), flushes every 10 s",
        "graphite: listens on TCP and UDP 127.0.0.1:2003",
        "influx: listens on UDP 127.0.0.1:8089",
        "mqtt home: subscribes at broker.example:8883 over TLS to home/{room}/{name}, status",
    ]
    assert "s3cret" not in repr(whole) + "".join(whole.described())
    node, app = whole.scrape
    assert (node.token(), app.password(), node.instance) == ("s3cret-token", "s3cret-password", "127.0.0.1:9100")


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "scrape: []\n"])
def test_a_file_without_sources_is_one(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).described() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scrap: []", "1: scrap: is not known here; there are scrape, statsd, graphite, influx, opentsdb, mqtt"),
        ("statsd:\n  prot: 1", "2: statsd.prot: is not known here; there are host, port, flush_s, gauge_signs, tcp, unix_socket, idle_s"),
        (TARGET + "every: 3", "4: scrape[0].every: is not known here; there are name, url"),
        (TARGET + "every_s: soon", "4: scrape[0].every_s: must be a number, not text"),
        (TARGET + "every_s: 0", "4: scrape[0].every_s: must be at least 0.1"),
        ("scrape:\n  - url: http://h/m", "2: scrape[0].name: is missing"),
        ("scrape:\n  - name: a b\n    url: http://h/m", "2: scrape[0].name: write letters, digits, _ . and -, at most 60"),
        ("scrape:\n  - {name: a, url: http://h/m}\n  - {name: a, url: http://i/m}", "3: scrape[1].name: a appears twice"),
        ("scrape:\n  - name: a\n    url: ftp://h/m", "3: scrape[0].url: is not http(s)://host[:port]/path"),
        ("scrape:\n  - name: a\n    url: http://h:x/m", "3: scrape[0].url: is not http(s)://host[:port]/path"),
        ("scrape:\n  - name: a\n    url: http://u:p@h/m", "3: scrape[0].url: holds a secret; write username and password_file instead"),
        ("scrape:\n  - name: a\n    url: http://h:9100", "3: scrape[0].url: has no path; most targets are at http://h:9100/metrics"),
        (TARGET + "labels: {1a: b}", "4: scrape[0].labels: a label is letters"),
        (TARGET + "token_file: /nowhere", "4: scrape[0].token_file: the secret in /nowhere cannot"),
        (TARGET + "token_env: NOT_SET", "4: scrape[0].token_env: the variable NOT_SET is empty or not set"),
        (TARGET + "username: me", "4: scrape[0].username: username and password_file (or password_env) belong together"),
        ("statsd: {port: 70000}", "1: statsd.port: must be at most 65535"),
        ("statsd:\n  port: 1\n  port: 2", "3: port appears twice"),
        ("mqtt: {}\nscrape: &a\n  - {name: [*a]}", "2: scrape is nested more than 20 deep"),
        ("mqtt:\n  - name: a\n    host: h\n    topics: []", "4: mqtt[0].topics: must have at least 1 entries"),
        ("mqtt:\n  - name: a\n    host: h\n    topics:\n      - home/+/x", "5: mqtt[0].topics[0]: 'home/+'"),
        ("mqtt:\n  - name: a\n    host: h\n    topics: [x]\n    ca_file: /x", "5: mqtt[0].ca_file: is for tls: true"),
        ("mqtt:\n  - name: a\n    host: h\n    topics:\n      - a/{name}\n      - b/{name}",
         "6: mqtt[0].topics[1]: b/{name} and a/{name} would give two topics the same series; put a {label}"),
        ("mqtt:\n  - name: a\n    host: h\n    topics: [x]\n    format: xml", "5: mqtt[0].format: cannot be 'xml'"),
        ("statsd: [", "2: not YAML"),
        ("- 1", "1: must be an object, not a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    if "home/+" in said:
        said = "5: mqtt[0].topics[0]: '+' is neither a plain level nor one {label}; write it as home/{room}/{name}"
    assert refusal(tmp_path, text).startswith(said)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.yaml: cannot be read: No such file or directory"):
        load_sources(tmp_path / "gone.yaml")


@pytest.mark.parametrize("content", ["", "  \n", "two\nlines", "\x00"])
def test_a_secret_that_cannot_be_sent_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content)
    with pytest.raises(SourceFault) as caught:
        read_secret(str(tmp_path / "secret"), "")
    assert str(tmp_path / "secret") in str(caught.value)
    assert "lines" not in str(caught.value)


def test_a_secret_is_read_anew_each_time(tmp_path: Path) -> None:
    target = ScrapeTarget(name="a", url="http://h/m", token_file=str(tmp_path / "token"))
    for token in ("one", "two"):
        (tmp_path / "token").write_text(token)
        assert target.token() == token


def test_a_file_that_grows_by_its_aliases_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    file.write_text("\n".join(lines))
    began = time.thread_time()
    with pytest.raises(ConfigurationError, match="holds more than 200000 values, counting aliases"):
        load_sources(file)
    within(time.thread_time() - began, 0.5, "the CPU time")


def test_aliases_that_a_file_needs_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    targets = [f"  - {{name: t{n}, url: 'http://h{n}/metrics', labels: *common}}" for n in range(1, 300)]
    file.write_text(
        "scrape:\n  - {name: t0, url: 'http://h0/metrics', labels: &common {site: a, rack: b}}\n" + "\n".join(targets)
    )
    assert len(load_sources(file).scrape) == 300
