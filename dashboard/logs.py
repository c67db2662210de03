"""Format of log records: text for people, or JSON lines for programs."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_SAID_AT_ANY_LEVEL = ("dashboard", "tornado")


def configure(level: str, style: str) -> None:
    """Send the records of this process to standard error, once.

    Records below warnings are sent only for this project and Tornado: at debug level, other libraries log their arguments, and
    SQL parameters contain password hashes and messages.
    """
    handler = logging.StreamHandler(sys.stderr)
    if style == "json":
        names = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    for name in _SAID_AT_ANY_LEVEL:
        logging.getLogger(name).setLevel(level.upper())
