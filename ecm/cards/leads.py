"""Leads: somebody who may become a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ecm.cards.cards import DEFAULT_COUNTRY, DEFAULT_CURRENCY
from ecm.cards.countries import parse_country
from ecm.cards.money import parse_amount, parse_currency
from ecm.cards.tax_numbers import parse_tax_number
from ecm.cards.texts import clean_long, clean_short
from ecm.errors import Invalid
from ecm.models import Card, Lead
from ecm.paging import Page, paginate

if TYPE_CHECKING:
    from ecm.cards.contact_points import GivenPoint
    from ecm.unit_of_work import UnitOfWork

LINES: Final = {
    "first_name": 100,
    "middle_name": 100,
    "last_name": 100,
    "job_title": 200,
    "organization_name": 300,
    "source": 100,
}
"""The fields of one line, and how many characters each takes."""
ADDRESS_MOST_CHARS: Final = 1000


class Leads:
    """The leads of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        title: str,
        *,
        pipeline: int | str | None = None,
        stage: str | None = None,
        amount: Decimal | str | None = None,
        currency: str = DEFAULT_CURRENCY,
        country: str = DEFAULT_COUNTRY,
        tax_number: str | None = None,
        address: str | None = None,
        contact: int | str | None = None,
        organization: int | str | None = None,
        phones: Sequence[GivenPoint] = (),
        emails: Sequence[GivenPoint] = (),
        owner_id: int | str | None = None,
        team_id: int | str | None = None,
        fields: Mapping[str, object] | None = None,
        reason: str | None = None,
        **lines: str | None,
    ) -> Lead:
        """A new lead, owned by the actor unless told otherwise, in a stage (its code) of a pipeline (its code
        or id): by default the first of the first; in one for junk with a `reason`. `lines` are any of
        `LINES`; `contact` and `organization` are ids of the cards of a client who is known already.

        Invalid names the wrong value; MissingFields lists all that the stage asks for; Forbidden.
        """
        way = self._tx.pipelines.way("lead", pipeline, stage)
        if unknown := sorted(lines.keys() - LINES.keys()):
            raise Invalid(unknown[0], "no such field of a lead")
        land = parse_country(country)
        lead = Lead(
            pipeline_id=way.pipeline_id,
            stage_id=way.id,
            junk_reason=self._tx.stages.reason(way, reason),
            amount=parse_amount(amount),
            currency=parse_currency(currency),
            country=land,
            tax_number=parse_tax_number(land, tax_number, of_person=None),
            address=clean_long("address", address, ADDRESS_MOST_CHARS),
            contact_id=self._card("contact", contact),
            organization_id=self._card("organization", organization),
            **{name: clean_short(name, lines.get(name), most) for name, most in LINES.items()},
        )
        return self._tx.cards.add(
            lead,
            title=title,
            owner_id=owner_id,
            team_id=team_id,
            phones=phones,
            emails=emails,
            fields=fields,
        )

    def get(self, id: int | str) -> Lead:
        """A lead by id. NotFound."""
        card = self._tx.cards.get(id, kind="lead")
        assert isinstance(card, Lead)
        return card

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Lead]:
        """The company's leads, newest first."""
        query = (
            select(Lead)
            .where(Card.company_id == self._tx.company_id, Card.kind == "lead", Card.deleted_at.is_(None))
            .order_by(Card.id.desc())
        )
        return paginate(self._tx.session, query, page, per_page)

    def is_repeat(self, lead: Lead) -> bool:
        """Whether the lead is of a client who is known already: such a one converts to a deal only."""
        return bool(self._tx.cards.many([lead.contact_id, lead.organization_id]))

    def update(
        self,
        lead: Lead,
        *,
        phones: Sequence[GivenPoint] | None = None,
        emails: Sequence[GivenPoint] | None = None,
        fields: Mapping[str, object] | None = None,
        reason: str | None = None,
        **changes: object,
    ) -> Lead:
        """Change any of what `add` takes but the pipeline; then move the lead to `stage` (its code), for a
        `reason` when it is junk. Only a conversion brings it to a stage of quality.

        Invalid names the wrong one; MissingFields; LeadConverted; ManagedByApplication.
        """
        lead = self._tx.cards.own(lead)
        stage = changes.pop("stage", None)
        if "pipeline" in changes and changes.pop("pipeline") not in (
            lead.pipeline.code,
            str(lead.pipeline_id),
        ):
            raise Invalid("pipeline", "the lead's own pipeline: a lead does not change it")
        parsed = self._parse(lead, changes)
        if parsed.get("amount", lead.amount) != lead.amount and self._tx.products.has_any(lead):
            raise Invalid("amount", "the total of the lead's products: change those")
        with self._tx.session.begin_nested():  # a move that is refused leaves nothing changed
            if parsed or fields or phones is not None or emails is not None:
                self._tx.cards.change(lead, parsed, phones=phones, emails=emails, fields=fields)
            if stage is not None:
                self._tx.stages.move(lead, str(stage), reason=reason)
        return lead

    def _parse(self, lead: Lead, changes: Mapping[str, object]) -> dict[str, Any]:
        parsed: dict[str, Any] = {}
        for name, value in changes.items():
            text = None if value is None else str(value)
            match name:
                case "title":
                    parsed[name] = text or ""
                case "amount":
                    parsed[name] = parse_amount(text)
                case "currency":
                    parsed[name] = parse_currency(text or "")
                case "country":
                    parsed[name] = parse_country(text or "")
                case "tax_number":
                    land = parse_country(str(changes.get("country", lead.country)))
                    parsed[name] = parse_tax_number(land, text, of_person=None)
                case "address":
                    parsed[name] = clean_long(name, text, ADDRESS_MOST_CHARS)
                case "contact" | "organization":
                    parsed[name] = self._card(name, text or None)
                case "owner_id" | "team_id":
                    parsed[name.removesuffix("_id")] = text or None
                case _ if name in LINES:
                    parsed[name] = clean_short(name, text, LINES[name])
                case _:
                    raise Invalid(name, "no such field of a lead")
        if "country" in parsed and "tax_number" not in parsed:  # the one that stays has to be one there
            parsed["tax_number"] = parse_tax_number(parsed["country"], lead.tax_number, of_person=None)
        return parsed

    def _card(self, kind: str, id: int | str | None) -> int | None:
        return None if id is None else self._tx.cards.get(id, kind=kind).id
