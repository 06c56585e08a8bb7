"""What may still be stored, and by which rule."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.schemas import PageQuery
from ecm.api.schemas.tariffs import (
    PreflightIn,
    PreflightOut,
    QuotaOut,
    TariffChangeOut,
    TariffChoice,
    TariffPage,
)
from ecm.errors import Invalid, NotFound
from ecm.models import Company
from ecm.paging import Page
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("quota", __name__, url_prefix="/api/v1")


@blueprint.get("/quota")
@blueprint.output(QuotaOut)
def get() -> Response:
    """The caller's and the company's usage, and what is left; null is unlimited."""
    with library().begin(current_actor()) as tx:
        quota = tx.tariffs.quota()
    return shown.answer(shown.quota(quota))


@blueprint.post("/quota/preflight")
@blueprint.input(PreflightIn)
@blueprint.output(PreflightOut)
def preflight(json_data: dict[str, int]) -> Response:
    """Whether so many bytes would fit just now. Reserves nothing."""
    with library().begin(current_actor()) as tx:
        quota = tx.tariffs.quota()
    available = quota.available_bytes
    return shown.answer(
        {
            "fits": available is None or json_data["size_bytes"] <= available,
            "available_bytes": available,
            "would_free": {"trash_bytes": quota.trash_bytes, "purgeable_bytes": quota.purgeable_bytes},
        }
    )


@blueprint.get("/tariffs")
@blueprint.input(PageQuery, location="query")
@blueprint.output(TariffPage)
def tariffs(query_data: dict[str, int]) -> Response:
    """The tariffs that there are, the smallest first."""
    with library().begin(current_actor()) as tx:
        return tariff_page(tx, **query_data)


@blueprint.put("/company/tariff")
@blueprint.input(TariffChoice)
@blueprint.output(TariffChangeOut)
@blueprint.doc(responses=[403])
def choose(json_data: dict[str, Any]) -> Response:
    """Put one's own company on a tariff; with `dry_run` only tell who would be over. Administrators."""
    with library().begin(current_actor()) as tx:
        return change_tariff(tx, json_data, company=None)


def change_tariff(tx: UnitOfWork, choice: dict[str, Any], *, company: Company | None) -> Response:
    """Put a company on a tariff, as the body of a request says."""
    try:
        change = tx.tariffs.change(choice["code"], company=company, dry_run=choice["dry_run"])
    except NotFound as error:
        if error.what == "tariff":
            raise Invalid("code", "the code of a tariff that there is") from None
        raise
    return shown.answer(shown.tariff_change(change))


def tariff_page(tx: UnitOfWork, *, page: int, per_page: int) -> Response:
    """One page of the tariffs, of which there are few."""
    tariffs = tx.tariffs.list()
    items = tariffs[(page - 1) * per_page : page * per_page]
    found = Page(items, len(tariffs), page, per_page)
    return shown.answer(shown.page(found, [shown.tariff(each) for each in items]))
