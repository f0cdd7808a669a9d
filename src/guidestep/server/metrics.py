"""Counts and times for Prometheus, none of which names a patient, a user or a client."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MULTIPLE = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which workers put their counts together."""

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one application.

    >>> metrics = Metrics()
    >>> metrics.seen("hook", 200, 0.004)
    >>> b'guidestep_requests_total{endpoint="hook",status="200"} 1.0' in metrics.text()
    True
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "guidestep_requests", "Requests answered.", ["endpoint", "status"], registry=registry
        )
        self._seconds = Histogram(
            "guidestep_request_seconds",
            "Time to answer.",
            ["endpoint"],
            registry=registry,
            buckets=_BUCKETS,
        )
        self._outcomes = Counter(
            "guidestep_outcomes",
            "Recommendations given.",
            ["service", "outcome"],
            registry=registry,
        )
        self._fetches = Counter(
            "guidestep_fetches",
            "Requests to FHIR servers and for keys.",
            ["kind", "result"],
            registry=registry,
        )
        self._feedback = Counter(
            "guidestep_feedback", "Feedback on cards.", ["service", "outcome"], registry=registry
        )
        self._refused_tokens = Counter(
            "guidestep_refused_tokens", "Tokens refused.", ["reason"], registry=registry
        )
        self._disagreements = Counter(
            "guidestep_engine_disagreements",
            "Calls without an answer because the engines differ.",
            registry=registry,
        )
        self._log_failures = Counter(
            "guidestep_log_failures", "Decisions that could not be recorded.", registry=registry
        )

    def seen(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one request; the endpoint is the name of a route, never a path as sent."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def answered(self, service: str, outcome: str) -> None:
        """Count one recommendation."""
        self._outcomes.labels(service, outcome).inc()

    def fetched(self, kind: str, result: str) -> None:
        """Count one request to another server."""
        self._fetches.labels(kind, result).inc()

    def given_feedback(self, service: str, outcome: str) -> None:
        """Count one feedback on a card."""
        self._feedback.labels(service, outcome).inc()

    def refused_token(self, reason: str) -> None:
        """Count one token that was refused."""
        self._refused_tokens.labels(reason).inc()

    def disagreed(self) -> None:
        """Count one patient on whom the engines differ."""
        self._disagreements.inc()

    def log_failed(self) -> None:
        """Count one decision that could not be recorded."""
        self._log_failures.inc()

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus, of all workers together."""
        if os.environ.get(MULTIPLE):
            from prometheus_client import multiprocess

            together = CollectorRegistry()
            multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)
