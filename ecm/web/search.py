"""Search: the box of every page, with filters below it and what was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Invalid, NotFound
from ecm.finding import SearchPage
from ecm.models import Deal
from ecm.search.errors import BadQuery
from ecm.search.interface import Sort
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.addresses import page_number
from ecm.web.current import actor, begin, library

pages = Blueprint("search", __name__)

PER_PAGE = 20
DEALS_OFFERED = 200
FILTERS = ("kind", "deal", "tag", "from", "to", "sort")
AROUND = 40
"""How many letters of a wrong query are shown before and after the place at fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The place of a query that is not understood: the text around it, cut so that the place is in sight."""

    text: str
    before: str
    at: str
    after: str


@pages.get("/search")
def index() -> BaseResponse:
    """What was found, or the place where the query is wrong. Nothing typed is lost."""
    q = request.args.get("q", "").strip()
    values = {name: request.args.get(name, "").strip() for name in FILTERS}
    found: SearchPage | None = None
    fault: Fault | None = None
    errors: dict[str, str] = {}
    try:
        found = _search(q, values)
    except BadQuery as error:
        fault = _fault(q, error)
    except Invalid as error:
        errors = {error.field: messages.of_error(error).text}
    with begin() as tx:
        page = render_template(
            "search/index.html",
            q=q,
            values=values,
            found=found,
            fault=fault,
            errors=errors,
            is_filtered=any(value for name, value in values.items() if name != "sort"),
            names=tx.users.names(item.document.current.uploaded_by_id for item in found or ()),
            deals=tx.deals.list(per_page=DEALS_OFFERED),
            deal=_deal(tx, values["deal"]),
        )
    return make_response(page, 400 if fault else 422 if errors else 200)


def _search(q: str, values: dict[str, str]) -> SearchPage:
    deal = re.match(r"№?\s*(\d+)", values["deal"], re.ASCII)
    if values["deal"] and not deal:
        raise Invalid("deal", "one of the list")
    return library().search(
        actor(),
        q,
        deal=deal[1] if deal else None,
        kind=values["kind"] or None,
        tag=values["tag"] or None,
        from_=values["from"] or None,
        to=values["to"] or None,
        sort=cast(Sort, values["sort"] or "relevance"),
        page=page_number(),
        per_page=PER_PAGE,
    )


def _fault(q: str, error: BadQuery) -> Fault:
    start = min(error.position, len(q))
    end = start + max(1, len(error.fragment))
    before, after = q[max(0, start - AROUND) : start], q[end : end + AROUND]
    return Fault(
        messages.of_error(error).text,
        ("…" if start > AROUND else "") + before,
        q[start:end],
        after + ("…" if end + AROUND < len(q) else ""),
    )


def _deal(tx: UnitOfWork, typed: str) -> Deal | None:
    """The deal that the filter names, to be told by its title."""
    number = re.match(r"№?\s*(\d+)", typed, re.ASCII)
    try:
        return tx.deals.get(number[1]) if number else None
    except NotFound:
        return None
