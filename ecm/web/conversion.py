"""Converting a lead: what to make of it, what is still missing, who is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.conversion_drafts import TARGETS, Target
from ecm.cards.conversions import Plan
from ecm.cards.kinds import CUSTOM
from ecm.errors import DuplicatesFound, EcmError, Invalid, MissingFields
from ecm.models import Field, Lead
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.card_choice import chosen_card
from ecm.web.card_fields import Fields, FormField, Typed, missing_words, read_one
from ecm.web.card_labels import KINDS, MATCHES, field_label
from ecm.web.card_values import card_address, country_name, plain
from ecm.web.current import begin

pages = Blueprint("conversion", __name__)

NOWHERE = "-"
"""What is chosen for a custom field of the lead that goes to no field of the target."""


@dataclass
class TargetForm:
    """One target as the page shows it: how it was chosen, the fields that are asked for, those that go by
    themselves, and where the lead's custom fields go."""

    kind: str
    mode: str
    may_be_new: bool
    fields: list[FormField] = field(default_factory=list)
    carried: list[tuple[str, Any]] = field(default_factory=list)
    maps: list[tuple[Field, list[Field], str]] = field(default_factory=list)

    @property
    def is_chosen(self) -> bool:
        """Whether anything is made or joined."""
        return self.mode in ("new", "existing")


@pages.get("/leads/<id>/conversion")
def show(id: str) -> str:
    """The choice of what to make of a lead. What is in the form's address stands chosen."""
    with begin() as tx:
        lead = tx.leads.get(id)
        tx.cards.require_writable(lead)
        typed: Typed = MultiDict(request.args)
        if not typed:
            offered = tx.conversions.offered(lead)
            typed.update(
                {kind: "new" for kind in offered if kind != "organization" or lead.organization_name}
            )
        typed.setdefault("key", token_urlsafe(16))
        return _Page(tx, lead, typed).render()


@pages.post("/leads/<id>/conversion")
def convert(id: str) -> BaseResponse:
    """Convert a lead as the form says; or show what that would come to, and what it still needs."""
    if request.form.get("action") != "convert":
        with begin() as tx:
            return make_response(_Page(tx, tx.leads.get(id), request.form).render())
    try:
        with begin() as tx:
            lead = tx.leads.get(id)
            targets = _Page(tx, lead, request.form).targets()
            conversion = tx.conversions.convert(lead, targets, key=request.form.get("key") or None)
            to = tx.cards.get(conversion.deal_id or conversion.contact_id or conversion.organization_id or 0)
    except (MissingFields, DuplicatesFound, Invalid) as error:
        with begin() as tx:
            status = 422 if isinstance(error, Invalid) else 409
            return make_response(_Page(tx, tx.leads.get(id), request.form, error).render(), status)
    flash(_("The lead is converted."), "success")
    return redirect(card_address(to))


class _Page:
    """The form of a conversion, and what was typed into it, within a unit of work."""

    def __init__(self, tx: UnitOfWork, lead: Lead, typed: Typed, error: EcmError | None = None) -> None:
        self._tx = tx
        self._lead = lead
        self._typed = typed
        self._error = error
        self._forms: dict[str, Fields] = {}

    def render(self) -> str:
        """The page with the plan of what is chosen."""
        tx, lead = self._tx, self._lead
        tx.cards.require_writable(lead)
        errors = self._errors(self._error) if isinstance(self._error, Invalid) else {}
        plan = None
        try:
            targets = self.targets()
            plan = tx.conversions.plan(lead, targets) if targets else None
            for each in plan.wrong if plan else ():
                errors = self._errors(each) | errors
        except Invalid as error:
            errors = errors or self._errors(error)
        offered = tx.conversions.offered(lead)
        repeat = tx.leads.is_repeat(lead)
        shown = [
            self._target(kind, plan, kind in offered) for kind in TARGETS if kind == "deal" or not repeat
        ]
        missing = {f"{each.kind}.{each.field}": missing_words(each) for each in plan.missing} if plan else {}
        was_refused = self._error is not None
        return render_template(
            "conversion/show.html",
            lead=lead,
            targets=shown,
            is_repeat=repeat,
            pipelines=tx.pipelines.list("deal"),
            typed=self._typed,
            errors=errors | ({name: text for name, text in missing.items() if was_refused}),
            missing=self._missing_names(plan),
            of_lead=[each for each in plan.missing if each.kind == "lead"] if plan else [],
            duplicates=self._duplicates(plan),
            matches=MATCHES,
            names={kind: str(words.one) for kind, words in KINDS.items()},
            key=self._typed.get("key", ""),
        )

    def targets(self) -> dict[str, Target]:
        """What was chosen, by kind. Invalid: a card that can't be found."""
        found = {}
        for kind in TARGETS:
            mode = self._typed.get(kind, "")
            if mode == "existing":
                typed = self._typed.get(f"{kind}.existing", "").strip()
                id = chosen_card(self._tx, kind, f"{kind}.existing", typed)
                if id is None:
                    raise Invalid(f"{kind}.existing", "some text")
                found[kind] = Target(existing=id)
            elif mode.startswith("reuse:"):
                found[kind] = Target(existing=mode.removeprefix("reuse:"))
            elif mode == "new":
                found[kind] = self._new_target(kind)
        return found

    def _new_target(self, kind: str) -> Target:
        target = Target(create_anyway=self._typed.get(f"{kind}.anyway") == "yes", field_map=self._map(kind))
        if kind == "deal":
            target = replace(
                target,
                pipeline=self._typed.get("deal.pipeline") or None,
                stage=self._typed.get("deal.stage") or None,
            )
        values: dict[str, object] = {}
        for each in self._fields(kind).all():
            name = f"{kind}.{each.name}"
            if name in self._typed and self._typed.get(name, "").strip():
                values[each.name] = read_one(self._tx, replace(each, name=name), self._typed)
        if "amount" in values:
            values["currency"] = self._typed.get(f"{kind}.currency", "UAH")
        return replace(target, values=values)

    def _map(self, kind: str) -> Mapping[str, str | None]:
        prefix = f"{kind}.map."
        return {
            name.removeprefix(prefix): None if key == NOWHERE else key
            for name, key in self._typed.items()
            if name.startswith(prefix) and key
        }

    def _fields(self, kind: str) -> Fields:
        if kind not in self._forms:
            self._forms[kind] = Fields(self._tx, kind)
        return self._forms[kind]

    def _target(self, kind: str, plan: Plan | None, may_be_new: bool) -> TargetForm:
        mode = self._typed.get(kind, "")
        if mode.startswith("reuse:"):
            card = self._tx.cards.get(mode.removeprefix("reuse:"), kind=kind)
            self._typed = MultiDict(self._typed)
            self._typed[f"{kind}.existing"] = f"{card.id} — {card.title}"
            mode = "existing"
        form = TargetForm(kind, mode, may_be_new)
        if mode == "new" and plan is not None and kind in plan.values:
            missing = {each.field for each in plan.missing if each.kind == kind}
            typed = {name.removeprefix(f"{kind}.") for name in self._typed if name.startswith(f"{kind}.")}
            form.fields = self._fields(kind).some((missing | typed) - {"stage", "pipeline"})
            asked = {each.name for each in form.fields}
            form.carried = [
                (field_label(self._tx, kind, name), self._words(name, value))
                for name, value in plan.values[kind].items()
                if name not in asked and name != "currency"
            ]
            form.maps = self._maps(kind, plan)
        return form

    def _maps(self, kind: str, plan: Plan) -> list[tuple[Field, list[Field], str]]:
        """The lead's custom fields that could go to several of the target's, with the one that they go to."""
        held = self._tx.field_values.of([self._lead.id])[self._lead.id]
        found = []
        for source in self._tx.fields.list("lead"):
            fit = [
                each
                for each in self._tx.fields.list(kind)
                if (each.type, each.is_multiple, each.option_set_id)
                == (source.type, source.is_multiple, source.option_set_id)
            ]
            if source.key in held and fit:
                found.append((source, fit, plan.field_maps[kind].get(source.key, NOWHERE)))
        return found

    def _words(self, name: str, value: Any) -> Any:
        if name in ("phones", "emails"):
            return ", ".join(str(each["value"]) for each in value)
        if name == "country":
            return country_name(str(value))
        if isinstance(value, int) and not isinstance(value, bool) and name.startswith(CUSTOM):
            return self._tx.users.names([value]).get(value, str(value))
        return plain(value)

    def _missing_names(self, plan: Plan | None) -> dict[str, list[str]]:
        """The names of what is missing, by kind."""
        found: dict[str, list[str]] = {}
        for each in plan.missing if plan else ():
            found.setdefault(each.kind, []).append(field_label(self._tx, each.kind, each.field))
        return found

    def _duplicates(self, plan: Plan | None) -> dict[str, list[Any]]:
        return {
            kind: list(found)
            for kind, found in (plan.duplicates.items() if plan else ())
            if self._typed.get(f"{kind}.anyway") != "yes"
        }

    def _errors(self, error: Invalid) -> dict[str, str]:
        """The words for a wrong value, at the field of the target that it was typed for."""
        text = messages.of_error(error).text
        if error.field in self._typed or error.field.endswith(".existing"):
            return {error.field: text}
        for kind in TARGETS:
            if f"{kind}.{error.field}" in self._typed:
                return {f"{kind}.{error.field}": text}
        if error.field in ("targets", "lead"):
            return {"": text}
        kind, _dot, name = error.field.partition(".")
        if kind not in TARGETS or not name:
            kind, name = "lead", error.field
        label = field_label(self._tx, kind, name)
        return {"": _("%(field)s: %(reason)s", field=label, reason=text)}
