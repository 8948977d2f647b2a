"""Counters for Prometheus; none of them says anything about a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from cardiolex.server.crew import Crew

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What happened since the server started."""

    def __init__(self, crew: Crew) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_CrewCounts(crew))
        self.requests = Counter(
            "cardiolex_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "cardiolex_request_seconds",
            "Time to answer a request.",
            ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The exposition format."""
        text: bytes = generate_latest(self.registry)
        return text


class _CrewCounts:
    """Reads the crew when it is asked."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew

    def collect(self) -> Iterator[Any]:
        crew, counts = self.crew, self.crew.counts
        waiting = "Requests that wait for a worker."
        yield GaugeMetricFamily("cardiolex_waiting", waiting, crew.waiting)
        yield GaugeMetricFamily("cardiolex_workers", "Workers that are ready.", len(crew.pids))
        for name, text, value in (
            ("batches", "Batches handed to workers.", counts.batches),
            ("batched_requests", "Requests in those batches.", counts.batched),
            ("workers_lost", "Workers that died and were replaced.", counts.lost),
            ("workers_late", "Workers that took too long and were replaced.", counts.late),
        ):
            yield CounterMetricFamily(f"cardiolex_{name}", text, value)
