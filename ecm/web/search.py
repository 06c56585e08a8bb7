"""Search: the box of every page, what was found with its facets, and documents like one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Invalid
from ecm.finding import SearchPage
from ecm.models import Deal
from ecm.search.errors import BadQuery
from ecm.search.interface import FACETS, Sort
from ecm.web import facets, messages
from ecm.web.addresses import page_number
from ecm.web.card_choice import chosen_card
from ecm.web.current import actor, begin, library

pages = Blueprint("search", __name__)

PER_PAGE = 20
SIMILAR_SHOWN = 20
SIMILAR_BESIDE = 5
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
    values = {name: request.args.get(name, "").strip() for name in facets.PARAMETERS}
    found: SearchPage | None = None
    fault: Fault | None = None
    errors: dict[str, str] = {}
    deal: Deal | None = None
    try:
        deal = _deal(values["deal"])
        found = _search(q, values, deal)
    except BadQuery as error:
        fault = _fault(q, error)
    except Invalid as error:
        errors = {error.field: messages.of_error(error).text}
    is_blank = not q and not any(values.values())
    page = render_template(
        "search/index.html",
        q=q,
        values=values,
        found=found,
        fault=fault,
        errors=errors,
        facets=facets.of_page(found, values) if found else [],
        chips=facets.chips(found, values, deal),
        deal=deal,
        search_address=facets.address,
        recent=library().suggest(actor(), "").searches if is_blank else (),
    )
    return make_response(page, 400 if fault else 422 if errors else 200)


@pages.post("/search/recent/clear")
def forget() -> BaseResponse:
    """Forget one's recent searches."""
    library().forget_searches(actor())
    return redirect(url_for("pages.search.index"))


@pages.get("/documents/<id>/similar")
def similar(id: str) -> str:
    """Documents like one, on a page of their own, or (with ``part=1``) as a part of the document's page."""
    is_part = request.args.get("part") == "1"
    found = library().similar(actor(), id, limit=SIMILAR_BESIDE if is_part else SIMILAR_SHOWN)
    with begin() as tx:
        document = tx.documents.get(id)
        names = tx.users.names(each.document.current.uploaded_by_id for each in found)
        template = "search/similar_part.html" if is_part else "search/similar.html"
        return render_template(template, document=document, found=found, names=names)


def _search(q: str, values: dict[str, str], deal: Deal | None) -> SearchPage:
    filters = {name: values[name] for name in ("kind", "tag", "to", "format", "year", "by")}
    return library().search(
        actor(),
        q,
        deal=deal.id if deal else None,
        from_=values["from"],
        **filters,
        sort=cast(Sort, values["sort"] or "relevance"),
        page=page_number(),
        per_page=PER_PAGE,
        facets=FACETS,
        remember=True,
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


def _deal(typed: str) -> Deal | None:
    """The deal that the filter names by its number or its title. Invalid."""
    with begin() as tx:
        id = chosen_card(tx, "deal", "deal", typed)
        return None if id is None else tx.deals.get(id)
