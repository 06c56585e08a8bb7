"""The platform: companies and tariffs. For operators."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ecm.access import require_operator
from ecm.api import shown
from ecm.api.authentication import current_actor, library
from ecm.api.quota import change_tariff, tariff_page
from ecm.api.schemas import PageQuery
from ecm.api.schemas.companies import CompanyIn, CompanyOut, CompanyPage
from ecm.api.schemas.tariffs import (
    TariffChangeIn,
    TariffChangeOut,
    TariffChoice,
    TariffIn,
    TariffOut,
    TariffPage,
)
from ecm.errors import Invalid, NotFound, Taken
from ecm.models import Company
from ecm.unit_of_work import UnitOfWork

blueprint = APIBlueprint("admin", __name__, url_prefix="/api/v1/admin")


@blueprint.before_request
def check_role() -> None:
    """Forbidden for all but operators, whatever else is wrong with the request."""
    require_operator(current_actor(), "the platform")


@blueprint.get("/companies")
@blueprint.input(PageQuery, location="query")
@blueprint.output(CompanyPage)
@blueprint.doc(responses=[403])
def companies(query_data: dict[str, int]) -> Response:
    """All companies, the newest first."""
    with library().begin(current_actor()) as tx:
        found = tx.companies.list(**query_data)
        rows = tx.tariffs.of_companies(found)
    return shown.answer(shown.page(found, [shown.company(each, rows[each.id]) for each in found]))


@blueprint.post("/companies")
@blueprint.input(CompanyIn)
@blueprint.output(CompanyOut, status_code=201)
@blueprint.doc(responses=[403])
def add_company(json_data: dict[str, str]) -> Response:
    """Add a company."""
    with library().begin(current_actor()) as tx:
        try:
            company = tx.companies.add(json_data["name"], tariff=json_data["tariff"])
        except NotFound:
            raise Invalid("tariff", "the code of a tariff that there is") from None
        return _answer(tx, company, 201)


@blueprint.get("/companies/<id>")
@blueprint.output(CompanyOut)
@blueprint.doc(responses=[403])
def company(id: str) -> Response:
    """One company."""
    with library().begin(current_actor()) as tx:
        return _answer(tx, tx.companies.get(id))


@blueprint.put("/companies/<id>/tariff")
@blueprint.input(TariffChoice)
@blueprint.output(TariffChangeOut)
@blueprint.doc(responses=[403])
def choose(id: str, json_data: dict[str, Any]) -> Response:
    """Put a company on a tariff; with `dry_run` only tell who would be over."""
    with library().begin(current_actor()) as tx:
        return change_tariff(tx, json_data, company=tx.companies.get(id))


@blueprint.get("/tariffs")
@blueprint.input(PageQuery, location="query")
@blueprint.output(TariffPage)
@blueprint.doc(responses=[403])
def tariffs(query_data: dict[str, int]) -> Response:
    """The tariffs that there are, the smallest first."""
    with library().begin(current_actor()) as tx:
        return tariff_page(tx, **query_data)


@blueprint.post("/tariffs")
@blueprint.input(TariffIn)
@blueprint.output(TariffOut, status_code=201)
@blueprint.doc(responses=[403, 409])
def add_tariff(json_data: dict[str, Any]) -> Response:
    """Add a tariff."""
    code = json_data["code"].strip()
    with library().begin(current_actor()) as tx:
        if any(tariff.code == code for tariff in tx.tariffs.list()):
            raise Taken("code", code)
        return shown.answer(shown.tariff(tx.tariffs.save(**json_data)), 201)


@blueprint.put("/tariffs/<code>")
@blueprint.input(TariffChangeIn)
@blueprint.output(TariffOut)
@blueprint.doc(responses=[403])
def edit_tariff(code: str, json_data: dict[str, Any]) -> Response:
    """Edit a tariff for all companies that are on it, at once; or add it."""
    with library().begin(current_actor()) as tx:
        return shown.answer(shown.tariff(tx.tariffs.save(code, **json_data)))


def _answer(tx: UnitOfWork, company: Company, status: int = 200) -> Response:
    rows = tx.tariffs.of_companies([company])
    return shown.answer(shown.company(company, rows[company.id]), status)
