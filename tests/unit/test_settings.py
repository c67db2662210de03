"""Settings as they are shown, and their checks against each other."""

from __future__ import annotations

import pytest

from dashboard.settings import Settings, flag, is_loopback, is_open, shown, variable


def test_passwords_and_secrets_are_never_shown() -> None:
    settings = Settings(redis="redis://user:secret@host/0", secret="s" * 40)
    assert shown("redis", settings) == "redis://user:***@host/0"
    assert shown("secret", settings) == "***"
    assert shown("port", settings) == "8888"


def test_a_setting_has_one_name_for_its_flag_and_its_variable() -> None:
    assert (flag("hello_s"), variable("hello_s")) == ("--hello-s", "DASHBOARD_HELLO_S")


@pytest.mark.parametrize(
    ("host", "loopback"), [("localhost", True), ("127.8.8.8", True), ("::1", True), ("0.0.0.0", False), ("x", False)]
)
def test_only_loopback_addresses_are_those_of_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_login_is_needed_behind_a_proxy() -> None:
    assert is_open(Settings())
    assert not is_open(Settings(proxies=("10.0.0.1",)))
    assert not is_open(Settings(login="required"))
