from __future__ import annotations

import resource
from pathlib import Path

import pytest

from dashboard.domain.errors import ConfigurationError
from dashboard.listening import bind, raise_descriptor_limit, tls_of
from dashboard.settings import Settings


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Tornado leaves the second socket
def test_a_free_port_is_listened_on() -> None:
    sockets = bind(Settings(host="127.0.0.1", port=0))
    try:
        assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1"]
        port = sockets[0].getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}.*--port"):
            bind(Settings(host="127.0.0.1", port=port))
    finally:
        for each in sockets:
            each.close()


def test_without_a_certificate_there_is_no_https() -> None:
    assert tls_of(Settings()) is None


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    for name in ("gone.pem", "bad.pem"):
        with pytest.raises(ConfigurationError, match="tls_certificate"):
            tls_of(Settings(tls_certificate=str(tmp_path / name), tls_key=str(tmp_path / name)))


def test_as_many_open_files_are_allowed_as_connections_need(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [1_024, 30_000]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: limits.__setitem__(slice(None), both))
    assert raise_descriptor_limit(Settings(max_connections=20_000)) == ""
    assert limits == [23_024, 30_000]
    text = raise_descriptor_limit(Settings(max_connections=40_000))
    assert (limits, "43024 open files and this process may have 30000" in text) == ([30_000, 30_000], True)
    limits[:] = [resource.RLIM_INFINITY] * 2
    assert raise_descriptor_limit(Settings(max_connections=40_000)) == ""
