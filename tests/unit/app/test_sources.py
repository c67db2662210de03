"""The file of sources that the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.app.sources import read_sources
from dashboard.domain.errors import ConfigurationError
from dashboard.feeders.sources_file import SourcesFile
from dashboard.settings import Settings


def test_without_a_file_there_are_no_sources(tmp_path: Path) -> None:
    assert read_sources(Settings()) == SourcesFile()
    with pytest.raises(ConfigurationError):
        read_sources(Settings(sources=str(tmp_path / "none.toml")))


def test_the_named_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("scrape:\n  - name: node\n    url: http://127.0.0.1:9100/metrics\n")
    assert [target.name for target in read_sources(Settings(sources=str(file))).scrape] == ["node"]
