"""The shapes of the installation's companies."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import DateTime, Integer, List, Nested, String

from ecm.api.schemas import PageOut
from ecm.api.schemas.tariffs import TariffOut


class CompanyIn(Schema):
    """A new company."""

    name = String(required=True)
    tariff = String(load_default="free")


class CompanyOut(Schema):
    """A company on the installation. `held_bytes` is what its tariff's limit is compared with."""

    id = String(required=True)
    name = String(required=True)
    created_at = DateTime(required=True)
    tariff = Nested(TariffOut, required=True)
    held_bytes = Integer(required=True)


class CompanyPage(PageOut):
    """Companies, the newest first."""

    items = List(Nested(CompanyOut), required=True)
