"""Lists of cards: narrowed by any fields, sorted by any field, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, not_, select
from sqlalchemy.orm import aliased

from ecm.cards.conditions import Condition, Conditions, find_custom
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.database import count_capped
from ecm.errors import Invalid
from ecm.models import Card, Deal, Field, FieldValue, Lead, Option, Pipeline, Stage, Team, User
from ecm.paging import TOTAL_CAP, Page, check_page

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NEWEST: Final = "-created_at"
_NOT_SORTED: Final = ("phones", "emails", "file")


@dataclass(frozen=True, slots=True)
class StageSum:
    """How many cards stand in a stage, and the sum of their amounts in one currency."""

    stage_id: int
    currency: str
    cards: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Order:
    """What rows are sorted by: a column, the tables that it needs (with how they are joined), and the
    condition that it has no value. Those come last, whichever way the others go."""

    column: Any
    joins: tuple[tuple[Any, ColumnElement[bool]], ...]
    is_empty: ColumnElement[bool] | None
    descending: bool


class CardLists:
    """Lists of the company's cards of one kind, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def find(
        self,
        kind: str,
        conditions: Sequence[Condition] = (),
        *,
        sort: str = NEWEST,
        page: int = 1,
        per_page: int = 50,
    ) -> Page[Card]:
        """A page of the cards that fulfil all conditions, sorted by a field (own, or ``fields.KEY``), with a
        minus before it the largest first; cards without a value in it come last. Invalid."""
        check_page(page, per_page)
        wheres = [*self._live(kind), *Conditions(self._tx, kind).sql(conditions)]
        order = self._order(kind, sort)
        items = self._page(kind, wheres, order, (page - 1) * per_page, per_page)
        if page == 1 and len(items) < per_page:
            return Page(items, len(items), page, per_page)
        total, capped = count_capped(self._tx.session, self._bare(kind, wheres, conditions), TOTAL_CAP)
        return Page(items, total, page, per_page, capped)

    def sum_by_stage(
        self, kind: str, pipeline: Pipeline, conditions: Sequence[Condition] = ()
    ) -> list[StageSum]:
        """For the deals or leads of a pipeline that fulfil all conditions: how many stand in each stage, and
        the sums of their amounts, by currency. Exact."""
        model = Deal if kind == "deal" else Lead
        query = (
            select(model.stage_id, model.currency, func.count(), func.sum(model.amount))
            .where(
                *self._live(kind),
                model.pipeline_id == pipeline.id,
                *Conditions(self._tx, kind).sql(conditions),
            )
            .group_by(model.stage_id, model.currency)
            .order_by(model.stage_id, model.currency)
        )
        return [
            StageSum(stage, currency, cards, amount or Decimal(0))
            for stage, currency, cards, amount in self._tx.session.execute(query)
        ]

    def check_sort(self, kind: str, sort: str) -> None:
        """Invalid when cards of a kind are not sorted so."""
        self._order(kind, sort)

    def _live(self, kind: str) -> list[ColumnElement[bool]]:
        return [Card.company_id == self._tx.company_id, Card.kind == kind, Card.deleted_at.is_(None)]

    def _page(
        self, kind: str, wheres: Sequence[ColumnElement[bool]], order: _Order, offset: int, limit: int
    ) -> list[Card]:
        query = select(KINDS[kind].model).where(*wheres)
        sorted_query = self._sorted(query, order)
        items = list(self._tx.session.scalars(sorted_query.limit(limit).offset(offset)))
        if order.is_empty is None or len(items) == limit:
            return items
        filled = offset + len(items) if items or not offset else self._count(kind, query, order)
        rest = query.where(order.is_empty).order_by(_directed(Card.id, order.descending))
        rest = rest.limit(limit - len(items)).offset(max(0, offset - filled))
        return items + list(self._tx.session.scalars(rest))

    def _sorted(self, query: Select[Any], order: _Order) -> Select[Any]:
        for table, on in order.joins:
            query = query.join(table, on)
        if order.is_empty is not None:
            query = query.where(order.column.is_not(None))
        return query.order_by(_directed(order.column, order.descending), _directed(Card.id, order.descending))

    def _count(self, kind: str, query: Select[Any], order: _Order) -> int:
        filled = self._sorted(query, order).order_by(None).with_only_columns(KINDS[kind].model.id)
        return self._tx.session.scalar(select(func.count()).select_from(filled.subquery())) or 0

    def _bare(
        self, kind: str, wheres: Sequence[ColumnElement[bool]], conditions: Sequence[Condition]
    ) -> Select[Any]:
        """The ids alone, without the kind's own table where nothing asks for it."""
        if not conditions:
            return select(Card.id).where(*wheres)
        return select(KINDS[kind].model.id).where(*wheres)

    def _order(self, kind: str, sort: str) -> _Order:
        descending, name = sort.startswith("-"), sort.removeprefix("-")
        if name.startswith(CUSTOM):
            field = find_custom(self._tx, kind, name, "sort")
            return _order_by_custom(field, descending=descending)
        own = KINDS[kind].field(name)
        if own is None or own.type in _NOT_SORTED:
            raise Invalid("sort", f"{name[:100]}: nothing that the kind {kind} is sorted by")
        model = KINDS[kind].model
        if name == "created_at":  # ids grow with time
            return _Order(Card.id, (), None, descending)
        if name == "title":
            return _Order(Card.title_key, (), None, descending)
        column = getattr(model, own.attribute)
        match own.type:
            case "user":
                return _Order(User.name, ((User, User.id == column),), column.is_(None), descending)
            case "team":
                return _Order(Team.name, ((Team, Team.id == column),), column.is_(None), descending)
            case "card":
                other = aliased(Card, flat=True)
                return _Order(other.title_key, ((other, other.id == column),), column.is_(None), descending)
            case "pipeline":
                return _Order(Pipeline.position, ((Pipeline, Pipeline.id == column),), None, descending)
            case "stage":
                return _Order(Stage.position, ((Stage, Stage.id == column),), None, descending)
        is_empty = column.is_(None) if own.name not in ("updated_at", "currency", "country") else None
        return _Order(column, (), is_empty, descending)


def _order_by_custom(field: Field, *, descending: bool) -> _Order:
    if field.type in _NOT_SORTED:
        raise Invalid("sort", f"{field.name}: nothing that cards are sorted by")
    value = aliased(FieldValue)
    joined = (value, (value.card_id == Card.id) & (value.field_id == field.id) & (value.position == 0))
    is_empty = not_(exists().where(FieldValue.card_id == Card.id, FieldValue.field_id == field.id))
    match field.type:
        case "list":
            option = (Option, Option.id == value.option_id)
            return _Order(Option.position, (joined, option), is_empty, descending)
        case "user":
            return _Order(User.name, (joined, (User, User.id == value.user_id)), is_empty, descending)
        case "date":
            return _Order(value.day, (joined,), is_empty, descending)
        case "text" | "link":
            return _Order(value.text_key, (joined,), is_empty, descending)
    return _Order(value.number, (joined,), is_empty, descending)


def _directed(column: Any, descending: bool) -> ColumnElement[Any]:
    return column.desc() if descending else column.asc()  # type: ignore[no-any-return]
