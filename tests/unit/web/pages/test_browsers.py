from __future__ import annotations

import pytest

from dashboard.web.pages.browsers import chromium_version, knows_trusted_types, needs_old_files

#: What browsers say they are, and the version of Chromium in them.
AGENTS = [
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", 140),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/92.0.4512.0 Safari/537.36",
        92,
    ),
    (
        "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Raspbian Chromium/88.0.4324.187 Safari/537.36",
        88,
    ),
    (
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager",
        79,
    ),
    (
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 TV Safari/537.36",
        85,
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", None),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
        None,
    ),
    ("curl/8.5.0", None),
    ("", None),
]


@pytest.mark.parametrize(("agent", "version"), AGENTS)
def test_a_browser_is_known_by_its_chromium(agent: str, version: int | None) -> None:
    assert chromium_version(agent) == version
    assert needs_old_files(agent) == (version is not None and version < 111)
    assert knows_trusted_types(agent) == (version is None or version >= 83)


@pytest.mark.parametrize(("version", "old"), [(78, False), (79, True), (110, True), (111, False)])
def test_the_built_files_are_for_the_versions_between(version: int, old: bool) -> None:
    assert needs_old_files(f"Chrome/{version}.0.0.0") == old


def test_the_address_may_say_which_files_it_wants() -> None:
    assert needs_old_files("curl/8", "old")
    assert not needs_old_files("Chrome/79.0.0.0", "new")
    assert needs_old_files("Chrome/79.0.0.0", "other")
