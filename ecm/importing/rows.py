"""A row of a table as a card: made, or one that is there changed; all of it, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from ecm.errors import Conflict, EcmError, Forbidden, Invalid, MissingFields, NotFound
from ecm.importing.cells import CellReader, WrongCells
from ecm.importing.columns import COMMENT, SEVERAL
from ecm.models import Card

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)

_POINT_KINDS: Final = {"phones": "phone", "emails": "email"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: ``made``, ``updated``, ``skipped`` or ``refused``; its card; what is wrong, by
    field, in words."""

    state: str
    card: Card | None = None
    errors: tuple[tuple[str, str], ...] = ()


class RowReader:
    """Makes cards of one kind from rows, within a unit of work. Not to be kept longer than that.

    `mapping` has the field that each column goes to, or None. `duplicates` says what becomes of a row whose
    card is there already: ``skip``, ``update`` or ``create``.
    """

    def __init__(self, tx: UnitOfWork, kind: str, mapping: Sequence[str | None], duplicates: str) -> None:
        self._tx = tx
        self._kind = kind
        self._mapping = mapping
        self._duplicates = duplicates
        self._cells = CellReader(tx, kind)

    def take(self, cells: Sequence[str]) -> Outcome:
        """Do with a row what is to be done: all of it, or nothing when something is wrong with it."""
        try:
            with self._tx.session.begin_nested():
                return self._take(self._given(cells))
        except WrongCells as error:
            return Outcome("refused", None, error.errors)
        except MissingFields as error:
            return Outcome("refused", None, tuple((each.field, "required") for each in error.missing))
        except (Invalid, Conflict, NotFound, Forbidden) as error:
            return Outcome("refused", None, (_told(error),))
        except (DataError, IntegrityError):
            logger.exception("a row of an import was refused by the database")
            return Outcome("refused", None, (("", "the database does not take it"),))
        except OperationalError:
            raise  # busy, or gone: the rows come again
        except Exception:
            # Whatever it is, the row would be the same the next time, and those behind it must not wait.
            logger.exception("a row of an import could not be made")
            return Outcome("refused", None, (("", "an unexpected error: make this card by hand"),))

    def _given(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells that have something in them, by their fields; several of phones as the lines of one."""
        given: dict[str, str] = {}
        for field, cell in zip(self._mapping, cells, strict=True):
            if field and cell:
                given[field] = f"{given[field]}\n{cell}" if field in given else cell
        return given

    def _take(self, given: dict[str, str]) -> Outcome:
        comment = given.pop(COMMENT, None)
        values = self._cells.read(given)
        existing = self._existing(values)
        if existing is not None and self._duplicates == "skip":
            return Outcome("skipped", existing)
        if existing is not None:
            card, state = self._update(existing, values), "updated"
        else:
            card, state = self._make(values), "made"
        if comment:
            self._tx.timeline.comment(card, comment)
        return Outcome(state, card)

    def _existing(self, values: Mapping[str, Any]) -> Card | None:
        """The oldest card that is the one of the row; deals are told apart by nothing."""
        if self._kind == "deal" or self._duplicates == "create":
            return None
        found = self._tx.duplicates.find(
            (self._kind,),
            phones=values.get("phones", ()),
            emails=values.get("emails", ()),
            tax_number=values.get("tax_number"),
            country=values.get("country", "UA"),
        )
        return found[0].card if found else None

    def _make(self, values: dict[str, Any]) -> Card:
        match self._kind:
            case "contact":
                firm = values.pop("organization", None)
                return self._tx.contacts.add(**values, organizations=() if firm is None else (firm,))
            case "organization":
                return self._tx.organizations.add(values.pop("title", ""), **values)
            case "lead":
                return self._tx.leads.add(values.pop("title", ""), **values)
        return self._tx.deals.add(values.pop("title", ""), **values)

    def _update(self, existing: Card, values: dict[str, Any]) -> Card:
        """Change what the row tells. Phones and e-mails are added to those that are there, and a stage stays:
        it is moved by people, who say why."""
        for name in ("pipeline", "stage"):
            values.pop(name, None)
        for name in SEVERAL:
            if name in values:
                values[name] = self._points(existing, name) + values[name]
        match self._kind:
            case "contact":
                contact = self._tx.contacts.get(existing.id)
                if firm := values.pop("organization", None):
                    self._tx.contacts.join(contact, self._tx.organizations.get(firm))
                return self._tx.contacts.update(contact, **values)
            case "organization":
                return self._tx.organizations.update(self._tx.organizations.get(existing.id), **values)
        return self._tx.leads.update(self._tx.leads.get(existing.id), **values)

    def _points(self, card: Card, name: str) -> list[Any]:
        points = self._tx.contact_points.of([card.id]).get(card.id, [])
        return [
            {"value": each.value, "label": each.label} for each in points if each.kind == _POINT_KINDS[name]
        ]


def _told(error: EcmError) -> tuple[str, str]:
    if isinstance(error, Invalid):
        return error.field, error.reason
    return "", str(error)
