"""The fields of cards' forms: which there are, how each is filled in, and what was typed into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from ecm.cards.countries import country_codes
from ecm.cards.field_types import Money
from ecm.cards.kinds import CUSTOM, KINDS, CardField
from ecm.errors import EcmError, Invalid, MissingField, MissingFields
from ecm.models import Card, Deal, Field, Lead, Option, Stage
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, formats, labels, messages
from ecm.web.card_choice import chosen_card, chosen_document, offered_words
from ecm.web.card_values import country_name
from ecm.web.texts import gettext as _

Typed = MultiDict[str, str]
Choice = tuple[str, str]

_OWN_WIDGETS = {
    "money": "money",
    "date": "date",
    "user": "choice",
    "team": "choice",
    "country": "choice",
    "card": "card",
    "phones": "points",
    "emails": "points",
    "stage": "stage",
}
_CUSTOM_WIDGETS = {
    "text": "long",
    "number": "number",
    "money": "money",
    "date": "date",
    "boolean": "choice",
    "list": "choice",
    "user": "choice",
    "link": "text",
    "file": "document",
}
_ALWAYS = {"deal": ("title",), "lead": ("title",), "organization": ("title",), "contact": ()}
_HELD_WITH = ("currency", "pipeline")
"""Fields without an own place in forms: they stand beside the amount, and with the stage."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. `widget` says how it is filled in, `choices` are values with their words; `stage` is
    the name of the stage that it is required from, `kind` the kind of card that is chosen in it."""

    name: str
    label: str
    widget: str
    is_required: bool = False
    stage: str | None = None
    choices: tuple[Choice, ...] = ()
    groups: tuple[tuple[str, tuple[Choice, ...]], ...] = ()
    kind: str = ""
    custom: Field | None = None

    @property
    def id(self) -> str:
        """What the control is known by on the page."""
        return self.name.replace(".", "-")


class Fields:
    """Makes the fields of forms for cards of one kind, within a unit of work."""

    def __init__(self, tx: UnitOfWork, kind: str, *, card: Card | None = None, stage: Stage | None = None):
        self._tx = tx
        self._kind = kind
        self._card = card
        self._required = tx.requirements.required(kind, stage)
        self._people: tuple[Choice, ...] | None = None

    def all(self) -> list[FormField]:
        """All that a person fills in; of a card that exists without its stage, which it moves through."""
        own = [
            self._of_own(each)
            for each in KINDS[self._kind].fields
            if each.is_set and each.name not in _HELD_WITH and (each.name != "stage" or self._card is None)
        ]
        return own + [self._of_custom(field) for field in self._tx.fields.list(self._kind)]

    def some(self, names: Iterable[str]) -> list[FormField]:
        """Those of these names, in the order of forms."""
        wanted = set(names)
        return [each for each in self.all() if each.name in wanted]

    def values(self, fields: Iterable[FormField]) -> Typed:
        """What the card holds, as it stands in the fields; of a new one what fields begin with."""
        typed: Typed = MultiDict()
        if self._card is None:
            typed["owner"] = str(self._tx.require_actor().user_id)
            typed["currency"], typed["country"] = "UAH", "UA"
            return typed
        held = self._tx.cards.values(self._card)
        points = self._tx.contact_points.of([self._card.id]).get(self._card.id, [])
        typed["currency"] = getattr(self._card, "currency", "UAH")
        for field in fields:
            if field.widget == "points":
                mine = [each for each in points if f"{each.kind}s" == field.name]
                typed.setlist(field.name, [each.value for each in mine])
                typed.setlist(f"{field.name}.label", [each.label or "" for each in mine])
            else:
                self._put(typed, field, held.get(field.name))
        return typed

    def _put(self, typed: Typed, field: FormField, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                typed[field.name] = "true" if value else "false"
            case Money():
                typed[field.name] = formats.money_for_a_field(value.amount)
                typed[f"{field.name}.currency"] = value.currency
            case Option():
                typed[field.name] = str(value.id)
            case tuple():
                typed.setlist(field.name, [str(each.id) for each in value])
            case int() if field.widget in ("card", "document"):
                typed[field.name] = offered_words(self._tx, field.widget, value)
            case _ if field.widget == "money":
                typed[field.name] = formats.money_for_a_field(value)
            case _ if field.widget == "number":
                typed[field.name] = formats.decimal(value)
            case _:
                typed[field.name] = str(value)

    def _of_own(self, own: CardField) -> FormField:
        widget = _OWN_WIDGETS.get(own.type, "long" if own.is_long else "text")
        always = own.name in _ALWAYS[self._kind] or own.name in ("country", "stage")
        return FormField(
            own.name,
            str(card_labels.FIELDS[own.name]),
            widget,
            always or own.name in self._required,
            self._required.get(own.name),
            self._choices(own),
            self._stages() if own.type == "stage" else (),
            own.card_kind or "",
        )

    def _of_custom(self, field: Field) -> FormField:
        name = CUSTOM + field.key
        widget = "several" if field.is_multiple else _CUSTOM_WIDGETS[field.type]
        choices: tuple[Choice, ...] = ()
        if field.type == "boolean":
            choices = (("", "—"), ("true", _("Yes")), ("false", _("No")))
        elif field.type == "user":
            choices = (("", "—"), *self._users())
        elif field.type == "list":
            found = self._options(field)
            choices = found if field.is_multiple else (("", "—"), *found)
        stage = self._required.get(name)
        return FormField(name, field.name, widget, name in self._required, stage, choices, custom=field)

    def _choices(self, own: CardField) -> tuple[Choice, ...]:
        match own.type:
            case "user":
                return self._users()
            case "team":
                return (("", "—"), *((str(each.id), each.name) for each in self._tx.teams.list()))
            case "country":
                return countries()
        return ()

    def _users(self) -> tuple[Choice, ...]:
        """Who is there, and who left and is on the card."""
        if self._people is None:
            names = {each.id: each.name for each in self._tx.users.list()}
            left = self._held_users() - names.keys()
            names |= self._tx.users.names(left) if left else {}
            self._people = tuple((str(id), name) for id, name in names.items())
        return self._people

    def _held_users(self) -> set[int]:
        if self._card is None:
            return set()
        fields = self._tx.fields.list(self._kind)
        values = self._tx.field_values.of([self._card.id])[self._card.id]
        held = {self._card.owner_id, *(values.get(each.key) for each in fields if each.type == "user")}
        return {id for id in held if isinstance(id, int)}

    def _options(self, field: Field) -> tuple[Choice, ...]:
        """What is offered, and what the card has of what is offered no more."""
        assert field.option_set_id is not None
        held: set[int] = set()
        if self._card is not None:
            value = self._tx.field_values.of([self._card.id])[self._card.id].get(field.key)
            held = {
                each.id
                for each in (value if isinstance(value, tuple) else (value,))
                if isinstance(each, Option)
            }
        options = self._tx.option_sets.options(field.option_set_id, archived=True)
        return tuple(
            (str(each.id), each.name) for each in options if each.archived_at is None or each.id in held
        )

    def _stages(self) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
        return tuple(
            (
                labels.pipeline(pipeline),
                tuple(
                    (f"{pipeline.id}/{stage.code}", labels.stage(stage))
                    for stage in pipeline.stages
                    if stage.archived_at is None and stage.outcome is None
                ),
            )
            for pipeline in self._tx.pipelines.list(self._kind)
        )


def countries() -> tuple[Choice, ...]:
    """All countries in the reader's language, Ukraine first."""
    named = sorted((country_name(code).casefold(), code) for code in country_codes() if code != "UA")
    return (("UA", country_name("UA")), *((code, country_name(code)) for _key, code in named))


def read(tx: UnitOfWork, fields: Sequence[FormField], form: Typed) -> dict[str, Any]:
    """What was typed, as the rooms of cards take it. Invalid: a card or document that can't be found."""
    told: dict[str, Any] = {}
    custom: dict[str, object] = {}
    for field in fields:
        value = read_one(tx, field, form)
        if field.custom is not None:
            custom[field.custom.key] = value
        elif field.widget == "stage":
            told["pipeline"], told["stage"] = value
        elif field.name in ("owner", "team"):
            told[f"{field.name}_id"] = value or None
        else:
            told[field.name] = value
            if field.widget == "money":
                told["currency"] = form.get("currency", "UAH")
    if custom:
        told["fields"] = custom
    return told


def read_one(tx: UnitOfWork, field: FormField, form: Typed) -> Any:
    """What was typed into one field. Invalid."""
    typed = form.get(field.name, "").strip()
    match field.widget:
        case "points":
            names = form.getlist(f"{field.name}.label")
            values = form.getlist(field.name)
            names += [""] * (len(values) - len(names))
            return [{"value": value, "label": name} for value, name in zip(values, names, strict=False)]
        case "several":
            return form.getlist(field.name)
        case "card":
            return chosen_card(tx, field.kind, field.name, typed)
        case "document":
            return chosen_document(tx, field.name, typed)
        case "stage":
            pipeline, _slash, stage = typed.rpartition("/")
            return pipeline or None, stage or None
        case "money":
            amount = formats.read_money(typed) or None
            if field.custom is None or amount is None:
                return amount
            return {"amount": amount, "currency": form.get(f"{field.name}.currency", "UAH")}
        case "number":
            return formats.read_money(typed)
    return typed


def errors_of(error: EcmError, fields: Sequence[FormField]) -> dict[str, str]:
    """The words for a refusal, by the names of the fields; under an empty name what belongs to none."""
    names = {field.name: field.name for field in fields}
    names |= {"pipeline": "stage", "currency": "amount"} if "amount" in names else {"pipeline": "stage"}
    if isinstance(error, MissingFields):
        found: dict[str, str] = {}
        rest = []
        for each in error.missing:
            if each.field in names:
                found[names[each.field]] = missing_words(each)
            else:
                rest.append(missing_name(each))
        if rest:
            found[""] = _("Fill in first: %(fields)s.", fields=", ".join(rest))
        return found
    text = messages.of_error(error).text
    if isinstance(error, Invalid):
        place = names.get(error.field, "")
        return {place: text if place else _("%(field)s: %(reason)s", field=error.field, reason=text)}
    return {"": text}


def missing_words(each: MissingField) -> str:
    """What is said at a field that is not filled in."""
    if each.stage is None:
        return _("Fill this in.")
    stage = labels.word(labels.STAGE_NAMES, each.stage)
    return _("Fill this in: it is required from the stage “%(stage)s” on.", stage=stage)


def missing_name(each: MissingField | Mapping[str, Any]) -> str:
    """What people call a field that is missing."""
    name = each.name if isinstance(each, MissingField) else str(each.get("name", ""))
    return str(card_labels.FIELDS.get(name, name))


def stage_of(card: Card) -> Stage | None:
    """The stage that a card stands in, where its kind has them."""
    return card.stage if isinstance(card, Deal | Lead) else None
