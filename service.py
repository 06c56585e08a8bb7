"""The front door: `create_app(settings)` is the service, for any WSGI server or a test."""

from ecm.api.application import create_app

__all__ = ["create_app"]
