"""Saved filters: conditions and an order under a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from ecm.cards.conditions import Condition, Conditions
from ecm.cards.kinds import KINDS
from ecm.cards.lists import NEWEST
from ecm.errors import Forbidden, Invalid, NotFound
from ecm.ids import parse_id
from ecm.models import SavedFilter
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

NAME_MOST_CHARS = 100
FILTERS_MOST = 200


class SavedFilters:
    """The filters that the actor may use: their own, and those shared with the company."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        kind: str,
        name: str,
        conditions: Sequence[Condition],
        *,
        sort: str = NEWEST,
        shared: bool = False,
    ) -> SavedFilter:
        """Keep conditions on a list of cards of a kind under a name. Invalid: what `CardLists.find` would
        refuse, or too many filters of one's own."""
        actor = self._tx.require_actor()
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        label = clean_line("name", name)
        if len(label) > NAME_MOST_CHARS:
            raise Invalid("name", f"{NAME_MOST_CHARS} characters at most")
        if self._count_own(kind) >= FILTERS_MOST:
            raise Invalid("filters", f"{FILTERS_MOST} of one's own at most")
        Conditions(self._tx, kind).sql(conditions)
        self._tx.lists.check_sort(kind, sort)
        saved = SavedFilter(
            company_id=actor.company_id,
            user_id=actor.user_id,
            card_kind=kind,
            name=label,
            conditions=[[each.field, each.operator, each.value] for each in conditions],
            sort=sort,
            is_shared=shared,
        )
        self._tx.session.add(saved)
        self._tx.session.flush()
        return saved

    def list(self, kind: str) -> Sequence[SavedFilter]:
        """The filters for a kind, by name."""
        actor = self._tx.require_actor()
        query = select(SavedFilter).where(
            SavedFilter.company_id == actor.company_id,
            SavedFilter.card_kind == kind,
            or_(SavedFilter.user_id == actor.user_id, SavedFilter.is_shared),
        )
        return self._tx.session.scalars(query.order_by(SavedFilter.name, SavedFilter.id)).all()

    def get(self, id: int | str) -> SavedFilter:
        """A filter by id. NotFound, also for another user's own."""
        actor = self._tx.require_actor()
        saved = self._tx.session.get(SavedFilter, parse_id("filter", id))
        if saved is None or saved.company_id != actor.company_id:
            raise NotFound("filter", id)
        if saved.user_id != actor.user_id and not saved.is_shared:
            raise NotFound("filter", id)
        return saved

    def delete(self, saved: SavedFilter) -> None:
        """Delete a filter: one's own, or for an administrator any shared one. Forbidden; NotFound."""
        actor = self._tx.require_actor()
        saved = self.get(saved.id)
        if saved.user_id != actor.user_id and not actor.is_admin:
            raise Forbidden("deleting a colleague's filter", "admin")
        self._tx.session.delete(saved)
        self._tx.session.flush()

    def _count_own(self, kind: str) -> int:
        actor = self._tx.require_actor()
        query = select(func.count()).where(
            SavedFilter.company_id == actor.company_id,
            SavedFilter.card_kind == kind,
            SavedFilter.user_id == actor.user_id,
        )
        return self._tx.session.scalar(query) or 0


def conditions_of(saved: SavedFilter) -> list[Condition]:
    """The conditions that were kept."""
    return [Condition(field, operator, value) for field, operator, value in saved.conditions]
