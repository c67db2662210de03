from __future__ import annotations

from typing import Any

from dashboard.ingest.otlp_resources import OtlpOptions, Resources, raw_of, with_scope


def resource(**attributes: str) -> dict[str, Any]:
    return {
        "attributes": [
            {"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()
        ]
    }


SERVICE = resource(service__name="shop", service__namespace="web", service__instance__id="i1", host__name="h1")


def test_a_service_is_a_job_and_an_instance_and_the_rest_stands_in_target_info() -> None:
    origin = Resources(OtlpOptions()).origin(SERVICE)
    assert origin.labels == {"job": "web/shop", "instance": "i1"}
    assert origin.info == 'target_info{host_name="h1",instance="i1",job="web/shop"}'
    assert origin.fault == ""


def test_a_resource_that_is_no_service_has_all_its_attributes_as_labels() -> None:
    origin = Resources(OtlpOptions()).origin(resource(host__name="h1"))
    assert (origin.labels, origin.info) == ({"host_name": "h1"}, "")


def test_promoted_attributes_are_labels_of_all_series() -> None:
    assert Resources(OtlpOptions(frozenset({"host.name"}))).origin(SERVICE).labels["host_name"] == "h1"
    assert Resources(OtlpOptions(frozenset({"*"}))).origin(SERVICE).labels["host_name"] == "h1"


def test_resources_that_nothing_else_would_tell_apart_have_all_their_attributes() -> None:
    resources = Resources(OtlpOptions())
    other = resource(service__name="shop", service__namespace="web", service__instance__id="i1", host__name="h2")
    resources.note_shared([SERVICE, SERVICE])
    assert "host_name" not in resources.origin(SERVICE).labels
    resources.note_shared([SERVICE, other])
    assert [resources.origin(each).labels["host_name"] for each in (SERVICE, other)] == ["h1", "h2"]
    assert resources.origin(SERVICE).raw != resources.origin(other).raw


def test_a_scope_adds_its_name_version_and_attributes() -> None:
    origin = Resources(OtlpOptions()).origin(SERVICE)
    scope = {"name": "lib", "version": "1.0", **resource(part="a")}
    scoped = with_scope(origin, scope, "http://schema")
    assert scoped.labels == origin.labels | {
        "otel_scope_name": "lib", "otel_scope_version": "1.0", "otel_scope_schema_url": "http://schema", "otel_scope_part": "a",
    }  # fmt: skip
    assert (scoped.info, scoped.raw != origin.raw) == (origin.info, True)
    assert with_scope(origin, {}, "") is origin


def test_the_same_part_has_the_same_bytes() -> None:
    assert raw_of(b"x") == b"x"
    assert raw_of(SERVICE) == raw_of(dict(SERVICE)) != raw_of(resource(host__name="h1"))
