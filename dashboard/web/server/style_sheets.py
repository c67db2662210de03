"""Style sheets in parts: a page's sheet names its parts by ``@import``, and browsers get all of them in one answer.

Owns: finding the parts, and joining them.  A sheet works as well where it is sent as it is; the browser then loads each part.
Addresses in a part stay as they are, so a part with addresses is in the folder of the sheet.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(rb'^@import "([^"]+)";\n', re.MULTILINE)


def parts_of(sheet: Path) -> list[Path]:
    """Return the files that a style sheet consists of, in their order: what it imports, then the sheet itself.

    Raises OSError if the sheet cannot be read. An imported file may be missing.
    """
    found: list[Path] = []
    for name in _IMPORT.findall(sheet.read_bytes()):
        part = sheet.parent / name.decode()
        found += parts_of(part) if part.exists() else [part]
    return [*found, sheet]


def joined(parts: list[Path]) -> bytes:
    """Return the text of the files of a style sheet without the imports. Missing files are left out, as browsers do."""
    return b"".join(_IMPORT.sub(b"", part.read_bytes()) for part in parts if part.exists())
