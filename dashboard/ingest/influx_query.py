"""Answers to ``/query``, which InfluxDB's clients call before they write: every database that a client has named exists and is empty.

Source: docs.influxdata.com, InfluxQL of 1.8 ("Explore your schema", "Manage your database").
"""

from __future__ import annotations

import re

from dashboard.domain.errors import Invalid

#: Most names of databases; further ones are not listed.
_MAX_NAMES = 1_000
#: Bytes of a request, and statements in it: each statement may be answered with all names.
MAX_QUERY_BYTES = 65_536
_MAX_STATEMENTS = 20
_STATEMENT = re.compile(r"""(?:[^;"']|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?\Z))+""", re.DOTALL)
_NAME = r"""(?:"((?:[^"\\]|\\.)+)"|([\w.-]+))"""
_MAKES_DATABASE = re.compile(rf"\s*create\s+database\s+{_NAME}", re.IGNORECASE)
#: Statements that succeed without effect: they create what always exists, or drop what never existed.
_MAKES = re.compile(
    r"\s*(?:(?:create|alter|drop)\s+(?:database|retention\s+policy|user|subscription|continuous\s+query)\b"
    r"|(?:grant|revoke|set\s+password)\b)",
    re.IGNORECASE,
)
_SHOWS = re.compile(r"\s*show\s+(databases|retention\s+policies|\w+(?:\s+\w+)?)", re.IGNORECASE)
_POLICY = {
    "name": "autogen",
    "columns": ["name", "duration", "shardGroupDuration", "replicaN", "default"],
    "values": [["autogen", "0s", "168h0m0s", 1, True]],
}


class Databases:
    """Names that clients gave their databases; each counts as existing."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def name(self, name: str) -> None:
        """Remember a database that a client writes to, or creates."""
        if name and len(name) <= 200 and len(self._names) < _MAX_NAMES:
            self._names[name] = None

    def names(self) -> list[str]:
        """Return the names of databases that clients have used so far, in the order of their first use."""
        return list(self._names)

    def answer(self, query: str, database: str) -> dict[str, object]:
        """Return the answer to one or more statements; ``database``: the database that the request names.

        Raises Invalid for too many statements.
        """
        self.name(database)
        statements = [each for each in _STATEMENT.findall(query) if each.strip()]
        if len(statements) > _MAX_STATEMENTS:
            raise Invalid(f"has {len(statements)} statements; at most {_MAX_STATEMENTS}", field="q")
        return {"results": [{"statement_id": place, **self._result(each)} for place, each in enumerate(statements)]}

    def _result(self, statement: str) -> dict[str, object]:
        if makes := _MAKES_DATABASE.match(statement):
            self.name(makes[1] or makes[2])
            return {}
        if _MAKES.match(statement):
            return {}
        shows = _SHOWS.match(statement)
        if shows is None:
            return {"error": "this server takes writes and answers no queries"}
        what = " ".join(shows[1].lower().split())
        if what == "databases":
            return {"series": [{"name": "databases", "columns": ["name"], "values": [[name] for name in self._names]}]}
        if what == "retention policies":
            return {"series": [{key: value for key, value in _POLICY.items() if key != "name"}]}
        return {}  # nothing to show
