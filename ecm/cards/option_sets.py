"""Option sets: what can be chosen in list fields. Fields of several kinds of card share one set, and so an
option that is edited in one place is edited in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from ecm import clock
from ecm.access import require_admin
from ecm.errors import ChangedMeanwhile, InUse, Invalid, NotFound, Taken
from ecm.ids import parse_id
from ecm.models import Field, FieldValue, Option, OptionSet
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

OPTIONS_MOST: Final = 1000
SET_NAME_MOST_CHARS: Final = 100
OPTION_NAME_MOST_CHARS: Final = 200
_ANEW: Final = {"populate_existing": True}
"""As the rows are now, not as the session read them before the lock."""


class OptionSets:
    """The option sets of the actor's company, within a unit of work. Only administrators change them."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx
        self._loaded: dict[int, tuple[Option, ...]] = {}

    def add(self, name: str, options: Sequence[str] = ()) -> OptionSet:
        """A new set, with options in their order. Invalid; Taken: there is a set of that name, or two of
        the options have one name."""
        self._require_admin()
        name = self._free_name(name)
        names = _clean_options(options)
        session = self._tx.session
        option_set = OptionSet(company_id=self._tx.company_id, name=name)
        try:
            with session.begin_nested():
                session.add(option_set)
        except IntegrityError:  # made by somebody else since we looked
            raise Taken("name", name) from None
        session.add_all(self._option(option_set, each, position) for position, each in enumerate(names))
        self._record("option_set.added", option_set, name=name, options=len(names))
        return option_set

    def get(self, id: int | str) -> OptionSet:
        """A set by id. NotFound."""
        found = self._tx.session.get(OptionSet, parse_id("option set", id))
        if found is None or found.company_id != self._tx.company_id:
            raise NotFound("option set", id)
        return found

    def list(self) -> tuple[OptionSet, ...]:
        """All sets, by name."""
        query = select(OptionSet).where(OptionSet.company_id == self._tx.company_id)
        return tuple(self._tx.session.scalars(query.order_by(OptionSet.name)))

    def rename(self, option_set: OptionSet, name: str) -> None:
        """Give a set another name. Invalid; Taken."""
        self._require_admin()
        option_set = self._lock(option_set)
        if clean_line("name", name) != option_set.name:
            option_set.name = self._free_name(name)
            self._record("option_set.renamed", option_set, name=option_set.name)

    def delete(self, option_set: OptionSet) -> None:
        """Delete a set with its options. InUse: a field has it, be it an archived one."""
        self._require_admin()
        option_set = self._lock(option_set)
        if self._tx.session.scalar(select(Field.id).where(Field.option_set_id == option_set.id).limit(1)):
            raise InUse("option_set", option_set.name, 0)
        self._tx.session.execute(delete(Option).where(Option.option_set_id == option_set.id))
        self._tx.audit.record("option_set.deleted", "option_set", option_set.id, name=option_set.name)
        self._tx.session.delete(option_set)
        self._tx.session.flush()
        self._loaded.clear()

    def options(self, option_set: OptionSet | int, *, archived: bool = False) -> tuple[Option, ...]:
        """The options of a set (or of the set with that id) in their order; archived ones only if told."""
        set_id = option_set if isinstance(option_set, int) else option_set.id
        self.load([set_id])
        return tuple(each for each in self._loaded[set_id] if archived or each.archived_at is None)

    def load(self, set_ids: Iterable[int]) -> None:
        """Read the options of sets in one statement, those that are not read yet: `options` is quick then."""
        if wanted := set(set_ids) - self._loaded.keys():
            self._load(wanted, anew=False)

    def get_option(self, id: int | str) -> Option:
        """An option by id, also an archived one. NotFound."""
        found = self._tx.session.get(Option, parse_id("option", id))
        if found is None or found.company_id != self._tx.company_id:
            raise NotFound("option", id)
        return found

    def add_option(self, option_set: OptionSet, name: str) -> Option:
        """A new option, after the others. Invalid; Taken: the set has one of that name, be it archived."""
        self._require_admin()
        option_set = self._lock(option_set)
        others = self.options(option_set, archived=True)
        self._check_room(others)
        position = 1 + max((each.position for each in others), default=-1)
        option = self._option(option_set, _free_option_name(name, others), position)
        self._tx.session.add(option)
        self._record("option.added", option_set, option=option.name)
        return option

    def rename_option(self, option: Option, name: str) -> None:
        """Give an option another name, on all cards that have it. Invalid; Taken."""
        self._require_admin()
        option_set, option = self._lock_of(option)
        others = [each for each in self.options(option_set, archived=True) if each.id != option.id]
        old, new = option.name, _free_option_name(name, others)
        if new != old:
            option.name = new
            self._record("option.renamed", option_set, old=old, new=new)

    def archive_option(self, option: Option) -> None:
        """Offer an option no more; cards that have it keep it. Idempotent."""
        self._require_admin()
        option_set, option = self._lock_of(option)
        if option.archived_at is None:
            option.archived_at = clock.now()
            self._record("option.archived", option_set, option=option.name)

    def restore_option(self, option: Option) -> None:
        """Offer an option again. Idempotent. Invalid: the set is full."""
        self._require_admin()
        option_set, option = self._lock_of(option)
        if option.archived_at is not None:
            self._check_room(self.options(option_set))
            option.archived_at = None
            self._record("option.restored", option_set, option=option.name)

    def delete_option(self, option: Option) -> None:
        """Delete an option that no card has. InUse tells how many cards do; archive it then."""
        self._require_admin()
        option_set, option = self._lock_of(option)
        name, cards = option.name, self.count_cards(option)
        if cards:
            raise InUse("option", name, cards)
        try:
            with self._tx.session.begin_nested():
                self._tx.session.delete(option)
        except IntegrityError:  # chosen by somebody since we counted
            raise InUse("option", name, 1) from None
        self._record("option.deleted", option_set, option=name)

    def order(self, option_set: OptionSet, ids: Sequence[int | str]) -> None:
        """Put the options of a set into an order, given by the ids of all that are not archived. Invalid."""
        self._require_admin()
        option_set = self._lock(option_set)
        found = {str(each.id): each for each in self.options(option_set)}
        wanted = [str(id) for id in ids]
        if sorted(wanted) != sorted(found):
            raise Invalid("options", "each id, once")
        for position, id in enumerate(wanted):
            found[id].position = position
        self._record("options.ordered", option_set)

    def count_cards(self, option: Option) -> int:
        """How many cards have an option, in any of their fields; deleted ones too, which can come back."""
        fields = select(Field.id).where(Field.option_set_id == option.option_set_id)
        chosen = (FieldValue.field_id.in_(fields), FieldValue.option_id == option.id)
        return self._tx.session.scalar(select(func.count(FieldValue.card_id.distinct())).where(*chosen)) or 0

    def _load(self, set_ids: set[int], *, anew: bool) -> None:
        query = select(Option).where(
            Option.option_set_id.in_(set_ids), Option.company_id == self._tx.company_id
        )
        rows = self._tx.session.scalars(
            query.order_by(Option.position, Option.id), execution_options=_ANEW if anew else {}
        ).all()
        for set_id in set_ids:
            self._loaded[set_id] = tuple(each for each in rows if each.option_set_id == set_id)

    def _require_admin(self) -> None:
        require_admin(self._tx.require_actor(), "changing the options of lists")

    def _lock(self, option_set: OptionSet) -> OptionSet:
        """The set as a row of this transaction, which nobody else changes until its end, and its options as
        they are now. A write, though it changes nothing: SQLite has no other lock."""
        there = self._tx.session.execute(
            update(OptionSet)
            .where(OptionSet.id == option_set.id, OptionSet.company_id == self._tx.company_id)
            .values(name=OptionSet.name)
            .execution_options(synchronize_session=False)
            .returning(OptionSet.id)
        ).one_or_none()
        if there is None:
            raise NotFound("option set", option_set.id)
        query = select(OptionSet).where(OptionSet.id == option_set.id)
        locked = self._tx.session.scalars(query, execution_options=_ANEW).one()
        self._loaded.pop(locked.id, None)
        self._load({locked.id}, anew=True)
        return locked

    def _lock_of(self, option: Option) -> tuple[OptionSet, Option]:
        """The set of an option, locked, and the option as it is now."""
        set_id, option_id = self.get_option(option.id).option_set_id, option.id
        option_set = self._lock(self.get(set_id))
        for each in self.options(option_set, archived=True):
            if each.id == option_id:
                return option_set, each
        raise ChangedMeanwhile

    def _check_room(self, options: Sequence[Option]) -> None:
        if sum(each.archived_at is None for each in options) >= OPTIONS_MOST:
            raise Invalid("options", f"{OPTIONS_MOST} at most")

    def _option(self, option_set: OptionSet, name: str, position: int) -> Option:
        return Option(
            company_id=self._tx.company_id, option_set_id=option_set.id, name=name, position=position
        )

    def _free_name(self, name: str) -> str:
        cleaned = clean_line("name", name)
        if len(cleaned) > SET_NAME_MOST_CHARS:
            raise Invalid("name", f"{SET_NAME_MOST_CHARS} characters at most")
        query = select(OptionSet.id).where(
            OptionSet.company_id == self._tx.company_id, OptionSet.name == cleaned
        )
        if self._tx.session.scalar(query) is not None:
            raise Taken("name", cleaned)
        return cleaned

    def _record(self, action: str, option_set: OptionSet, **facts: object) -> None:
        self._tx.session.flush()
        self._tx.audit.record(action, "option_set", option_set.id, **facts)
        self._loaded.pop(option_set.id, None)


def _clean_options(names: Sequence[str]) -> Sequence[str]:
    if len(names) > OPTIONS_MOST:
        raise Invalid("options", f"{OPTIONS_MOST} at most")
    cleaned = [_clean_option_name("options", name) for name in names]
    seen: set[str] = set()
    for name in cleaned:
        if name.casefold() in seen:
            raise Taken("options", name)
        seen.add(name.casefold())
    return cleaned


def _clean_option_name(field: str, name: str) -> str:
    cleaned = clean_line(field, name)
    if len(cleaned) > OPTION_NAME_MOST_CHARS:
        raise Invalid(field, f"{OPTION_NAME_MOST_CHARS} characters at most")
    return cleaned


def _free_option_name(name: str, others: Iterable[Option]) -> str:
    cleaned = _clean_option_name("name", name)
    if any(each.name.casefold() == cleaned.casefold() for each in others):
        raise Taken("name", cleaned)
    return cleaned
