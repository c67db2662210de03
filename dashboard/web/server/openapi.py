"""Description of every HTTP route (OpenAPI 3.1), built from the routes and their handlers' ``operations``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from tornado.web import RequestHandler

from dashboard import __version__
from dashboard.accounts.policies import POLICIES, SHOWS_TOKEN, Policy
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.operation import Operation
from dashboard.web.server.route import AnyRoute, Route

_METHODS = ("get", "post", "put", "patch", "delete", "options")
_ERRORS = (400, 401, 403, 404, 409, 413, 414, 415, 421, 422, 429, 503)
_JSON = "application/json; charset=utf-8"


class ErrorBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of every error response. ``field``: the field at fault, if any."""

    code: str
    error: str
    field: str = ""


class OpenApiHandler(BaseHandler[bytes]):
    """``GET /api/openapi.json``: the description of all routes, built once at the start."""

    def get(self) -> None:
        self.set_header("Content-Type", _JSON)
        self.finish(self.services)


def describe_routes(routes: Sequence[AnyRoute], parts: Mapping[str, str]) -> bytes:
    """Return the description of all routes as JSON; ``parts``: regular expressions of path parameters by name."""
    every = [*routes, Route("/api/openapi.json", OpenApiHandler, b"")]
    kinds = {kind for route in every for kind in _kinds(route.handler)} | {ErrorBody}
    ordered = sorted(kinds, key=lambda kind: getattr(kind, "__name__", ""))
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    by_kind = dict(zip(ordered, schemas, strict=True))
    paths = {route.template: _path(route, by_kind, parts) for route in every if route.template != "/ws"}
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Live dashboard",
                "version": __version__,
                "description": "Routes to feed and read data, and for users. The WebSocket protocol of /ws is in docs/protocol.md.",
            },
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
                },
            },
        }
    )


def _kinds(handler: type[object]) -> list[type[msgspec.Struct]]:
    operations: dict[str, Operation] = getattr(handler, "operations", {})
    return [
        kind
        for operation in operations.values()
        for kind in (operation.body, operation.returns)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ]


def _path(
    route: AnyRoute, by_kind: Mapping[type[msgspec.Struct], Mapping[str, object]], parts: Mapping[str, str]
) -> dict[str, object]:
    template, handler = route.template, route.handler
    described: dict[str, object] = {}
    for method in _METHODS:
        if getattr(handler, method) is getattr(RequestHandler, method):
            continue
        told = (route.summary or handler.__doc__ or template).strip().partition("\n\n")[0]
        operation = getattr(handler, "operations", {}).get(method) or Operation(
            " ".join(told.split()).replace("``", "`"), raw=True
        )
        policy = POLICIES.get(f"{method.upper()} {template}")
        responses = _responses(operation, by_kind, foreign=getattr(handler, "has_foreign_errors", False))
        described[method] = {**_operation(template, method, operation, policy, by_kind, parts), "responses": responses}
    return described


def _operation(
    template: str,
    method: str,
    operation: Operation,
    policy: Policy | None,
    by_kind: Mapping[type[msgspec.Struct], Mapping[str, object]],
    parts: Mapping[str, str],
) -> dict[str, object]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{parts.get(name, '[^/]+')}$"},
        }
        for name in re.findall(r"{(\w+)}", template)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in operation.query.items()
    ]
    described: dict[str, object] = {
        "operationId": f"{method} {template}",
        "summary": operation.summary,
        "parameters": parameters,
    }
    if isinstance(operation.body, type):
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_kind[operation.body]}},
        }
    if policy is SHOWS_TOKEN:  # its place depends on the format, which a security scheme cannot express
        described["description"] = (
            "For editors and above, and tokens that may write; the token goes where the format puts it."
        )
    if policy is not None and policy.least:
        described["security"] = [{"token": []}, {"session": []}]
        described["description"] = f"For {policy.least.word}s and above" + (
            f", and tokens that may {policy.verb}." if policy.verb else "."
        )
    return described


def _responses(
    operation: Operation, by_kind: Mapping[type[msgspec.Struct], Mapping[str, object]], *, foreign: bool
) -> dict[str, object]:
    """Return the responses of an operation; ``foreign``: True if error bodies have another program's format."""
    good: dict[str, object] = {"description": "Done"}
    if operation.status != 204:
        schema = by_kind.get(operation.returns, {}) if isinstance(operation.returns, type) else {}
        good["content"] = {"*/*": {}} if operation.raw else {operation.media: {"schema": schema}}
    content = {"*/*": {}} if foreign else {_JSON: {"schema": by_kind[ErrorBody]}}
    error = {"description": "Refused", "content": content}
    responses: dict[str, object] = {str(operation.status): good, **{str(status): error for status in _ERRORS}}
    if operation.raw:
        responses |= {
            str(status): {"description": "Done"} for status in (200, 202, 204, 302, 304) if str(status) not in responses
        }
    return responses
