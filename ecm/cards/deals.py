"""Deals: an amount, a client, a stage of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select

from ecm.cards.cards import DEFAULT_CURRENCY
from ecm.cards.money import parse_amount, parse_currency
from ecm.cards.texts import clean_short, parse_day
from ecm.errors import Invalid
from ecm.models import Card, Deal
from ecm.paging import Page, paginate

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

SOURCE_MOST_CHARS = 100


class Deals:
    """The deals of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        title: str,
        *,
        amount: Decimal | str | None = None,
        currency: str = DEFAULT_CURRENCY,
        pipeline: int | str | None = None,
        stage: str | None = None,
        contact: int | str | None = None,
        organization: int | str | None = None,
        expected_close: date | str | None = None,
        source: str | None = None,
        owner_id: int | str | None = None,
        team_id: int | str | None = None,
        fields: Mapping[str, object] | None = None,
        reason: str | None = None,
    ) -> Deal:
        """A new deal, owned by the actor unless told otherwise, in a stage (its code) of a pipeline (its code
        or id): by default the first of the first; in one for lost deals with a `reason`. `contact` and
        `organization` are ids of cards.

        Invalid names the wrong value; MissingFields lists all that the stage asks for; Forbidden.
        """
        way = self._tx.pipelines.way("deal", pipeline, stage)
        deal = Deal(
            amount=parse_amount(amount),
            currency=parse_currency(currency),
            pipeline_id=way.pipeline_id,
            stage_id=way.id,
            lost_reason=self._tx.stages.reason(way, reason),
            contact_id=self._card("contact", contact),
            organization_id=self._card("organization", organization),
            expected_close=parse_day("expected_close", expected_close),
            source=clean_short("source", source, SOURCE_MOST_CHARS),
        )
        return self._tx.cards.add(deal, title=title, owner_id=owner_id, team_id=team_id, fields=fields)

    def get(self, id: int | str) -> Deal:
        """A deal by id. NotFound."""
        card = self._tx.cards.get(id, kind="deal")
        assert isinstance(card, Deal)
        return card

    def list(self, *, page: int = 1, per_page: int = 50) -> Page[Deal]:
        """The company's deals, newest first."""
        query = (
            select(Deal)
            .where(Card.company_id == self._tx.company_id, Card.kind == "deal", Card.deleted_at.is_(None))
            .order_by(Card.id.desc())
        )
        return paginate(self._tx.session, query, page, per_page)

    def update(
        self, deal: Deal, *, fields: Mapping[str, object] | None = None, reason: str | None = None,
        **changes: object,
    ) -> Deal:  # fmt: skip
        """Change any of title, amount, currency, contact, organization, expected_close, source, owner_id,
        team_id and custom `fields`; then move it to `stage` (its code), for a `reason` when it is lost.

        Invalid names the wrong one; MissingFields; ManagedByApplication.
        """
        deal = self._tx.cards.own(deal)
        stage = changes.pop("stage", None)
        if "pipeline" in changes and changes.pop("pipeline") not in (
            deal.pipeline.code,
            str(deal.pipeline_id),
        ):
            raise Invalid("pipeline", "the deal's own pipeline: a deal does not change it")
        parsed = dict(self._parse(name, value) for name, value in changes.items())
        if parsed.get("amount", deal.amount) != deal.amount and self._tx.products.has_any(deal):
            raise Invalid("amount", "the total of the deal's products: change those")
        with self._tx.session.begin_nested():  # a move that is refused leaves nothing changed
            if parsed or fields:
                self._tx.cards.change(deal, parsed, fields=fields)
            if stage is not None:
                self._tx.stages.move(deal, str(stage), reason=reason)
        return deal

    def _parse(self, name: str, value: object) -> tuple[str, object]:
        text = None if value is None else str(value)
        match name:
            case "title":
                return name, text or ""
            case "amount":
                return name, parse_amount(text)
            case "currency":
                return name, parse_currency(text or "")
            case "contact" | "organization":
                return name, self._card(name, text or None)
            case "expected_close":
                return name, parse_day(name, value if isinstance(value, date) else text)
            case "source":
                return name, clean_short(name, text, SOURCE_MOST_CHARS)
            case "owner_id" | "team_id":
                return name.removesuffix("_id"), text or None
        raise Invalid(name, "no such field of a deal")

    def _card(self, kind: str, id: int | str | None) -> int | None:
        return None if id is None else self._tx.cards.get(id, kind=kind).id
