"""The choice of the files that a browser gets: the ES modules of ``static/js``, or the set that is built for old browsers.

Old browsers are Chromium 79 to 110, as in televisions of 2020 to 2023: they know the modules' syntax but not the colours of the style
sheets.  Even older browsers get the modules, and ``static/js/pages/browser-check.js`` tells the user that the page cannot run.
"""

from __future__ import annotations

import re

#: First version of Chromium that runs the built set, and first version that runs the modules.
FIRST_OLD, FIRST_NEW = 79, 111
#: First version of Chromium that knows Trusted Types; earlier versions report the directive as an error.
_FIRST_TRUSTED_TYPES = 83
#: Chrome, Edge, Opera and most televisions send the name Chrome or Chromium; Tizen televisions send only its version.
_CHROMIUM = re.compile(r"(?:Chrom(?:e|ium)/|like Gecko\) )(?P<version>\d{2,4})\.\d+\.\d+\.\d+")


def chromium_version(user_agent: str) -> int | None:
    """Return the major version of a browser that is based on Chromium, None for other browsers."""
    found = _CHROMIUM.search(user_agent)
    return int(found["version"]) if found else None


def needs_old_files(user_agent: str, asked: str = "") -> bool:
    """Return whether a browser needs the files that are built for old browsers. ``asked``: ``old`` or ``new`` if the
    page's URL demands a set."""
    if asked in ("old", "new"):
        return asked == "old"
    version = chromium_version(user_agent)
    return version is not None and FIRST_OLD <= version < FIRST_NEW


def knows_trusted_types(user_agent: str) -> bool:
    """Return whether a browser accepts the directives of Trusted Types, or ignores them without an error."""
    version = chromium_version(user_agent)
    return version is None or version >= _FIRST_TRUSTED_TYPES
