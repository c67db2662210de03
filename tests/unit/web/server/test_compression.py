"""Clients that accept gzip, and files that are compressed once until they change."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dashboard.web.server import compression
from dashboard.web.server.compression import CompressedFiles, accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate, br, zstd", True), ("GZIP", True), ("x-gzip", True), ("*", True), ("br;q=1.0, gzip;q=0.001", True),
        ("", False), ("identity", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False),
        ("*, gzip;q=0", False), ("gzipped", False),
    ],
)  # fmt: skip
def test_gzip_is_accepted_by_name_or_star_and_not_with_weight_0(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) == accepted


@pytest.mark.gen_test
async def test_a_file_is_compressed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[str] = []
    compress = compression._compress
    monkeypatch.setattr(compression, "_compress", lambda path: compressed.append(path) or compress(path))
    file, files = tmp_path / "a.js", CompressedFiles()
    for text in (b"let a = 1;\n" * 200, b"let a = 2;\n" * 300):
        file.write_bytes(text)
        for _ in range(2):
            found = await files.get(str(file))
            assert found is not None
            assert gzip.decompress(found.data or b"") == text
    assert compressed == [str(file)] * 2


@pytest.mark.gen_test
async def test_a_style_sheet_contains_its_parts_and_is_compressed_again_when_one_changes(tmp_path: Path) -> None:
    sheet, part, files = tmp_path / "page.css", tmp_path / "part.css", CompressedFiles()
    sheet.write_bytes(b'@import "part.css";\n.a { color: red; }\n')
    tags = set()
    for text in (b".b { color: blue; }\n" * 80, b".c { color: blue; }\n" * 90):
        part.write_bytes(text)
        found = await files.get(str(sheet))
        assert found is not None
        assert gzip.decompress(found.data or b"") == text + b".a { color: red; }\n"
        tags.add(found.etag)
    assert len(tags) == 2


@pytest.mark.gen_test
async def test_short_files_and_pictures_are_not_compressed(tmp_path: Path) -> None:
    files = CompressedFiles()
    for name, size in (("a.js", 999), ("a.png", 100_000), ("a.woff2", 100_000)):
        (tmp_path / name).write_bytes(b"a" * size)
        assert await files.get(str(tmp_path / name)) is None
    with pytest.raises(FileNotFoundError):
        await files.get(str(tmp_path / "none.js"))
