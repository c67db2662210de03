"""Composition of the intake, which accepts all fed data."""

from __future__ import annotations

import time
from random import SystemRandom

from dashboard.cluster.bus import Bus
from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.cluster.shared_origins import SharedOrigins
from dashboard.cluster.shared_requests import SharedRequests
from dashboard.domain.counters import Counters
from dashboard.domain.series import SeriesLimits
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_events import AcceptEvents
from dashboard.intake.accept_samples import MAX_AHEAD_MS, AcceptSamples
from dashboard.intake.intake import SAME_REQUEST_MS, Intake
from dashboard.intake.push_groups import PushGroups
from dashboard.intake.stats import IngestStats
from dashboard.intake.token_limits import TokenLimits
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings


def series_limits(settings: Settings) -> SeriesLimits:
    """Return the limits of a series' name and labels from the settings."""
    return SeriesLimits(
        settings.max_labels,
        settings.max_label_name_bytes,
        settings.max_label_value_bytes,
        settings.max_series_name_bytes,
        settings.max_series_bytes,
    )


def make_intake(
    settings: Settings,
    journal: Journal,
    replicas: Replicas,
    clock: JournalClock,
    counters: Counters,
    stats: IngestStats,
    bus: Bus,
) -> Intake:
    """Build the intake with all its services."""
    held_by_tokens, held_by_groups = (_ownership(kind, settings, bus) for kind in ("token", "group"))
    rates = SharedRateLimits("token", bus=bus, shared=bool(settings.redis), monotonic=time.monotonic)
    origins = SharedOrigins(
        bus=bus,
        shared=bool(settings.redis),
        max_items=2 * settings.max_series,
        latest_ms=lambda: clock.now_ms() + MAX_AHEAD_MS,
    )
    requests = SharedRequests(bus=bus, shared=bool(settings.redis), now_ms=clock.now_ms, kept_ms=SAME_REQUEST_MS)
    limits = TokenLimits(ownership=held_by_tokens, rates=rates)
    samples = AcceptSamples(
        journal=journal,
        replicas=replicas,
        now_ms=clock.now_ms,
        max_series=settings.max_series,
        limits=limits,
        counters=counters,
        series_limits=series_limits(settings),
    )
    return Intake(
        samples=samples,
        documents=AcceptDocument(
            journal=journal,
            replicas=replicas,
            max_documents=settings.max_documents,
            max_bytes=settings.max_document_bytes,
            limits=limits,
            counters=counters,
        ),
        events=AcceptEvents(journal=journal, replicas=replicas, now_ms=clock.now_ms, counters=counters),
        groups=PushGroups(ownership=held_by_groups, samples=samples),
        shared=(held_by_tokens, held_by_groups, rates, origins, requests),
        origins=origins,
        requests=requests,
        limits=limits,
        counters=counters,
        stats=stats,
    )


def _ownership(kind: str, settings: Settings, bus: Bus) -> SeriesOwnership:
    return SeriesOwnership(
        kind,
        bus=bus,
        max_series=4 * settings.max_series,
        shared=bool(settings.redis),
        monotonic=time.monotonic,
        jitter=SystemRandom().uniform,
    )
