"""Custom fields: what a company adds to its kinds of card."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ecm import clock
from ecm.access import require_admin
from ecm.cards.field_types import name_of
from ecm.cards.kinds import KINDS
from ecm.errors import Invalid, NotFound, Taken
from ecm.ids import parse_id
from ecm.models import FIELD_TYPES, Field, OptionSet, Stage
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

FIELDS_MOST: Final = 100
"""Of one kind of card, archived ones aside."""
NAME_MOST_CHARS: Final = 100
KEY_MOST_CHARS: Final = 60
_FIXED: Final = ("kind", "key", "type", "multiple", "option_set")


class Fields:
    """The custom fields of the actor's company, within a unit of work. Only administrators change them."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def add(
        self,
        kind: str,
        name: str,
        type: str,
        *,
        key: str | None = None,
        multiple: bool = False,
        option_set: OptionSet | None = None,
        options: Sequence[str] = (),
        required: bool = False,
    ) -> Field:
        """A new field of a kind of card, of one of `FIELD_TYPES`; its key is made of its name unless told.

        A list has an option set: one that there is, which it shares with other fields, or a new one of the
        field's name with `options` in it. With `multiple` a card may have several of them. A `required` field
        is required always. Invalid; Taken: the kind has a field of that name or key; NotFound: no such set.
        """
        self._require_admin()
        if type not in FIELD_TYPES:
            raise Invalid("type", "one of " + ", ".join(FIELD_TYPES))
        if type != "list" and (multiple or option_set is not None or options):
            raise Invalid("multiple" if multiple else "option_set", "only of a list")
        if option_set is not None and options:
            raise Invalid("options", "only of a new option set")
        name = self._free_name(kind, name)
        key = self._free_key(kind, name, key)
        self._check_room(kind)
        shared = None if option_set is None else self._tx.option_sets.get(option_set.id)
        field = Field(
            company_id=self._tx.company_id,
            card_kind=kind,
            key=key,
            name=name,
            type=type,
            is_multiple=multiple,
            position=1 + max((each.position for each in self.list(kind, archived=True)), default=-1),
        )
        try:
            with self._tx.session.begin_nested():
                if type == "list":
                    field.option_set_id = (shared or self._new_set(name, options)).id
                self._tx.session.add(field)
        except IntegrityError:  # made by somebody else since we looked
            self._forget()
            raise Taken("name", name) from None
        self._record("field.added", field, kind=kind, name=name, key=key, type=type)
        if required:
            self.require(field)
        return field

    def get(self, id: int | str) -> Field:
        """A field by id, also an archived one. NotFound."""
        found = self._by_id.get(id if isinstance(id, int) else parse_id("field", id))
        if found is None:
            raise NotFound("field", id)
        return found

    def by_key(self, kind: str, key: str, *, archived: bool = False) -> Field:
        """A field of a kind by its key; an archived one only if told. NotFound."""
        for each in self.list(kind, archived=archived):
            if each.key == key:
                return each
        raise NotFound("field", key[:KEY_MOST_CHARS])

    def list(self, kind: str, *, archived: bool = False) -> tuple[Field, ...]:
        """The fields of a kind of card in their order; archived ones only if told. Invalid: no such kind."""
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        return tuple(
            each for each in self._all if each.card_kind == kind and (archived or each.archived_at is None)
        )

    def update(self, field: Field, **changes: object) -> Field:
        """Change the `name` of a field. What it was made with (kind, key, type, multiple, option_set) may be
        told again, and not changed. Invalid; Taken."""
        self._require_admin()
        field = self.get(field.id)
        present = dict(zip(_FIXED, (field.card_kind, field.key, field.type, field.is_multiple), strict=False))
        present["option_set"] = field.option_set_id
        for fact, value in changes.items():
            if fact in _FIXED and str(getattr(value, "id", value)) != str(present[fact]):
                raise Invalid(fact, "as it was made: it cannot change")
            if fact not in (*_FIXED, "name"):
                raise Invalid(fact, "no such field of a custom field")
        if "name" in changes:
            old, new = field.name, self._free_name(field.card_kind, str(changes["name"]), but=field)
            if new != old:
                field.name = new
                self._record("field.renamed", field, old=old, new=new)
        return field

    def order(self, kind: str, ids: Sequence[int | str]) -> None:
        """Put the fields of a kind into an order, given by the ids of all that are not archived. Invalid."""
        self._require_admin()
        found = {str(each.id): each for each in self.list(kind)}
        wanted = [str(id) for id in ids]
        if sorted(wanted) != sorted(found):
            raise Invalid("fields", "each id, once")
        for position, id in enumerate(wanted):
            found[id].position = position
        self._tx.session.flush()
        self._tx.audit.record("fields.ordered", "company", self._tx.company_id, kind=kind)
        self._forget()

    def require(self, field: Field, stage: Stage | None = None) -> None:
        """Require a field of all cards of its kind: always, or from a stage on. Idempotent."""
        field = self.get(field.id)
        self._tx.requirements.require(field.card_kind, name_of(field), stage)

    def release(self, field: Field, stage: Stage | None = None) -> None:
        """Require a field no more: always, or from a stage on. Idempotent."""
        field = self.get(field.id)
        self._tx.requirements.release(field.card_kind, name_of(field), stage)

    def archive(self, field: Field) -> None:
        """Show a field no more. Its values are kept; nothing requires it any longer. Idempotent."""
        self._require_admin()
        field = self.get(field.id)
        if field.archived_at is not None:
            return
        for each in self._tx.requirements.list(field.card_kind):
            if each.field == name_of(field):
                stage = None if each.stage_id is None else self._tx.session.get_one(Stage, each.stage_id)
                self.release(field, stage)
        field.archived_at = clock.now()
        self._record("field.archived", field)

    def restore(self, field: Field) -> None:
        """Show an archived field again, with the values that cards have in it. Idempotent. Taken: another has
        its name now; Invalid: the kind has as many fields as it may."""
        self._require_admin()
        field = self.get(field.id)
        if field.archived_at is not None:
            self._free_name(field.card_kind, field.name, but=field)
            self._check_room(field.card_kind)
            field.archived_at = None
            self._record("field.restored", field)

    @cached_property
    def _all(self) -> tuple[Field, ...]:
        """All definitions of the company: read once in a unit of work."""
        query = select(Field).where(Field.company_id == self._tx.company_id)
        return tuple(self._tx.session.scalars(query.order_by(Field.position, Field.id)))

    @cached_property
    def _by_id(self) -> dict[int, Field]:
        return {field.id: field for field in self._all}

    def _forget(self) -> None:
        self.__dict__.pop("_all", None)
        self.__dict__.pop("_by_id", None)

    def _require_admin(self) -> None:
        require_admin(self._tx.require_actor(), "changing custom fields")

    def _check_room(self, kind: str) -> None:
        if len(self.list(kind)) >= FIELDS_MOST:
            raise Invalid("fields", f"{FIELDS_MOST} at most")

    def _free_name(self, kind: str, name: str, *, but: Field | None = None) -> str:
        cleaned = clean_line("name", name)
        if len(cleaned) > NAME_MOST_CHARS:
            raise Invalid("name", f"{NAME_MOST_CHARS} characters at most")
        for each in self.list(kind):
            if each is not but and each.name.casefold() == cleaned.casefold():
                raise Taken("name", cleaned)
        return cleaned

    def _free_key(self, kind: str, name: str, key: str | None) -> str:
        taken = {each.key for each in self.list(kind, archived=True)}
        if key is None:
            return _make_free(make_key(name), taken)
        if key != make_key(key):
            raise Invalid("key", f"small letters, digits and underscores, {KEY_MOST_CHARS} at most")
        if key in taken:
            raise Taken("key", key)
        return key

    def _new_set(self, name: str, options: Sequence[str]) -> OptionSet:
        taken = {each.name for each in self._tx.option_sets.list()}
        free = name if name not in taken else _make_free(name[: NAME_MOST_CHARS - 5], taken, " ")
        return self._tx.option_sets.add(free, options)

    def _record(self, action: str, field: Field, **facts: object) -> None:
        self._tx.session.flush()
        self._tx.audit.record(action, "field", field.id, **facts)
        self._forget()


def make_key(name: str) -> str:
    """A key made of a name: its letters and digits in lower case, joined by underscores."""
    plain = unicodedata.normalize("NFC", name.casefold()).translate(dict.fromkeys(map(ord, "'’ʼ`"), None))
    return re.sub(r"[\W_]+", "_", plain).strip("_")[:KEY_MOST_CHARS].rstrip("_") or "field"


def _make_free(wanted: str, taken: Iterable[str], between: str = "_") -> str:
    """What is wanted, or with the first number from 2 on that makes it free."""
    taken, free, number = set(taken), wanted, 1
    while free in taken:
        number += 1
        free = f"{wanted}{between}{number}"
    return free
