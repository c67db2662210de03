from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.domain.errors import ConfigurationError
from dashboard.domain.yaml_places import read_yaml


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "sources.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_each_value_is_known_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, "scrape:\n- name: a\n  urls:\n  - x\n  - y\nlisten: []\n")
    value, places = read_yaml(file)
    assert value == {"scrape": [{"name": "a", "urls": ["x", "y"]}], "listen": []}
    assert places.where(("scrape", 0, "urls", 1)) == f"{file}:5: scrape[0].urls[1]"
    assert places.where(("listen",)) == f"{file}:6: listen"
    assert places.where(()) == f"{file}:1"


def test_what_is_missing_is_looked_for_in_what_it_should_be_in(tmp_path: Path) -> None:
    file = written(tmp_path, "\nscrape:\n- name: a\n")
    assert read_yaml(file)[1].where(("scrape", 0, "url")) == f"{file}:3: scrape[0].url"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3: a appears twice"),
        ("a: 1\nb: [\n", "not YAML"),
        ("a: &x [*x]\n", "nested more than|not YAML"),
        (b"a: \xff\n", "not UTF-8"),
        ("b: 2\na: 1" + ":59" * 1_000, ":2: a number of more than 400 characters"),
        ("a: 1" + ":59" * 1_000 + ".5", ":1: a number of more than 400 characters"),
        ('a: !!int ""', "not YAML"),
        ('a: !!float ""', "not YAML"),
        ("a: !!bool maybe", "not YAML"),
        ("a: !!timestamp x", "not YAML"),
        ("a: 2001-99-99", "not YAML"),
        ('a: !!binary "x"', "not YAML"),
        ("? [a]\n: 1", "not YAML"),
        ("a: " + "x" * (4 << 20), "longer than 4 MiB"),
    ],
)
def test_what_cannot_be_used_is_told_with_file_and_line(tmp_path: Path, text: str | bytes, reason: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError, match=reason) as told:
        read_yaml(file)
    assert str(file) in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_yaml(tmp_path / "gone.yaml")
