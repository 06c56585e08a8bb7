"""Lists of cards: narrowed by any fields, sorted by any field, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, exists, func, literal, not_, select, union_all

from ecm.cards.conditions import Condition, Conditions, find_custom
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.database import count_capped
from ecm.errors import Invalid
from ecm.models import Base, Card, Field, FieldValue, Option, Pipeline, Stage, Team, User
from ecm.paging import TOTAL_CAP, Page, check_page

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NEWEST: Final = "-created_at"
_NOT_SORTED: Final = ("phones", "emails", "file")
_CARDS: Final = Base.metadata.tables[Card.__tablename__]
_VALUES: Final = Base.metadata.tables[FieldValue.__tablename__]


@dataclass(frozen=True, slots=True)
class StageSum:
    """How many cards stand in a stage, and the sum of their amounts in one currency."""

    stage_id: int
    currency: str
    cards: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Order:
    """What rows are sorted by: a column (None: by their age alone), and `table`, the one to begin with, whose
    index has them in order: that of all cards, that of the kind, or values that fulfil `wheres`. `joins` are
    what the column needs besides.

    `is_empty` is the condition that a card has no value. Those come last, whichever way the others go.
    """

    table: FromClause
    column: Any
    descending: bool
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    wheres: tuple[ColumnElement[bool], ...] = ()
    is_empty: ColumnElement[bool] | None = None

    def of(self, *columns: Any) -> list[ColumnElement[Any]]:
        """The order by some columns."""
        return [column.desc() if self.descending else column.asc() for column in columns]


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
        order = self._order(kind, sort, conditions)
        items = self._page(kind, conditions, order, (page - 1) * per_page, per_page)
        if page == 1 and len(items) < per_page:
            return Page(items, len(items), page, per_page)
        total, capped = count_capped(self._tx.session, self._select(kind, conditions)[0], TOTAL_CAP)
        return Page(items, total, page, per_page, capped)

    def newest(self, kind: str, conditions: Sequence[Condition], most: int) -> list[Card]:
        """So many of the newest cards that fulfil all conditions, without counting them. Invalid."""
        return self._page(kind, conditions, self._order(kind, NEWEST, conditions), 0, most)

    def sum_by_stage(
        self, kind: str, pipeline: Pipeline, conditions: Sequence[Condition] = ()
    ) -> list[StageSum]:
        """For the deals or leads of a pipeline that fulfil all conditions: how many stand in each stage, and
        the sums of their amounts, by currency. Exact."""
        own = KINDS[kind].table
        groups = (own.c.stage_id, own.c.currency)
        sums = (*groups, func.count(), func.sum(own.c.amount))
        if conditions:
            narrowed, _ = self._select(kind, conditions, own)
            queries = [narrowed.with_only_columns(*sums, literal(1))]
        else:
            # All less the deleted ones: an index has the sums of all, and to look at each card takes longest.
            everything = select(*sums, literal(1)).where(own.c.company_id == self._tx.company_id)
            deleted = select(*sums, literal(-1)).select_from(_CARDS.join(own, own.c.card_id == _CARDS.c.id))
            deleted = deleted.where(
                _CARDS.c.company_id == self._tx.company_id,
                _CARDS.c.kind == kind,
                _CARDS.c.deleted_at.is_not(None),
            )
            queries = [everything, deleted]
        found: defaultdict[tuple[int, str], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
        of_pipeline = [each.where(own.c.pipeline_id == pipeline.id).group_by(*groups) for each in queries]
        for stage, currency, cards, amount, sign in self._tx.session.execute(union_all(*of_pipeline)):
            found[stage, currency][0] += sign * cards
            found[stage, currency][1] += sign * (amount or Decimal(0))
        return [StageSum(*group, cards, amount) for group, (cards, amount) in sorted(found.items()) if cards]

    def check_sort(self, kind: str, sort: str) -> None:
        """Invalid when cards of a kind are not sorted so."""
        self._order(kind, sort)

    def _page(
        self, kind: str, conditions: Sequence[Condition], order: _Order, offset: int, limit: int
    ) -> list[Card]:
        ids = self._ids(kind, conditions, order, offset, limit)
        # By their ids alone, which are the company's: SQLite would go through all that the company has.
        query = select(KINDS[kind].model).where(Card.id.in_(ids))
        cards = {card.id: card for card in self._tx.session.scalars(query)}
        return [cards[id] for id in ids if id in cards]

    def _ids(
        self, kind: str, conditions: Sequence[Condition], order: _Order, offset: int, limit: int
    ) -> list[int]:
        """First those with a value, then the others: an index has each of the two in order."""
        query = self._sorted(kind, conditions, order)
        ids = list(self._tx.session.scalars(query.limit(limit).offset(offset)))
        if order.is_empty is None or len(ids) == limit:
            return ids
        filled = offset + len(ids)
        if not ids and offset:
            filled = self._tx.session.scalar(select(func.count()).select_from(query.subquery())) or 0
        rest = self._empty(kind, conditions, order)
        rest = rest.limit(limit - len(ids)).offset(max(0, offset - filled))
        return ids + list(self._tx.session.scalars(rest))

    def _sorted(self, kind: str, conditions: Sequence[Condition], order: _Order) -> Select[Any]:
        query, id = self._select(kind, conditions, order.table, order.joins)
        columns = (id,) if order.column is None else (order.column, id)
        filled = () if order.is_empty is None else (order.column.is_not(None),)
        return query.where(*order.wheres, *filled).order_by(*order.of(*columns))

    def _empty(self, kind: str, conditions: Sequence[Condition], order: _Order) -> Select[Any]:
        """The cards without a value, by their age. Their column is told as well where an index begins with
        it: PostgreSQL does not see that nothing is in order by itself."""
        assert order.is_empty is not None
        is_custom = bool(order.wheres)
        query, id = self._select(kind, conditions, _CARDS if is_custom else order.table)
        columns = (id,) if is_custom or order.joins else (order.column, id)
        return query.where(order.is_empty).order_by(*order.of(*columns))

    def _select(
        self,
        kind: str,
        conditions: Sequence[Condition],
        table: FromClause | None = None,
        joins: Sequence[tuple[Any, ColumnElement[bool]]] = (),
    ) -> tuple[Select[Any], Any]:
        """The ids of the live cards that fulfil all conditions, and the column that has them.

        Databases are led to begin with `table`, by default what the conditions are on: the company is told
        of it alone, and the others are reached by their keys. Left to choose, SQLite, which knows little of
        how many rows there are, begins with all cards and sorts them.
        """
        own, narrowed = KINDS[kind].table, Conditions(self._tx, kind)
        is_of_own = any(narrowed.is_of_own_table(each) for each in conditions)
        if table is None:
            table = own if is_of_own else _CARDS
        wheres = [_CARDS.c.deleted_at.is_(None), *narrowed.sql(conditions)]
        source, id = table, _CARDS.c.id if table is _CARDS else table.c.card_id
        if table is _CARDS:
            wheres += [_CARDS.c.company_id == self._tx.company_id, _CARDS.c.kind == kind]
        else:
            source = source.join(_CARDS, _CARDS.c.id == id)
            wheres.append(table.c.company_id == self._tx.company_id)
        if is_of_own and table is not own:
            source = source.join(own, own.c.card_id == id)
        for other, on in joins:
            source = source.join(other, on)
        return select(id).select_from(source).where(*wheres), id

    def _order(self, kind: str, sort: str, conditions: Sequence[Condition] = ()) -> _Order:
        descending, name = sort.startswith("-"), sort.removeprefix("-")
        if name.startswith(CUSTOM):
            field = find_custom(self._tx, kind, name, "sort")
            return _order_by_custom(field, descending=descending)
        own = KINDS[kind].field(name)
        if own is None or own.type in _NOT_SORTED:
            raise Invalid("sort", f"{name[:100]}: nothing that the kind {kind} is sorted by")
        if name == "created_at":  # ids grow with time
            narrowed = Conditions(self._tx, kind)
            is_of_own = any(narrowed.is_of_own_table(each) for each in conditions)
            return _Order(KINDS[kind].table if is_of_own else _CARDS, None, descending)
        if name == "title":
            return _Order(_CARDS, _CARDS.c.title_key, descending)
        table = _CARDS if own.attribute in _CARDS.c else KINDS[kind].table
        column = table.c[own.attribute]
        is_empty = column.is_(None) if column.nullable else None
        match own.type:
            case "user":
                return _Order(table, User.name, descending, ((User, User.id == column),), (), is_empty)
            case "team":
                return _Order(table, Team.name, descending, ((Team, Team.id == column),), (), is_empty)
            case "card":
                other = _CARDS.alias()
                joins = ((other, other.c.id == column),)
                return _Order(table, other.c.title_key, descending, joins, (), is_empty)
            case "pipeline":
                return _Order(table, Pipeline.position, descending, ((Pipeline, Pipeline.id == column),))
            case "stage":
                return _Order(table, Stage.position, descending, ((Stage, Stage.id == column),))
        return _Order(table, column, descending, is_empty=is_empty)


def _order_by_custom(field: Field, *, descending: bool) -> _Order:
    if field.type in _NOT_SORTED:
        raise Invalid("sort", f"{field.name}: nothing that cards are sorted by")
    value = _VALUES.alias()
    first = (value.c.field_id == field.id, value.c.position == 0)
    column: Any = value.c.number
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    match field.type:
        case "list":
            column, joins = Option.position, ((Option, Option.id == value.c.option_id),)
        case "user":
            column, joins = User.name, ((User, User.id == value.c.user_id),)
        case "date":
            column = value.c.day
        case "text" | "link":
            column = value.c.text_key
    is_empty = not_(exists().where(FieldValue.card_id == Card.id, FieldValue.field_id == field.id))
    return _Order(value, column, descending, joins, first, is_empty)
