"""The choice of the files that a browser gets: the ES modules of ``static/js``, or the set that is built for old browsers.

Old is what understands the modules' syntax but not their colours: Chromium 79 to 110, as televisions of 2020 to 2023 have it.  What is
older still gets the modules too, and ``static/js/pages/browser-check.js`` says that it cannot run the page.
"""

from __future__ import annotations

import re

#: First versions of Chromium that run the built set, and the modules.
FIRST_OLD, FIRST_NEW = 79, 111
#: First version of Chromium that knows Trusted Types; earlier ones call the directive an error.
_FIRST_TRUSTED_TYPES = 83
#: Chrome, Edge, Opera and most televisions name Chrome or Chromium; Tizen's televisions say its version alone.
_CHROMIUM = re.compile(r"(?:Chrom(?:e|ium)/|like Gecko\) )(?P<version>\d{2,4})\.\d+\.\d+\.\d+")


def chromium_version(user_agent: str) -> int | None:
    """Return the major version of a browser that is made from Chromium, None for others."""
    found = _CHROMIUM.search(user_agent)
    return int(found["version"]) if found else None


def needs_old_files(user_agent: str, asked: str = "") -> bool:
    """Return whether a browser needs the built set. ``asked``: ``old`` or ``new`` if the page's address says which."""
    if asked in ("old", "new"):
        return asked == "old"
    version = chromium_version(user_agent)
    return version is not None and FIRST_OLD <= version < FIRST_NEW


def knows_trusted_types(user_agent: str) -> bool:
    """Return whether a browser takes the directives of Trusted Types, or passes them over without a word."""
    version = chromium_version(user_agent)
    return version is None or version >= _FIRST_TRUSTED_TYPES
