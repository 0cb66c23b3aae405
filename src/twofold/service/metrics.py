"""Counters for Prometheus, and their sums for the dashboard."""

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def route_of(scope: Scope) -> str:
    """The pattern of the route that a request has come to."""
    return getattr(scope.get("route"), "path", "") or "other"


class Metrics:
    """Of one process, since it began. No label names a person, a key or an address."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.since = time.time()
        self.requests = Counter(
            "twofold_requests", "Requests answered.", ("route", "method", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "twofold_request_seconds", "From the first byte to the last.", ("route",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.decisions = Counter(
            "twofold_decisions", "Decisions made.", ("kind", "outcome"), registry=self.registry
        )
        self.refusals = Counter(
            "twofold_refusals", "Requests refused, by code.", ("code",), registry=self.registry
        )
        self.subjects = Gauge("twofold_subjects", "Subjects enrolled.", registry=self.registry)
        self.extracting = Gauge(
            "twofold_extractions", "Requests at a worker or waiting for one.",
            registry=self.registry,
        )  # fmt: skip
        self.replaced = Counter(
            "twofold_workers_replaced", "Workers that died or took too long.",
            registry=self.registry,
        )  # fmt: skip

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request; by its route's pattern, since its path may name a person."""
        route = route_of(scope)
        self.requests.labels(route, scope["method"], str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def decision(self, kind: str, outcome: str) -> None:
        """Count a decision."""
        self.decisions.labels(kind, outcome).inc()

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return bytes(generate_latest(self.registry))

    def sums(self, counter: Counter, label: str) -> dict[str, int]:
        """Counts by one label."""
        found: dict[str, int] = {}
        for sample in self._samples(counter):
            name = sample.labels[label]
            found[name] = found.get(name, 0) + int(sample.value)
        return found

    @staticmethod
    def _samples(counter: Counter) -> list[Any]:
        return [
            sample
            for metric in counter.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        ]
