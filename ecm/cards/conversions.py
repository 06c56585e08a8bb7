"""Converting leads: to a contact, an organization, a deal, in one transaction, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from ecm import clock
from ecm.access import require_may_create
from ecm.cards.conversion_documents import follow_documents
from ecm.cards.conversion_drafts import TARGETS, Drafts, Target, fingerprint_of
from ecm.cards.kinds import CUSTOM
from ecm.cards.money import parse_amount, parse_currency
from ecm.errors import (
    DuplicatesFound,
    Invalid,
    LeadConverted,
    ManagedByApplication,
    MissingField,
    MissingFields,
    NotFound,
)
from ecm.models import Card, Contact, Conversion, Deal, Lead, Organization, Stage, User

if TYPE_CHECKING:
    from ecm.cards.duplicates import Duplicate
    from ecm.unit_of_work import UnitOfWork

KEY_MOST_CHARS: Final = 200
_NAMES: Final = {"user": "owner"}
"""What a value is called that is not found, where that is not its kind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a conversion would come to; nothing is written for it.

    `offered` are the kinds that the actor may choose for this lead; `missing` all that is still to be filled
    in, `duplicates` the cards that are there already, by kind of target; `values` what new cards would hold,
    and `field_maps` which custom fields of the lead go where. `wrong` are the values that can't be taken, the
    first of each kind, by names such as ``deal.expected_close``.
    """

    offered: tuple[str, ...]
    is_repeat: bool
    missing: tuple[MissingField, ...]
    duplicates: Mapping[str, tuple[Duplicate, ...]]
    values: Mapping[str, Mapping[str, Any]]
    field_maps: Mapping[str, Mapping[str, str]]
    wrong: tuple[Invalid, ...] = ()


class Conversions:
    """Conversions of the company's leads, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def of(self, lead: Lead) -> Conversion | None:
        """The conversion of a lead that was converted."""
        query = select(Conversion).where(
            Conversion.lead_id == lead.id, Conversion.company_id == self._tx.company_id
        )
        return self._tx.session.scalar(query)

    def offered(self, lead: Lead) -> tuple[str, ...]:
        """The kinds of card that the actor may convert a lead to: those that they may make; of a client who
        is known already a deal only. Joining to an existing card needs no right to make one."""
        actor = self._tx.require_actor()
        kinds = ("deal",) if self._tx.leads.is_repeat(lead) else TARGETS
        return tuple(kind for kind in kinds if actor.may_create(kind))

    def plan(self, lead: Lead, targets: Mapping[str, Target]) -> Plan:
        """What converting a lead to these targets, by their kinds, would come to. Invalid; Forbidden: the
        actor may not make such cards; LeadConverted; ManagedByApplication; NotFound: no such card."""
        lead = self._tx.cards.own(lead)
        plan = self._plan(lead, targets)
        return replace(plan, wrong=tuple(self._try(lead, targets, plan)))

    def _plan(self, lead: Lead, targets: Mapping[str, Target]) -> Plan:
        """The plan, whose values nobody has tried."""
        self._check(lead, targets)
        drafts = Drafts(self._tx, lead, frozenset(targets))
        new = {kind: target for kind, target in targets.items() if target.existing is None}
        values = {kind: drafts.values(kind, target) for kind, target in new.items()}
        missing = self._missing_of_lead(lead)
        for kind, target in new.items():
            missing += self._missing(kind, target, values[kind], targets, lead)
        duplicates: dict[str, tuple[Duplicate, ...]] = {
            kind: found
            for kind in ("contact", "organization")
            if kind in new and (found := self._duplicates(kind, drafts.points(values[kind])))
        }
        maps = {kind: drafts.field_map(kind, target.field_map) for kind, target in new.items()}
        repeat = self._tx.leads.is_repeat(lead)
        return Plan(self.offered(lead), repeat, tuple(missing), duplicates, values, maps)

    def _try(self, lead: Lead, targets: Mapping[str, Target], plan: Plan) -> Iterator[Invalid]:
        """What is wrong with the new cards: each is made as it would be, as far as its values go, and taken
        back."""
        for kind, values in plan.values.items():
            missing = {each.field for each in plan.missing if each.kind == kind}
            attempt = self._tx.session.begin_nested()
            try:
                if "pipeline" not in missing:
                    self._make(kind, targets[kind], values, lead, {})
            except MissingFields:
                continue  # which the plan tells
            except Invalid as error:
                if error.field.removeprefix(f"{kind}.") not in missing:
                    yield error
            finally:
                attempt.rollback()

    def convert(self, lead: Lead, targets: Mapping[str, Target], *, key: str | None = None) -> Conversion:
        """Make of a lead, or join it to, any choice of contact, organization and deal; bind them to each
        other; let its documents, products and timeline follow; and make it read-only.

        All of it happens, or nothing. MissingFields lists all that is not filled in; DuplicatesFound the
        cards that are there already, for targets without `create_anyway`; Forbidden; Invalid; NotFound. A
        request with the idempotency `key` of an earlier one is answered with what that one made;
        LeadConverted when the lead was converted otherwise.
        """
        if key is not None and not (1 <= len(key) <= KEY_MOST_CHARS and key.isprintable()):
            raise Invalid("Idempotency-Key", f"1 to {KEY_MOST_CHARS} printable characters")
        lead = self._tx.cards.own(lead)
        fingerprint = fingerprint_of(lead, targets)
        if key is not None and (earlier := self._earlier(key, fingerprint)):
            return earlier
        try:
            with self._tx.session.begin_nested():
                lead = self._tx.cards.lock(lead)
                self._claim(lead)
                return self._convert(lead, targets, key, fingerprint)
        except (LeadConverted, IntegrityError) as error:
            # Perhaps by the same request, which came twice and was faster the other time; or the key was
            # used by another one at the same moment.
            if key is not None and (earlier := self._earlier(key, fingerprint)):
                return earlier
            if key is not None and isinstance(error, IntegrityError) and "key" in str(error.orig):
                raise _key_taken() from None
            raise

    def _convert(
        self, lead: Lead, targets: Mapping[str, Target], key: str | None, fingerprint: str
    ) -> Conversion:
        plan = self._plan(lead, targets)
        if plan.missing:
            raise MissingFields(plan.missing)
        unwanted = [
            _tell_duplicate(kind, each)
            for kind, found in plan.duplicates.items()
            if not targets[kind].create_anyway
            for each in found
        ]
        if unwanted:
            raise DuplicatesFound(unwanted)
        cards: dict[str, Card] = {}
        for kind in TARGETS:
            if kind in targets:
                cards[kind] = self._make(kind, targets[kind], plan.values.get(kind, {}), lead, cards)
        contact, organization = cards.get("contact"), cards.get("organization")
        if isinstance(contact, Contact) and isinstance(organization, Organization):
            self._tx.contacts.join(contact, organization)
        created = [kind for kind in TARGETS if kind in targets and targets[kind].existing is None]
        self._follow(lead, cards, created)
        return self._close(lead, cards, created, key, fingerprint)

    def _claim(self, lead: Lead) -> None:
        """Let one of two who convert a lead at the same moment go on, and refuse the other."""
        claimed = self._tx.session.execute(
            update(Lead)
            .where(Lead.__table__.c.card_id == lead.id, Lead.__table__.c.converted_at.is_(None))
            .values(converted_at=clock.now())
            .returning(Lead.__table__.c.card_id)
            .execution_options(synchronize_session=False)
        )
        if claimed.one_or_none() is None:
            raise LeadConverted(lead.id)

    def _earlier(self, key: str, fingerprint: str) -> Conversion | None:
        query = select(Conversion).where(Conversion.company_id == self._tx.company_id, Conversion.key == key)
        earlier = self._tx.session.scalar(query)
        if earlier is not None and earlier.fingerprint != fingerprint:
            raise _key_taken()
        return earlier

    def _check(self, lead: Lead, targets: Mapping[str, Target]) -> None:
        self._tx.cards.require_writable(lead)
        if not targets or not targets.keys() <= set(TARGETS):
            raise Invalid("targets", "one or several of " + ", ".join(TARGETS))
        if lead.stage.outcome == "junk":
            raise Invalid("lead", "a lead that is not junk: take it back to another stage first")
        if self._tx.leads.is_repeat(lead) and targets.keys() != {"deal"}:
            raise Invalid("targets", "a deal only: the client is known already")
        for kind, target in targets.items():
            if target.existing is None:
                require_may_create(self._tx.require_actor(), kind)
                self._check_new(kind, target, lead, targets)
            else:
                self._check_existing(kind, target, lead, targets)

    def _check_new(self, kind: str, target: Target, lead: Lead, targets: Mapping[str, Target]) -> None:
        if kind != "deal":
            return
        for each in ("contact", "organization"):
            if each in targets and target.values.get(each) not in (None, ""):
                raise Invalid(f"deal.{each}", "nothing: the deal gets the one that is chosen for the lead")
        if not self._tx.products.has_any(lead):
            return
        amount = target.values.get("amount")
        if amount not in (None, "") and parse_amount(str(amount), "deal.amount") != lead.amount:
            raise Invalid("deal.amount", "the total of the lead's products: change those")
        currency = target.values.get("currency")
        if currency not in (None, "") and parse_currency(str(currency), "deal.currency") != lead.currency:
            raise Invalid("deal.currency", f"{lead.currency}, which the lead's products are in")

    def _check_existing(self, kind: str, target: Target, lead: Lead, targets: Mapping[str, Target]) -> None:
        """Invalid: what only a new card takes is told too, or the lead's products don't fit in the deal;
        ManagedByApplication: the deal would have to be changed."""
        assert target.existing is not None
        card = self._tx.cards.get(target.existing, kind=kind)
        if replace(target, existing=None) != Target():
            raise Invalid(f"{kind}.existing", "an existing card, or what a new one shall hold, and not both")
        if not isinstance(card, Deal):
            return
        binds = any(each in targets and getattr(card, f"{each}_id") is None for each in TARGETS[:2])
        if card.external_ref is not None:
            if binds or self._tx.products.has_any(lead):
                raise ManagedByApplication(card.id, card.external_url)
            return
        with _named("deal"):
            self._tx.products.check_copy(lead, card)

    def _clients(self, lead: Lead) -> dict[str, int]:
        """The clients that the lead came from, by kind, as far as they are there yet."""
        ids = {"contact": lead.contact_id, "organization": lead.organization_id}
        there = self._tx.cards.many(list(ids.values()))
        return {kind: id for kind, id in ids.items() if id in there}

    def _missing_of_lead(self, lead: Lead) -> list[MissingField]:
        quality = _quality_stage(lead)
        return list(self._tx.requirements.missing("lead", quality, self._tx.cards.values(lead)))

    def _missing(
        self, kind: str, target: Target, values: Mapping[str, Any], targets: Mapping[str, Target], lead: Lead
    ) -> list[MissingField]:
        """What a new card lacks: by the nature of its kind, and by what the company requires."""
        held = {"owner": lead.owner_id, "team": lead.team_id, "lead": lead.id} | dict(values)
        stage: Stage | None = None
        missing: list[MissingField] = []
        if kind == "deal":
            if target.pipeline is None:
                return [MissingField(kind, "pipeline", "pipeline", None)]
            with _named(kind):
                stage = self._tx.pipelines.way("deal", target.pipeline, target.stage)
            held |= dict.fromkeys(
                (targets.keys() & {"contact", "organization"}) | self._clients(lead).keys(), True
            )
            if not held.get("title"):
                missing.append(MissingField(kind, "title", "title", None))
        elif kind == "organization" and not held.get("title"):
            missing.append(MissingField(kind, "title", "title", None))
        elif kind == "contact" and not (held.get("last_name") or held.get("first_name")):
            missing.append(MissingField(kind, "last_name", "last_name", None))
        named = {each.field for each in missing}
        more = self._tx.requirements.missing(kind, stage, held)
        return missing + [each for each in more if each.field not in named]

    def _duplicates(self, kind: str, values: Mapping[str, Any]) -> tuple[Duplicate, ...]:
        with _named(kind):
            return self._tx.duplicates.find(
                (kind,),
                phones=values.get("phones", ()),
                emails=values.get("emails", ()),
                tax_number=values.get("tax_number"),
                country=values.get("country", "UA"),
            )

    def _owner_of(self, lead: Lead) -> int | None:
        """Who owns what is made of a lead: its owner; whoever converts it, when that one has left."""
        owner = self._tx.session.get(User, lead.owner_id) if lead.owner_id is not None else None
        return owner.id if owner is not None and owner.disabled_at is None else None

    def _make(
        self, kind: str, target: Target, values: Mapping[str, Any], lead: Lead, cards: Mapping[str, Card]
    ) -> Card:
        if target.existing is not None:
            return self._bind(self._tx.cards.get(target.existing, kind=kind), cards)
        values = Drafts(self._tx, lead, frozenset()).points(values)
        given = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
        custom = {name.removeprefix(CUSTOM): each for name, each in values.items() if name.startswith(CUSTOM)}
        given["owner_id"] = given.pop("owner", self._owner_of(lead))
        given["team_id"] = given.pop("team", lead.team_id)
        with _named(kind):
            fields = self._tx.field_values.parse(kind, custom, card=lead)
            card = self._add(kind, target, given, fields, lead, cards)
        card.lead_id = lead.id
        return card

    def _add(
        self,
        kind: str,
        target: Target,
        given: dict[str, Any],
        fields: Mapping[str, object],
        lead: Lead,
        cards: Mapping[str, Card],
    ) -> Card:
        if kind == "contact":
            return self._tx.contacts.add(fields=fields, **given)
        title = given.pop("title", "")
        if kind == "organization":
            return self._tx.organizations.add(title, fields=fields, **given)
        bound = self._clients(lead) | {each: cards[each].id for each in TARGETS[:2] if each in cards}
        way = {"pipeline": target.pipeline, "stage": target.stage}
        return self._tx.deals.add(title, fields=fields, **(bound | given | way))

    def _bind(self, existing: Card, cards: Mapping[str, Card]) -> Card:
        """An existing card: a deal without a client gets the one that was chosen; others stay as they are."""
        if isinstance(existing, Deal):
            found = {
                each: cards[each].id
                for each in ("contact", "organization")
                if each in cards and getattr(existing, f"{each}_id") is None
            }
            if found and existing.external_ref is None:
                self._tx.cards.change(existing, found)
        return existing

    def _follow(self, lead: Lead, cards: Mapping[str, Card], created: list[str]) -> None:
        self._tx.timeline.follow(lead, cards.values())
        follow_documents(self._tx, lead, cards.values())
        if isinstance(deal := cards.get("deal"), Deal) and deal.external_ref is None:
            self._tx.products.copy(lead, deal)

    def _close(
        self,
        lead: Lead,
        cards: Mapping[str, Card],
        created: list[str],
        key: str | None,
        fingerprint: str,
    ) -> Conversion:
        conversion = Conversion(
            company_id=lead.company_id,
            lead_id=lead.id,
            **{f"{kind}_id": cards[kind].id if kind in cards else None for kind in TARGETS},
            created=created,
            key=key,
            fingerprint=fingerprint,
            by_id=self._tx.require_actor().user_id,
            at=clock.now(),
        )
        self._tx.session.add(conversion)
        self._tx.stages.enter(lead, _quality_stage(lead))
        lead.converted_at = conversion.at
        self._tx.session.flush()
        made = [
            {"id": str(card.id), "kind": kind, "title": card.title, "created": kind in created}
            for kind, card in cards.items()
        ]
        self._tx.audit.record("lead.converted", "lead", lead.id, cards=made)
        self._tx.timeline.add(lead, "lead.converted", cards=made)
        origin = {"id": str(lead.id), "kind": "lead", "title": lead.title}
        for kind, card in cards.items():
            others = [each for each in made if each["id"] != str(card.id)]
            self._tx.timeline.add(
                card, "made.from_lead" if kind in created else "joined.by_lead", lead=origin, cards=others
            )
        return conversion


@contextmanager
def _named(kind: str) -> Iterator[None]:
    """Refusals inside name the kind of target too, as ``contact.phones``; what is not found is a value."""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"{kind}.{error.field}"[:100], error.reason) from None
    except NotFound as error:
        raise Invalid(f"{kind}.{_NAMES.get(error.what, error.what)}"[:100], "there is no such one") from None


def _key_taken() -> Invalid:
    return Invalid("Idempotency-Key", "another key: this one was used for another request")


def _quality_stage(lead: Lead) -> Stage:
    for stage in lead.pipeline.stages:
        if stage.outcome == "quality" and stage.archived_at is None:
            return stage
    raise NotFound("stage", "quality")


def _tell_duplicate(kind: str, each: Duplicate) -> dict[str, str]:
    card = each.card
    return {"target": kind, "id": str(card.id), "kind": card.kind, "title": card.title, "by": each.by}
