from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from dashboard.domain.errors import ConfigurationError
from dashboard.settings import Settings, flag, variable
from dashboard.settings_loading import load

NUMBERS = [f for f in fields(Settings) if f.metadata["least"] is not None]


def write(folder: Path, text: str) -> Path:
    file = folder / "dashboard.toml"
    file.write_text(text)
    return file


def refused(**given: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(flags=given)
    return str(caught.value)


def test_without_anything_all_is_default() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.warnings == ()


def test_flags_win_over_environment_over_file_over_default(tmp_path: Path) -> None:
    file = write(tmp_path, "port = 1\nhello_s = 1\nmax_series = 1\n")
    loaded = load({"port": "3"}, {"DASHBOARD_PORT": "2", "DASHBOARD_HELLO_S": "2"}, file)
    settings = loaded.settings
    assert (settings.port, settings.hello_s, settings.max_series, settings.dead_s) == (3, 2, 1, 20)
    where = [loaded.sources[name] for name in ("port", "hello_s", "max_series", "dead_s")]
    assert where == ["--port", "DASHBOARD_HELLO_S", str(file), "default"]


def test_flags_that_were_not_given_do_not_count() -> None:
    loaded = load({"port": None, "allowed_hosts": (), "compression": False}, {"DASHBOARD_COMPRESSION": "true"})
    assert loaded.settings.port == 8888
    assert loaded.settings.compression is False
    assert loaded.sources["allowed_hosts"] == "default"


def test_kubernetes_service_variables_get_a_clear_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ={"DASHBOARD_PORT": "tcp://10.0.0.1:8888"})
    for part in ("DASHBOARD_PORT", "port", "tcp://10.0.0.1:8888", "must be a whole number"):
        assert part in str(caught.value)


@pytest.mark.parametrize("setting", [f.name for f in NUMBERS])
def test_every_number_is_refused_below_its_least_and_kept_at_it(setting: str) -> None:
    least = next(f.metadata["least"] for f in NUMBERS if f.name == setting)
    more = {"heartbeat_s": "0.1"} if setting == "dead_s" else {}
    more |= {"fine_step_s": "1"} if setting == "coarse_step_s" else {}
    loaded = load({setting: str(least), **more})
    assert getattr(loaded.settings, setting) == least
    text = refused(**{setting: str(least - 1)})
    assert flag(setting) in text
    assert f"at least {least}" in text


@pytest.mark.parametrize("value", ["", "x", "nan", "1,5", "0x10", "-inf", "1e", "١"])
def test_what_is_not_a_number_is_refused_with_setting_and_source(value: str) -> None:
    for setting in (each.name for each in NUMBERS):
        with pytest.raises(ConfigurationError) as caught:
            load(environ={variable(setting): value})
        assert variable(setting) in str(caught.value)
        assert setting in str(caught.value)


def test_lists_are_split_at_commas() -> None:
    loaded = load({}, {"DASHBOARD_ALLOWED_HOSTS": " a.example, b.example ,,"})
    assert loaded.settings.allowed_hosts == ("a.example", "b.example")
    assert load({"allowed_hosts": ("x", "y")}).settings.allowed_hosts == ("x", "y")
    assert load({"proxies": ("10.0.0.1, ::1", "10.0.0.2")}).settings.proxies == ("10.0.0.1", "::1", "10.0.0.2")
    hooks = ("http://a/?x=1,2", "http://b/")
    assert load({"webhooks": hooks, "webhook_secret": "x" * 32}).settings.webhooks == hooks


@pytest.mark.parametrize("proxy", ["proxy.example", "10.0.0.0/8", "10.0.0.1 ::1", "10.0.0.1:80"])
def test_a_proxy_that_is_no_address_is_refused_for_nobody_would_be_believed(proxy: str) -> None:
    text = refused(proxies=proxy)
    assert "--proxies" in text
    assert "write the address of each proxy" in text


def test_a_misspelt_setting_in_a_file_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="prot is not a setting; did you mean port"):
        load(file=write(tmp_path, "prot = 1"))


def test_a_misspelt_variable_is_warned_of_with_a_suggestion() -> None:
    loaded = load(environ={"DASHBOARD_PROT": "1", "DASHBOARD_CONFIG": "x", "DASHBOARD_URL": "y", "OTHER": "z"})
    assert loaded.warnings == ("DASHBOARD_PROT is not a setting; did you mean DASHBOARD_PORT?",)


@pytest.mark.parametrize("text", ["port = ", 'port = "8888"', "port = 1.5", "compression = 1", "port = true", "[port]"])
def test_a_file_with_a_wrong_value_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"dashboard\.toml"):
        load(file=write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read"):
        load(file=tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(file=tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'data = "\xe9"')
    with pytest.raises(ConfigurationError, match="not TOML"):
        load(file=tmp_path / "latin.toml")


OTHERS = ["0.0.0.0", "::", "192.168.1.5", "example.com", "", "127.0.0.1.example", "[::1]"]
SECRET = "a secret of more than thirty-two bytes"


@pytest.mark.parametrize("host", OTHERS)
def test_an_address_that_others_reach_is_refused_with_all_that_is_missing(host: str) -> None:
    text = refused(host=host)
    assert "--host" in text
    assert "secret" in text
    assert "allowed_hosts" in text
    assert "tls_certificate" in text
    assert "proxies" in text


@pytest.mark.parametrize("missing", ["secret", "allowed_hosts", "proxies"])
def test_an_address_that_others_reach_needs_every_one_of_them(missing: str) -> None:
    given = {"secret": SECRET, "allowed_hosts": ("board.example",), "proxies": ("10.0.0.1",)}
    assert load({"host": "0.0.0.0", **given}).settings.host == "0.0.0.0"
    del given[missing]
    text = refused(host="0.0.0.0", **given)
    assert missing in text
    assert [name for name in given if name in text.partition("also needs")[2]] == []


def test_secrets_are_long_and_never_shown() -> None:
    assert "32 bytes" in refused(secret="x" * 31)
    assert "redis_secret" not in refused(redis="redis://user:redis_secret@host/0", journal="memory")
    assert SECRET not in refused(secret=SECRET, host="0.0.0.0")


def test_webhooks_are_signed_or_refused() -> None:
    assert "webhook_secret" in refused(webhooks=("https://hooks.example/x",))
    assert "http" in refused(webhooks=("file:///etc/passwd",), webhook_secret=SECRET)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_addresses_are_taken(host: str) -> None:
    assert load({"host": host}).settings.host == host


def test_settings_that_depend_on_each_other_are_checked() -> None:
    assert "65535" in refused(port="65536")
    assert "fine_step_s" in refused(fine_step_s="7")
    assert "heartbeat_s" in refused(dead_s="10")
    assert load({"dead_s": "10.5"}).settings.dead_s == 10.5


def test_the_setting_that_was_changed_is_the_one_blamed() -> None:
    assert "--heartbeat-s" in refused(heartbeat_s="30")


@pytest.mark.parametrize("origin", ["example.com", "https://a/b", "ftp://a", "null", "*", "https://a/"])
def test_what_is_not_an_origin_is_refused(origin: str) -> None:
    text = refused(trusted_origins=origin)
    assert "--trusted-origins" in text
    assert "scheme://host" in text


@pytest.mark.parametrize("origin", ["https://", "https://*", "https://a b", "http://a:x"])
def test_an_origin_without_a_real_host_is_refused(origin: str) -> None:
    assert "--trusted-origins" in refused(trusted_origins=origin)


def test_an_infinite_time_is_refused() -> None:
    assert "--body-timeout-s" in refused(body_timeout_s="inf")


def test_a_wrong_switch_is_told_what_to_write() -> None:
    with pytest.raises(ConfigurationError, match="true"):
        load(environ={"DASHBOARD_COMPRESSION": "yes"})


def test_a_choice_is_refused_with_what_there_is() -> None:
    assert "--journal" in refused(journal="redis")
    assert "--log-level" in refused(log_level="loud")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers": "2"}, ["--workers", "redis://127.0.0.1:6379/0"]),
        ({"partitions": "2"}, ["--partitions", "redis"]),
        ({"redis": "redis://h", "journal": "sqlite"}, ["--journal", "leave one"]),
        ({"redis": "redis://h", "partitions": "65"}, ["partitions", "at most 64"]),
        ({"redis_prefix": "a{b}"}, ["redis_prefix", "letters"]),
        ({"node_name": "a b"}, ["node_name", "letters"]),
        ({"redis": "redis://h", "workers": "40", "direct_port": "65500"}, ["direct_port", "65535"]),
    ],
)
def test_what_several_processes_need_is_said_with_the_cure(given: dict[str, str], said: list[str]) -> None:
    text = refused(**given)
    for part in said:
        assert part in text
