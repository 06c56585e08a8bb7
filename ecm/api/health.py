"""For those who watch the service: whether it lives, whether it can serve, and its figures."""

from __future__ import annotations

import logging

from apiflask import APIBlueprint
from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from ecm.api import shown
from ecm.api.authentication import library
from ecm.api.metrics import metrics
from ecm.condition import probe

logger = logging.getLogger(__name__)

blueprint = APIBlueprint("health", __name__, enable_openapi=False)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return shown.answer({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether database, storage and index answer; else 503, and which of them does not."""
    parts = {}
    for part, error in probe(library()).items():
        if error is not None:
            logger.error("%s does not answer", part, exc_info=error)
        parts[part] = "ok" if error is None else "failed"
    is_ready = "failed" not in parts.values()
    return shown.answer({"status": "ok" if is_ready else "failed", **parts}, 200 if is_ready else 503)


@blueprint.get("/metrics")
def figures() -> Response:
    """Figures in Prometheus' text format."""
    return current_app.response_class(metrics().expose(), content_type=CONTENT_TYPE_LATEST)
