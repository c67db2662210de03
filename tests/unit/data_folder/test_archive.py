from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from dashboard.data_folder.archive import MANIFEST, Manifest, read_manifest, unpack, write_archive
from dashboard.domain.errors import Invalid

KNOWN = frozenset({"a", "b"})


def archive(folder: Path) -> tuple[Path, Manifest]:
    copies = folder / "copies"
    copies.mkdir()
    (copies / "a").write_bytes(b"x" * 3_000_000)
    (copies / "b").write_bytes(b"y")
    file = folder / "backup.tar"
    manifest = write_archive(file, copies, version="1.2", begun_ms=5_000, names=["a", "b"])
    assert list(copies.iterdir()) == []
    return file, manifest


def test_a_backup_names_its_parts_first(tmp_path: Path) -> None:
    file, manifest = archive(tmp_path)
    assert read_manifest(file) == manifest
    assert (manifest.version, manifest.begun_ms, manifest.size) == ("1.2", 5_000, 3_000_001)
    with tarfile.open(file) as tar:
        assert tar.getnames() == [MANIFEST, "a", "b"]
    assert file.stat().st_mode & 0o077 == 0


def test_its_parts_are_unpacked_as_they_were(tmp_path: Path) -> None:
    file, manifest = archive(tmp_path)
    out, done = tmp_path / "out", list[int]()
    out.mkdir()
    assert unpack(file, KNOWN, out, done.append) == manifest
    assert ((out / "a").read_bytes(), (out / "b").read_bytes()) == (b"x" * 3_000_000, b"y")
    assert sum(done) == manifest.size
    assert unpack(file, KNOWN, None, done.append) == manifest


def test_a_part_that_is_damaged_or_not_known_is_told(tmp_path: Path) -> None:
    file, _ = archive(tmp_path)
    with pytest.raises(Invalid, match="'b'"):
        unpack(file, frozenset({"a"}), None, lambda _: None)
    data = bytearray(file.read_bytes())
    data[data.index(b"xxxx") + 1_000] ^= 1
    file.write_bytes(data)
    with pytest.raises(Invalid, match="a is not what was stored"):
        unpack(file, KNOWN, None, lambda _: None)
    file.write_bytes(data[:2_000_000])
    with pytest.raises(Invalid, match="damaged"):
        unpack(file, KNOWN, None, lambda _: None)


def test_another_file_is_no_backup(tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(b"no tar" * 1_000)
    with pytest.raises(Invalid, match="not a backup"):
        read_manifest(file)
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "other")
    with pytest.raises(Invalid, match="does not begin"):
        read_manifest(file)
