"""Handlers for what InfluxDB 2's clients look up or create before they write.

``/api/v2/buckets``, ``/api/v2/orgs``, ``/api/v2/setup``, ``/api/v2/query``.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.ingest.influx_buckets import DEFAULT_ORGANIZATION, answer_flux, bucket, id_of, organization
from dashboard.web.feed.feeding import FeederHandler
from dashboard.web.feed.format import Answer, json_answer
from dashboard.web.feed.influx_server import QueryServices
from dashboard.web.feed.open_handler import OpenHandler

_T = TypeVar("_T")
_MAX_NAME_CHARACTERS = 200


class _NewBucket(msgspec.Struct):
    name: str
    org_id: str = msgspec.field(default="", name="orgID")
    org: str = ""


class _Flux(msgspec.Struct):
    query: str = ""


class _LookUpHandler(FeederHandler[QueryServices]):
    """Base of the handlers of InfluxDB's look-ups; a caller must have the right to write."""

    def _argument(self, name: str) -> str:
        return self.get_query_argument(name, "")[:_MAX_NAME_CHARACTERS]

    def _organization_id(self) -> str:
        return self._argument("orgID") or id_of(self._argument("org") or DEFAULT_ORGANIZATION)

    def _decoded(self, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(self.body(), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"the body is not what InfluxDB takes here: {fault_of(error).said('it')}") from None


class OrganizationsHandler(_LookUpHandler):
    """``/api/v2/orgs``: the organization that the client asks for. Every organization counts as existing."""

    async def get(self) -> None:
        await self.authenticate()
        found = organization(self._argument("org") or DEFAULT_ORGANIZATION, self._argument("orgID"))
        self.send(json_answer({"links": {"self": "/api/v2/orgs"}, "orgs": [found]}, 200))


class BucketsHandler(_LookUpHandler):
    """``/api/v2/buckets``: the bucket that the client asks for, or the buckets that clients have named."""

    async def get(self) -> None:
        await self.authenticate()
        name, id_, owner = self._argument("name"), self._argument("id"), self._organization_id()
        self.services.databases.name(name)
        known = [bucket(each, owner) for each in self.services.databases.names()]
        found = [bucket(name or id_, owner, id_)] if name or id_ else known
        self.send(json_answer({"links": {"self": "/api/v2/buckets"}, "buckets": found}, 200))

    async def post(self) -> None:
        await self.authenticate()
        new = self._decoded(_NewBucket)
        name = new.name.strip()[:_MAX_NAME_CHARACTERS]
        if not name:
            raise Invalid("is missing", field="name")
        self.services.databases.name(name)
        self.send(json_answer(bucket(name, new.org_id or id_of(new.org or DEFAULT_ORGANIZATION)), 201))


class BucketHandler(_LookUpHandler):
    """``/api/v2/buckets/{bucket}``: reading, changing or deleting a bucket has no effect. Every bucket counts as existing."""

    async def get(self, id_: str) -> None:
        await self.authenticate()
        names = {id_of(name): name for name in self.services.databases.names()}
        self.send(json_answer(bucket(names.get(id_, id_), self._organization_id(), id_), 200))

    patch = get

    async def delete(self, id_: str) -> None:
        await self.authenticate()
        self.send(Answer(204))


class FluxHandler(_LookUpHandler):
    """``/api/v2/query``: a Flux query of the schema; a query that reads values is refused."""

    async def post(self) -> None:
        await self.authenticate()
        is_json = self.feed_request(b"").content_type == "application/json"
        query = self._decoded(_Flux).query if is_json else self.body().decode("utf-8", "replace")
        rows = answer_flux(query, self.services.databases.names(), self._organization_id())
        self.send(Answer(200, rows, "text/csv; charset=utf-8"))


class SetupHandler(OpenHandler):
    """``GET /api/v2/setup``: clients ask whether the server still has to be set up."""

    def get(self) -> None:
        self.write_json({"allowed": False})
