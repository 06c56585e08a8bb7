"""The shapes of requests and answers, for checking what comes in and for the OpenAPI document.

What several resources share is here; a resource's own shapes are in its file. Answers are built in `shown`;
a test compares them with these.
"""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Integer, String
from apiflask.validators import Range
from marshmallow import INCLUDE

from ecm.paging import PER_PAGE_MOST


class PageQuery(Schema):
    """Which page of a list."""

    page = Integer(load_default=1, validate=Range(min=1, max=10**9))
    per_page = Integer(load_default=50, validate=Range(min=1, max=PER_PAGE_MOST))


class PageOut(Schema):
    """What all lists have in common. With `total_capped` there are more than `total`."""

    total = Integer(required=True)
    page = Integer(required=True)
    per_page = Integer(required=True)
    total_capped = Boolean()


class Problem(Schema):
    """An error (RFC 9457). Its facts stand beside these."""

    class Meta:
        """There may be more."""

        unknown = INCLUDE

    type = String(required=True)
    title = String(required=True)
    status = Integer(required=True)
    detail = String(required=True)
    code = String(required=True)
