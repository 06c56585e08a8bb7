"""The shapes of tariffs and of what is used of them."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Integer, List, Nested, String
from apiflask.validators import OneOf, Range

from ecm.api.schemas import PageOut

BYTES = Range(min=0, max=2**62 - 1)
"""What a database can hold."""
SCOPES = ("company", "user", "unlimited")


class TariffOut(Schema):
    """A rule on stored bytes; a limit of null is unlimited."""

    code = String(required=True)
    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(required=True, allow_none=True)


class TariffPage(PageOut):
    """Tariffs, the smallest first."""

    items = List(Nested(TariffOut), required=True)


class TariffIn(Schema):
    """A tariff to add. A limit is needed unless the scope is `unlimited`."""

    code = String(required=True)
    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(strict=True, validate=BYTES, load_default=None, allow_none=True)


class TariffChangeIn(Schema):
    """How to edit a tariff, for all companies that are on it."""

    scope = String(required=True, validate=OneOf(SCOPES))
    limit_bytes = Integer(strict=True, validate=BYTES, load_default=None, allow_none=True)


class UsageOut(Schema):
    """Bytes in use: of versions (the trash too), and of uploads under way."""

    used_bytes = Integer(required=True)
    reserved_bytes = Integer(required=True)


class QuotaOut(Schema):
    """What the caller may still store; null is unlimited."""

    tariff = Nested(TariffOut, required=True)
    company = Nested(UsageOut, required=True)
    user = Nested(UsageOut, required=True)
    available_bytes = Integer(required=True, allow_none=True)
    trash_bytes = Integer(required=True)
    purgeable_bytes = Integer(required=True)


class PreflightIn(Schema):
    """How much somebody wants to store."""

    size_bytes = Integer(strict=True, validate=BYTES, required=True)


class WouldFree(Schema):
    """What emptying the trash would free."""

    trash_bytes = Integer(required=True)
    purgeable_bytes = Integer(required=True)


class PreflightOut(Schema):
    """Whether it fits just now."""

    fits = Boolean(required=True)
    available_bytes = Integer(required=True, allow_none=True)
    would_free = Nested(WouldFree, required=True)


class TariffChoice(Schema):
    """Which tariff a company is to have; with `dry_run` only the effect is told."""

    code = String(required=True)
    dry_run = Boolean(load_default=False)


class OverOut(Schema):
    """Who holds more than the tariff allows."""

    scope = String(required=True)
    user_id = String(required=True, allow_none=True)
    email = String(required=True, allow_none=True)
    used_bytes = Integer(required=True)
    limit_bytes = Integer(required=True)
    over_bytes = Integer(required=True)


class TariffChangeOut(Schema):
    """The effect of a change of tariff."""

    code = String(required=True)
    applied = Boolean(required=True)
    over = List(Nested(OverOut), required=True)
