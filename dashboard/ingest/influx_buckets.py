"""Buckets and organizations of InfluxDB 2, which its clients look up or create before they write. Every name counts as existing.

Source: docs.influxdata.com, the HTTP API of InfluxDB 2 (buckets, orgs, query), and "Annotated CSV".
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable

from dashboard.domain.errors import Invalid

DEFAULT_ORGANIZATION = "default"
_READS = re.compile(r"\bfrom\s*\(")
_LISTS_BUCKETS = re.compile(r"\bbuckets\s*\(")
_COLUMNS = ("name", "id", "organizationID", "retentionPolicy", "retentionPeriod")
_ANNOTATIONS = (
    ("#datatype", "string", "long", "string", "string", "string", "string", "long"),
    ("#group", "false", "false", "false", "false", "true", "false", "false"),
    ("#default", "_result", "", "", "", "", "", ""),
    ("", "result", "table", *_COLUMNS),
)


def id_of(name: str) -> str:
    """Return the id of a bucket or organization: 16 hexadecimal digits, the same in each process."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def organization(name: str, id_: str = "") -> dict[str, object]:
    """Return an organization as InfluxDB describes it."""
    given = id_ or id_of(name)
    return {"id": given, "name": name, "status": "active", "links": {"self": f"/api/v2/orgs/{given}"}}


def bucket(name: str, organization_id: str, id_: str = "") -> dict[str, object]:
    """Return a bucket as InfluxDB describes it, without a time after which its values expire. ``id_``: empty for the name's id."""
    given = id_ or id_of(name)
    return {
        "id": given,
        "orgID": organization_id,
        "type": "user",
        "name": name,
        "retentionRules": [{"type": "expire", "everySeconds": 0}],
        "links": {"self": f"/api/v2/buckets/{given}", "org": f"/api/v2/orgs/{organization_id}"},
        "labels": [],
    }


def answer_flux(query: str, names: Iterable[str], organization_id: str) -> bytes:
    """Return the annotated CSV of a Flux query: the list of ``buckets()``, or no rows for another query of the schema.

    Raises Invalid for a query that reads values.
    """
    if not query.strip():
        raise Invalid("is missing", field="query")
    if _READS.search(query):
        raise Invalid("this server takes writes and answers no queries", field="query")
    rows = [(name, id_of(name), organization_id, "", 0) for name in names]
    if not rows or not _LISTS_BUCKETS.search(query):
        return b""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows(_ANNOTATIONS)
    writer.writerows(("", "", 0, *row) for row in rows)
    return text.getvalue().encode()
