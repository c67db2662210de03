"""Grafana's annotations by the number that POST returned: ``/api/annotations/NUMBER`` reads, changes and removes an annotation.

Source: grafana.com/docs, "Annotations HTTP API".
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.ingest.events_grafana import annotation_of, parse_annotation_change
from dashboard.intake.annotations import Annotations
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import json_answer


@dataclass(frozen=True, slots=True)
class AnnotationServices(FeedServices):
    """Services of feeders, and the stored annotations."""

    annotations: Annotations


class AnnotationHandler(FeederHandler[AnnotationServices]):
    """``/api/annotations/NUMBER``: GET returns the annotation, PATCH changes some fields, PUT all fields, DELETE removes it."""

    async def get(self, number: str) -> None:
        item = await self.services.annotations.find(int(number))
        self.send(json_answer(annotation_of(int(number), item)))

    async def patch(self, number: str) -> None:
        await self._change(number, "Annotation patched", whole=False)

    async def put(self, number: str) -> None:
        await self._change(number, "Annotation updated", whole=True)

    async def delete(self, number: str) -> None:
        await self.authenticate()
        await self.services.annotations.remove(await self.services.annotations.find(int(number)))
        self.send(json_answer({"message": "Annotation deleted"}))

    async def _change(self, number: str, said: str, *, whole: bool) -> None:
        await self.authenticate()
        item = await self.services.annotations.find(int(number))
        request = self.feed_request(self.body())
        new = parse_annotation_change(request.body, item, request.latest_ms, whole=whole)
        kept = {name: value for name, value in item.items() if name != "ended"}
        await self.services.annotations.change(kept, new)
        self.send(json_answer({"message": said}))
