"""The file of a backup: a tar with ``backup.json`` first, which names every part with its size and SHA-256, then the parts."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from dashboard.domain.errors import Invalid

MANIFEST = "backup.json"
_FORMAT = 1
_MAX_MANIFEST_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20

#: Called with the bytes done since the last call.
Progress = Callable[[int], None]


class DataPart(Struct, frozen=True):
    """File of the data folder that a backup contains. ``database``: True if the file is an SQLite database."""

    name: str
    holds: str
    database: bool = True


class Stored(Struct, frozen=True):
    """A part's entry in ``backup.json``."""

    name: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True):
    """Content of ``backup.json``. ``begun_ms``: the backup contains everything that the server acknowledged before this time."""

    format: int
    version: str
    begun_ms: int
    parts: list[Stored]

    @property
    def size(self) -> int:
        """Size of all parts in bytes."""
        return sum(part.size for part in self.parts)


def write_archive(file: Path, copies: Path, *, version: str, begun_ms: int, names: Iterable[str]) -> Manifest:
    """Write the copies to the tar ``file``, and delete each copy that is written. Raises OSError."""
    stored = [Stored(name, (copies / name).stat().st_size, _sha256(copies / name)) for name in names]
    manifest = Manifest(_FORMAT, version, begun_ms, stored)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            head = msgspec.json.format(msgspec.json.encode(manifest))
            tar.addfile(_member(MANIFEST, len(head), begun_ms), io.BytesIO(head))
            for part in stored:
                with (copies / part.name).open("rb") as content:
                    tar.addfile(_member(part.name, part.size, begun_ms), content)
                (copies / part.name).unlink()
        stream.flush()
        os.fsync(stream.fileno())
    return manifest


def _member(name: str, size: int, t_ms: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, t_ms // 1000
    return member


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(file: Path) -> Manifest:
    """Read a backup's ``backup.json``; raises Invalid, OSError."""
    try:
        with tarfile.open(file, "r:") as tar:
            return _manifest_of(tar, file)
    except tarfile.TarError as error:
        raise Invalid(f"{file} is not a backup of a dashboard: {error}") from None


def _manifest_of(tar: tarfile.TarFile, file: Path) -> Manifest:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or content is None or member.name != MANIFEST or member.size > _MAX_MANIFEST_BYTES:
        raise Invalid(f"{file} is not a backup of a dashboard: it does not begin with {MANIFEST}")
    try:
        manifest = msgspec.json.decode(content.read(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise Invalid(f"{file}: {MANIFEST} cannot be read: {error}") from None
    if manifest.format != _FORMAT:
        raise Invalid(
            f"{file} is of format {manifest.format}, from version {manifest.version}; this one reads {_FORMAT}"
        )
    return manifest


def unpack(file: Path, known: frozenset[str], folder: Path | None, progress: Progress) -> Manifest:
    """Check every part of a backup against its SHA-256 and write it to ``folder`` (None: only check).

    Raises OSError, and Invalid when a part is missing, damaged or not ``known``.
    """
    try:
        with tarfile.open(file, "r:") as tar:
            manifest = _manifest_of(tar, file)
            for part in manifest.parts:
                if part.name not in known:
                    raise Invalid(f"{file} holds {part.name!a}, which this version does not know")
                _unpack_part(tar, file, part, folder, progress)
    except (tarfile.TarError, EOFError) as error:
        raise Invalid(f"{file} is damaged: {error}") from None
    return manifest


def _unpack_part(tar: tarfile.TarFile, file: Path, part: Stored, folder: Path | None, progress: Progress) -> None:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or content is None or (member.name, member.size) != (part.name, part.size):
        raise Invalid(f"{file} is damaged: {part.name} is missing or cut off")
    digest = hashlib.sha256()
    target = Path(os.devnull) if folder is None else folder / part.name
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            stream.write(chunk)
            progress(len(chunk))
        if folder is not None:
            stream.flush()
            os.fsync(stream.fileno())
    if digest.hexdigest() != part.sha256:
        raise Invalid(f"{file} is damaged: {part.name} is not what was stored")
