"""Where feeders post: ``/api/v1/samples``, ``/api/v1/samples/NAME``, ``/api/v1/documents/NAME``."""

from __future__ import annotations

import msgspec

from dashboard.domain.document import Document
from dashboard.domain.errors import Invalid
from dashboard.domain.selector import parse_selector
from dashboard.domain.series import NAME
from dashboard.ingest.batch import Batch, KeyCache
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.samples_json import parse_named, parse_samples, read_number
from dashboard.replica.replica import Replica
from dashboard.replication.replicas import Replicas
from dashboard.web.feed.feeding import FeederHandler, first_reason, told


class OwnHandler(FeederHandler):
    """What is refused is told sample by sample."""

    format_ = "json"
    keys: KeyCache

    async def take(self, batch: Batch) -> None:
        """Store the batch and answer: 202, or 400 naming each refused sample (the good ones are kept)."""
        outcome = await self.accept(Parsed(batch))
        if not outcome.refused:
            self.write_json({"accepted": outcome.accepted}, 202)
            return
        total = outcome.accepted + len(outcome.refused)
        self.write_json(
            {
                "code": "invalid",
                "error": f"{len(outcome.refused)} of {total} samples refused; {first_reason(outcome.refused, 'sample')}",
                "accepted": outcome.accepted,
                "refused": told(outcome.refused),
            },
            400,
        )


class SamplesHandler(OwnHandler):
    """JSON array, object, or NDJSON lines."""

    def get(self) -> None:
        self.write_json({"post": "a JSON array, an object, or NDJSON lines of samples; see docs/protocol.md"})

    async def post(self) -> None:
        await self.take(await self.parse(parse_samples, self.keys, self.latest_ms()))


class NamedSampleHandler(OwnHandler):
    """One bare number for one series, as the body or as ``?value=``."""

    def get(self, name: str) -> None:
        self.write_json({"post": f"a number, for the series {name[:200]}"})

    async def post(self, name: str) -> None:
        body = self.body()
        asked = {
            key: self.get_query_argument(key)
            for key in ("value", "t", "unit", "every_s")
            if self.get_query_argument(key, None)
        }
        if "value" in asked and not body.strip():
            body = asked["value"].encode()
        if asked.keys() - {"value"} and not body.lstrip().startswith(b"{"):
            body = _object(body, asked)
        await self.take(parse_named(name, body, self.keys, self.latest_ms()))


def _object(value: bytes, asked: dict[str, str]) -> bytes:
    """A bare number and query arguments as one sample object."""
    numbers = {}
    for name in ("t", "every_s"):
        if name in asked:
            try:
                numbers[name] = msgspec.json.decode(asked[name], type=float)
            except msgspec.MsgspecError:
                raise Invalid(f"{asked[name][:40]!a} is not a number", field=name) from None
    units = {"unit": asked["unit"]} if "unit" in asked else {}
    return msgspec.json.encode({"value": read_number(value.strip()), **numbers, **units})


class DocumentHandler(FeederHandler):
    """A keyed JSON value: PUT or POST writes, GET reads, DELETE removes. The body is the value, and shows no token."""

    format_ = "document"
    body_shows = False
    replicas: Replicas

    async def post(self, name: str) -> None:
        every_s = None
        if text := self.get_query_argument("every_s", ""):
            try:
                every_s = msgspec.json.decode(text, type=float)
            except msgspec.MsgspecError:
                raise Invalid(f"{text[:40]!a} is not a number", field="every_s") from None
        body, request_id = self.body(), self.request_id()
        self._is_counted = True
        await self.intake.write_document(name, body, every_s=every_s, caller=self.caller, request_id=request_id)
        self.write_json({"accepted": 1}, 202)

    put = post

    async def get(self, name: str) -> None:
        selectors = [parse_selector(name)] if NAME.fullmatch(name) else []
        async with self.replicas.wanted(selectors) as replicas:
            document = _find(replicas, name)
            if document is None:
                await self.replicas.catch_up(name)
                document = _find(replicas, name)
        if document is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(document.body)

    async def delete(self, name: str) -> None:
        await self.intake.delete_document(name, caller=self.caller)
        self.set_status(204)
        self.finish()


def _find(replicas: list[Replica], key: str) -> Document | None:
    return next((replica.documents[key].document for replica in replicas if key in replica.documents), None)
