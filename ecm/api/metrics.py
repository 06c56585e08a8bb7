"""Figures for Prometheus: what was asked, how long it took, what moved, and what waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from ecm.app import Ecm
from ecm.condition import Figures, measure
from ecm.errors import EcmError

logger = logging.getLogger(__name__)

BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
UNKNOWN_ROUTE = "unknown"


class Metrics:
    """The figures of one process, in a registry of their own."""

    def __init__(self, app: Ecm) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ecm_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.durations_s = Histogram(
            "ecm_request_seconds",
            "Time until an answer began",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.uploaded_bytes = Counter("ecm_uploaded_bytes", "Bytes stored", registry=self.registry)
        self.downloaded_bytes = Counter("ecm_downloaded_bytes", "Bytes handed out", registry=self.registry)
        self.registry.register(StateCollector(app))
        ProcessCollector(registry=self.registry)

    def expose(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)


class StateCollector(Collector):
    """What the database says of the whole installation, asked when somebody collects."""

    def __init__(self, app: Ecm) -> None:
        self._app = app

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names alone: registering asks no database."""
        return self._gauges(None)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures, or none while the database does not answer. A capped count is enough to see that
        work piles up."""
        try:
            figures = measure(self._app)
        except (EcmError, SQLAlchemyError):
            logger.warning("the database does not answer; its figures are left out", exc_info=True)
            return iter(())
        return self._gauges(figures)

    def _gauges(self, figures: Figures | None) -> Iterator[GaugeMetricFamily]:
        pending, held_bytes = (figures.pending, figures.held_bytes) if figures else (None, None)
        yield GaugeMetricFamily("ecm_pending_documents", "Changes that search has not seen yet", pending)
        yield GaugeMetricFamily(
            "ecm_held_bytes", "Bytes of versions, the trash and uploads under way", held_bytes
        )


def metrics() -> Metrics:
    """The figures of the application that answers just now."""
    found: Metrics = current_app.extensions["ecm_metrics"]
    return found


def init_app(application: Flask) -> None:
    """Count every request of an application, in the figures that `begin` gives it."""
    application.before_request(_start)
    application.after_request(_count)


def begin(application: Flask, app: Ecm) -> None:
    """Start all figures anew, for an open library that the application serves from now on."""
    application.extensions["ecm_metrics"] = Metrics(app)


def _start() -> None:
    g.started_s = time.perf_counter()


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else UNKNOWN_ROUTE
    method = request.method if request.url_rule else "ANY"  # anybody can make up new ones
    figures = metrics()
    figures.requests.labels(method, route, response.status_code).inc()
    started_s = g.get("started_s")
    if started_s is not None:
        figures.durations_s.labels(method, route).observe(time.perf_counter() - started_s)
    return response
