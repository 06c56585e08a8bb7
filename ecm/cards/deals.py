"""Deals: an amount, a pipeline, a stage."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sqlalchemy import select

from ecm import clock
from ecm.errors import Invalid
from ecm.models import Card, Deal
from ecm.paging import Page, paginate
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

AMOUNT_MOST = Decimal(10) ** 13
DEFAULT_PIPELINE, DEFAULT_STAGE = "sales", "new"


class Deals:
    """The deals of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        title: str,
        *,
        amount: Decimal | str | None = None,
        currency: str = "UAH",
        pipeline: str = DEFAULT_PIPELINE,
        stage: str = DEFAULT_STAGE,
        owner_id: int | str | None = None,
        external_ref: str | None = None,
    ) -> Deal:
        """A new deal, owned by the actor unless told otherwise. Invalid names the wrong value."""
        now = clock.now()
        owner = self._tx.users.get(owner_id) if owner_id is not None else None
        deal = Deal(
            company_id=self._tx.company_id,
            title=clean_line("title", title),
            owner_id=owner.id if owner else self._tx.require_actor().user_id,
            external_ref=external_ref,
            amount=parse_amount(amount),
            currency=parse_currency(currency),
            pipeline=_name("pipeline", pipeline),
            stage=_name("stage", stage),
            created_at=now,
            updated_at=now,
        )
        self._tx.session.add(deal)
        self._tx.session.flush()
        self._tx.audit.record("card.created", "deal", deal.id, title=deal.title)
        return deal

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

    def update(self, deal: Deal, **changes: object) -> Deal:
        """Change any of title, amount, currency, pipeline, stage, owner_id. Invalid names the wrong one."""
        deal = deal if deal in self._tx.session else self.get(deal.id)
        if "title" in changes:
            self._tx.cards.rename(deal, str(changes.pop("title")))
        parsed = {name: self._parse(name, value) for name, value in changes.items()}
        changed = {name: value for name, value in parsed.items() if getattr(deal, name) != value}
        for name, value in changed.items():
            facts = {"field": name, "old": _told(getattr(deal, name)), "new": _told(value)}
            self._tx.audit.record("card.changed", "deal", deal.id, **facts)
            setattr(deal, name, value)
        if changed:
            deal.updated_at = clock.now()
        self._tx.session.flush()
        return deal

    def _parse(self, name: str, value: object) -> object:
        match name:
            case "amount":
                return parse_amount(None if value is None else str(value))
            case "currency":
                return parse_currency(str(value))
            case "pipeline" | "stage":
                return _name(name, str(value))
            case "owner_id":
                return None if value is None else self._tx.users.get(str(value)).id
        raise Invalid(name, "no such field of a deal")


def parse_amount(value: Decimal | str | None) -> Decimal | None:
    """An amount of money, exact to four places. Invalid."""
    if value is None or value == "":
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise Invalid("amount", "a decimal number such as 125000.00") from None
    if not amount.is_finite() or abs(amount) >= AMOUNT_MOST or amount != round(amount, 4):
        raise Invalid("amount", f"a number below {AMOUNT_MOST:,} with four decimal places at most")
    return amount


def parse_currency(value: str) -> str:
    """A currency's three letters, as ISO 4217 has them. Invalid."""
    code = value.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code, re.ASCII):
        raise Invalid("currency", "three letters such as UAH")
    return code


def _name(field: str, value: str) -> str:
    name = clean_line(field, value)
    if len(name) > 100:
        raise Invalid(field, "100 characters at most")
    return name


def _told(value: object) -> str | None:
    return None if value is None else str(value)
