"""Documents: ``/api/v1/documents/KEY``."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.replication.replicas import Replicas
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import JSON, Answer, Format, json_answer
from dashboard.web.feed.samples import read_query_number


class DocumentJson(Format):
    """Format of a document: the whole body is the document's value, so the body contains no token."""

    name = "document"
    shows_token = False


@dataclass(frozen=True, slots=True)
class DocumentServices(FeedServices):
    """Services of the routes of documents: the services of feeders' routes, and the replicas to read documents from."""

    replicas: Replicas


class DocumentHandler(FeederHandler[DocumentServices]):
    """A keyed JSON value: PUT or POST writes, GET reads, DELETE removes."""

    async def post(self, key: str) -> None:
        await self.authenticate()
        text = self.get_query_argument("every_s", "")
        every_s = read_query_number("every_s", text) if text else None
        body, request_id = self.body().removeprefix(BYTE_ORDER_MARK), self.request_id()
        self._is_counted = True
        await self.services.intake.write_document(key, body, every_s=every_s, caller=self.caller, request_id=request_id)
        self.send(json_answer({"accepted": 1}, 202))

    put = post

    async def get(self, key: str) -> None:
        document = await self.services.replicas.find_document(key)
        if document is None:
            self.send_error(404)
            return
        self.send(Answer(200, document.body, JSON))

    async def delete(self, key: str) -> None:
        await self.authenticate()
        await self.services.intake.delete_document(key, caller=self.caller)
        self.send(Answer(204))
