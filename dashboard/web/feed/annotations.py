"""Grafana's annotations: ``/api/annotations`` searches and adds, ``/api/annotations/NUMBER`` reads, changes and removes one.

Source: grafana.com/docs, "Annotations HTTP API".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dashboard.ingest.events_grafana import Annotation, annotation_of, matches, parse_annotation_change, wanted_by
from dashboard.intake.annotations import Annotations
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import json_answer


@dataclass(frozen=True, slots=True)
class AnnotationServices(FeedServices):
    """Services of the routes of annotations: the services of feeders' routes, and the stored annotations."""

    annotations: Annotations


class AnnotationsHandler(FeederHandler[AnnotationServices]):
    """``/api/annotations``: POST adds an annotation, GET searches by ``from``, ``to``, ``tags``, ``matchAny`` and ``limit``."""

    async def get(self) -> None:
        wanted = wanted_by({name: self.get_query_arguments(name) for name in self.request.query_arguments})
        found = [each for each in await _all(self.services.annotations) if matches(each, wanted)]
        self.send(json_answer(found[: wanted.limit]))

    async def post(self) -> None:
        await self.feed()


class AnnotationTagsHandler(FeederHandler[AnnotationServices]):
    """``/api/annotations/tags``: GET counts the annotations of each tag whose name contains the argument ``tag``."""

    async def get(self) -> None:
        wanted = self.get_query_argument("tag", "")
        tags = Counter(tag for each in await _all(self.services.annotations) for tag in each["tags"] if wanted in tag)
        self.send(
            json_answer({"result": {"tags": [{"tag": tag, "count": count} for tag, count in sorted(tags.items())]}})
        )


async def _all(annotations: Annotations) -> list[Annotation]:
    return [annotation_of(number, item) for number, item in await annotations.all()]


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
