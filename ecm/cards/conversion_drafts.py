"""What cards a lead would be converted to: the lead's own values, put to the targets' fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ecm.cards.kinds import CUSTOM, KINDS
from ecm.cards.tax_numbers import parse_tax_number
from ecm.errors import Invalid, NotFound
from ecm.models import ContactPoint, Field, Lead

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

TARGETS: Final = ("contact", "organization", "deal")
"""The kinds that a lead converts to, in the order in which they are made."""
_FROM_LEAD: Final[Mapping[str, Mapping[str, str]]] = {
    "contact": {
        "last_name": "last_name",
        "first_name": "first_name",
        "middle_name": "middle_name",
        "job_title": "job_title",
        "country": "country",
    },
    "organization": {"title": "organization_name", "country": "country"},
    "deal": {"title": "title", "amount": "amount", "currency": "currency", "source": "source"},
}
"""By the kind of target: its fields, and those of the lead that they are filled from."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to make of a lead for one kind of card, or the `existing` card (its id) to join it to.

    `values` are what a person filled in besides, by the names of the fields (custom ones ``fields.KEY``), and
    go over the lead's. A new deal needs its `pipeline` (code or id), and may begin in a `stage` (code).
    `field_map` says which custom field of the lead (its key) goes to which of the target (its key; None:
    nowhere); those of the same name and type go by themselves. With `create_anyway` duplicates don't matter.
    """

    existing: int | str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    pipeline: int | str | None = None
    stage: str | None = None
    field_map: Mapping[str, str | None] = field(default_factory=dict)
    create_anyway: bool = False


class Drafts:
    """The values that new cards would have, of one lead, within a unit of work."""

    def __init__(self, tx: UnitOfWork, lead: Lead, kinds: frozenset[str]) -> None:
        self._tx = tx
        self._lead = lead
        self._kinds = kinds
        points = self._stored = tx.contact_points.of([lead.id]).get(lead.id, [])
        self._points = {
            f"{kind}s": [
                {"value": point.value, "label": point.label} for point in points if point.kind == kind
            ]
            for kind in ("phone", "email")
        }
        self._custom = tx.field_values.of([lead.id]).get(lead.id, {})

    def values(self, kind: str, target: Target) -> dict[str, Any]:
        """The values of a new card of a kind, by field. Invalid: a field that there is not, or a map between
        fields that can't hold the same."""
        own = {name: getattr(self._lead, source) for name, source in _FROM_LEAD[kind].items()}
        own |= self._shared(kind)
        mapped = self.field_map(kind, target.field_map)
        own |= {
            CUSTOM + key: self._custom[source] for source, key in mapped.items() if source in self._custom
        }
        for name, value in target.values.items():
            self._check_name(kind, name)
            own[name] = value
        return {name: value for name, value in own.items() if value not in (None, "", [])}

    def points(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values, with the lead's own phones and e-mails as they are stored: a number of another country
        than the new card's goes on meaning what it meant."""
        known = {(f"{point.kind}s", point.value): point for point in self._stored}
        found = dict(values)
        for name in ("phones", "emails"):
            if isinstance(given := values.get(name), list):
                found[name] = [_known(known, name, each) for each in given]
        return found

    def field_map(self, kind: str, chosen: Mapping[str, str | None]) -> dict[str, str]:
        """Which custom field of the lead goes to which of the target, by their keys."""
        sources = {each.key: each for each in self._tx.fields.list("lead")}
        targets = {each.key: each for each in self._tx.fields.list(kind)}
        found = {
            source.key: target.key
            for source in sources.values()
            for target in targets.values()
            if source.name == target.name and _holds_the_same(source, target)
        }
        told = [key for key in chosen.values() if key is not None]
        if repeated := [key for key in told if told.count(key) > 1]:
            raise Invalid(f"{kind}.field_map"[:100], f"one field of the lead only for {repeated[0][:60]}")
        found = {source: key for source, key in found.items() if source not in chosen and key not in told}
        for source_key, target_key in chosen.items():
            source = sources.get(source_key)
            if source is None:
                raise Invalid(f"{kind}.field_map.{source_key}"[:100], "no such field of a lead")
            if target_key is None:
                continue
            target = targets.get(target_key)
            if target is None or not _holds_the_same(source, target):
                raise Invalid(
                    f"{kind}.field_map.{source_key}", f"a field of the kind {kind} of the same type"
                )
            found[source_key] = target_key
        return found

    def _shared(self, kind: str) -> dict[str, Any]:
        """What one of the targets gets: a contact is reached, an organization has the papers."""
        lead = self._lead
        if kind == "contact":
            own: dict[str, Any] = dict(self._points)
            if "organization" not in self._kinds:
                own |= {"tax_number": self._number_of_person(), "address": lead.address}
            return own
        if kind == "organization":
            reached = self._points if "contact" not in self._kinds else {}
            return {"tax_number": lead.tax_number, "address": lead.address, **reached}
        return {}

    def _number_of_person(self) -> str | None:
        """The lead's tax number, unless it is a firm's."""
        try:
            return parse_tax_number(self._lead.country, self._lead.tax_number, of_person=True)
        except Invalid:
            return None

    def _check_name(self, kind: str, name: str) -> None:
        if name.startswith(CUSTOM):
            try:
                self._tx.fields.by_key(kind, name.removeprefix(CUSTOM))
            except NotFound:
                raise Invalid(f"{kind}.{name}"[:100], "no such field to fill in") from None
            return
        own = KINDS[kind].field(name)
        if own is None or not own.is_set or name in ("pipeline", "stage"):
            raise Invalid(f"{kind}.{name}"[:100], "no such field to fill in")


def fingerprint_of(lead: Lead, targets: Mapping[str, Target]) -> str:
    """What tells a request to convert a lead from another one."""
    told = {kind: asdict(target) for kind, target in sorted(targets.items())}
    text = json.dumps([lead.id, told], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _known(known: Mapping[tuple[str, str], ContactPoint], name: str, given: object) -> object:
    """The stored point that is given again, or what is given."""
    value, label = given, None
    if isinstance(given, Mapping):
        value, label = given.get("value"), given.get("label")
    point = known.get((name, value)) if isinstance(value, str) else None
    if point is None or not isinstance(label, str | None):
        return given
    return ContactPoint(
        kind=point.kind,
        value=point.value,
        label=label,
        normalized=point.normalized,
        extension=point.extension,
    )


def _holds_the_same(source: Field, target: Field) -> bool:
    return (source.type, source.is_multiple, source.option_set_id) == (
        target.type,
        target.is_multiple,
        target.option_set_id,
    )
