"""What a list of cards is narrowed and sorted by: read from the address, told in words, kept under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.conditions import ME, Condition
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.cards.lists import NEWEST
from ecm.cards.saved_filters import conditions_of
from ecm.errors import Invalid
from ecm.models import Field, SavedFilter
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, formats, labels, messages
from ecm.web.card_fields import Choice, countries
from ecm.web.current import begin

pages = Blueprint("filters", __name__)

_TEXTS = ("contains", "eq", "ne")
_SIZES = ("ge", "le", "eq")
_FILLED = ("empty", "filled")
_OPERATORS = {
    "text": _TEXTS,
    "link": _TEXTS,
    "phones": ("contains",),
    "emails": ("contains",),
    "money": _SIZES,
    "number": _SIZES,
    "date": _SIZES,
    "time": _SIZES,
}
_CHOSEN = ("eq", "ne")
_WORDLESS = ("card", "file")
_ALWAYS_FILLED = ("title", "created_at", "updated_at", "pipeline", "stage", "country", "currency")


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field that lists are narrowed by: its type, the operators that are offered, and its choices."""

    name: str
    label: str
    type: str
    operators: tuple[str, ...]
    choices: tuple[Choice, ...] = ()

    def operator_words(self) -> dict[str, str]:
        """The operators with their words."""
        words = dict(card_labels.OPERATORS)
        if self.type in ("date", "time"):
            words |= card_labels.TIME_OPERATORS
        return {operator: str(words[operator]) for operator in self.operators}


class Filtering:
    """The fields that a list of one kind of card can be narrowed and sorted by, within a unit of work."""

    def __init__(self, tx: UnitOfWork, kind: str) -> None:
        self._tx = tx
        self._kind = kind
        self._custom = {CUSTOM + field.key: field for field in tx.fields.list(kind)}
        self.names = {each.name: str(card_labels.FIELDS[each.name]) for each in KINDS[kind].fields}
        self.names |= {name: field.name for name, field in self._custom.items()}

    def sorts(self) -> dict[str, str]:
        """The fields to sort by, with their words."""
        unsorted = {each.name for each in KINDS[self._kind].fields if each.type in ("phones", "emails")}
        unsorted |= {name for name, field in self._custom.items() if field.type == "file"}
        return {name: label for name, label in self.names.items() if name not in unsorted}

    def field(self, name: str) -> FilterField | None:
        """A field by its name."""
        if name not in self.names:
            return None
        custom = self._custom.get(name)
        own = KINDS[self._kind].field(name)
        type = custom.type if custom else own.type if own else "text"
        operators = _OPERATORS.get(type, () if type in _WORDLESS else _CHOSEN)
        if name not in _ALWAYS_FILLED:
            operators = (*operators, *_FILLED)
        return FilterField(name, self.names[name], type, operators, self._choices(type, custom))

    def words(self, condition: Condition) -> str:
        """A condition as a sentence."""
        field = self.field(condition.field)
        if field is None:
            label = card_labels.field_label(self._tx, self._kind, condition.field)
            return f"{label} {card_labels.OPERATORS.get(condition.operator, '')} {condition.value}".strip()
        words = dict(card_labels.OPERATORS)
        if field.type in ("date", "time"):
            words |= card_labels.TIME_OPERATORS
        choices = dict(field.choices)
        values = (
            [choices.get(each, each) for each in condition.value.split(",")] if choices else [condition.value]
        )
        if field.type == "card" and condition.value.isdigit():
            found = self._tx.cards.many([int(condition.value)]).get(int(condition.value))
            values = [found.title if found else condition.value]
        return f"{field.label} {words[condition.operator]} {', '.join(values)}".strip()

    def _choices(self, type: str, custom: Field | None) -> tuple[Choice, ...]:
        match type:
            case "user":
                people = ((str(each.id), each.name) for each in self._tx.users.list())
                return ((ME, _("me")), *people)
            case "team":
                return tuple((str(each.id), each.name) for each in self._tx.teams.list())
            case "country":
                return countries()
            case "currency":
                return tuple((code, code) for code in labels.CURRENCIES)
            case "pipeline":
                found = self._tx.pipelines.list(self._kind, archived=True)
                return tuple((str(each.id), labels.pipeline(each)) for each in found)
            case "stage":
                return self._stages()
            case "boolean":
                return (("true", _("Yes")), ("false", _("No")))
            case "list":
                assert custom is not None
                assert custom.option_set_id is not None
                options = self._tx.option_sets.options(custom.option_set_id, archived=True)
                return tuple((str(each.id), each.name) for each in options)
        return ()

    def _stages(self) -> tuple[Choice, ...]:
        pipelines = self._tx.pipelines.list(self._kind, archived=True)
        several = len(pipelines) > 1
        return tuple(
            (
                str(stage.id),
                f"{labels.pipeline(each)}: {labels.stage(stage)}" if several else labels.stage(stage),
            )
            for each in pipelines
            for stage in each.stages
        )


def asked_conditions() -> list[Condition]:
    """The conditions in the address, and the one that a form adds to them. Invalid."""
    found = [Condition.parse(text) for text in request.args.getlist("filter")]
    field, operator = request.args.get("field", ""), request.args.get("operator", "")
    if field and operator:
        value = request.args.get("value", "").strip()
        if request.args.get("type") in ("money", "number"):
            value = formats.read_money(value)
        found.append(Condition.of(field, operator, "" if operator in _FILLED else value))
    return found


def told(condition: Condition) -> str:
    """A condition as it stands in an address."""
    return f"{condition.field}:{condition.operator}:{condition.value}"


def address_of(family: str, saved: SavedFilter) -> str:
    """The address of the list that a saved filter gives."""
    return url_for(
        f"pages.{family}.index",
        filter=[told(each) for each in conditions_of(saved)],
        sort=saved.sort or NEWEST,
        saved=saved.id,
    )


@pages.post("/<any(deals, leads, contacts, organizations):family>/filters")
def save(family: str) -> BaseResponse:
    """Keep the filter of a list under a name."""
    kind = card_labels.FAMILIES[family]
    conditions = [Condition.parse(text) for text in request.form.getlist("filter")]
    sort = request.form.get("sort") or NEWEST
    try:
        with begin() as tx:
            saved = tx.saved_filters.add(
                kind, request.form.get("name", ""), conditions, sort=sort, shared="shared" in request.form
            )
    except Invalid as error:
        flash(messages.of_error(error).text, "danger")
        kept: Sequence[str] = request.form.getlist("filter")
        return redirect(url_for(f"pages.{family}.index", filter=kept, sort=sort))
    flash(_("The filter “%(name)s” is saved.", name=saved.name), "success")
    return redirect(address_of(family, saved))


@pages.post("/<any(deals, leads, contacts, organizations):family>/filters/<id>/delete")
def delete(family: str, id: str) -> BaseResponse:
    """Forget a saved filter."""
    with begin() as tx:
        saved = tx.saved_filters.get(id)
        tx.saved_filters.delete(saved)
    flash(_("The filter “%(name)s” is deleted.", name=saved.name), "success")
    return redirect(url_for(f"pages.{family}.index"))
