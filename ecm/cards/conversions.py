"""Converting leads: to a contact, an organization, a deal, in one transaction, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from ecm import clock
from ecm.access import require_may_create
from ecm.cards.conversion_drafts import TARGETS, Drafts, Target
from ecm.cards.kinds import CUSTOM
from ecm.errors import (
    DuplicatesFound,
    Invalid,
    LeadConverted,
    MissingField,
    MissingFields,
    NotFound,
)
from ecm.models import Card, Contact, Conversion, Deal, DocumentCard, Lead, Organization, Stage

if TYPE_CHECKING:
    from ecm.cards.duplicates import Duplicate
    from ecm.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Plan:
    """What a conversion would come to; nothing is written for it.

    `offered` are the kinds that the actor may choose for this lead; `missing` all that is still to be filled
    in, `duplicates` the cards that are there already, by kind of target; `values` what new cards would hold,
    and `field_maps` which custom fields of the lead go where.
    """

    offered: tuple[str, ...]
    is_repeat: bool
    missing: tuple[MissingField, ...]
    duplicates: Mapping[str, tuple[Duplicate, ...]]
    values: Mapping[str, Mapping[str, Any]]
    field_maps: Mapping[str, Mapping[str, str]]


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
            if kind in new and (found := self._duplicates(kind, values[kind]))
        }
        maps = {kind: drafts.field_map(kind, target.field_map) for kind, target in new.items()}
        repeat = self._tx.leads.is_repeat(lead)
        return Plan(self.offered(lead), repeat, tuple(missing), duplicates, values, maps)

    def convert(self, lead: Lead, targets: Mapping[str, Target], *, key: str | None = None) -> Conversion:
        """Make of a lead, or join it to, any choice of contact, organization and deal; bind them to each
        other; let its documents, products and timeline follow; and make it read-only.

        All of it happens, or nothing. MissingFields lists all that is not filled in; DuplicatesFound the
        cards that are there already, for targets without `create_anyway`; Forbidden; Invalid; NotFound. A
        request with the idempotency `key` of an earlier one is answered with what that one made;
        LeadConverted when the lead was converted otherwise.
        """
        lead = self._tx.cards.own(lead)
        fingerprint = _fingerprint(lead, targets)
        if key is not None and (earlier := self._earlier(key, fingerprint)):
            return earlier
        try:
            with self._tx.session.begin_nested():
                self._claim(lead)
                return self._convert(lead, targets, key, fingerprint)
        except (LeadConverted, IntegrityError):
            # Perhaps by the same request, which came twice and was faster the other time; or the key was
            # used by another one at the same moment.
            if key is not None and (earlier := self._earlier(key, fingerprint)):
                return earlier
            raise

    def _convert(
        self, lead: Lead, targets: Mapping[str, Target], key: str | None, fingerprint: str
    ) -> Conversion:
        plan = self.plan(lead, targets)
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
            raise Invalid("Idempotency-Key", "another key: this one was used for another request")
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
            else:
                self._tx.cards.get(target.existing, kind=kind)

    def _missing_of_lead(self, lead: Lead) -> list[MissingField]:
        quality = _quality_stage(lead)
        return list(self._tx.requirements.missing("lead", quality, self._tx.cards.values(lead)))

    def _missing(
        self, kind: str, target: Target, values: Mapping[str, Any], targets: Mapping[str, Target], lead: Lead
    ) -> list[MissingField]:
        """What a new card lacks: by the nature of its kind, and by what the company requires."""
        held = dict(values) | {"owner": lead.owner_id, "team": lead.team_id, "lead": lead.id}
        stage: Stage | None = None
        missing: list[MissingField] = []
        if kind == "deal":
            if target.pipeline is None:
                return [MissingField(kind, "pipeline", "pipeline", None)]
            stage = self._tx.pipelines.way("deal", target.pipeline, target.stage)
            clients = {
                each: each in targets or getattr(lead, f"{each}_id") for each in ("contact", "organization")
            }
            held |= {each: True for each, there in clients.items() if there}
        elif kind == "organization" and not held.get("title"):
            missing.append(MissingField(kind, "title", "title", None))
        elif kind == "contact" and not (held.get("last_name") or held.get("first_name")):
            missing.append(MissingField(kind, "last_name", "last_name", None))
        named = {each.field for each in missing}
        more = self._tx.requirements.missing(kind, stage, held)
        return missing + [each for each in more if each.field not in named]

    def _duplicates(self, kind: str, values: Mapping[str, Any]) -> tuple[Duplicate, ...]:
        return self._tx.duplicates.find(
            (kind,),
            phones=values.get("phones", ()),
            emails=values.get("emails", ()),
            tax_number=values.get("tax_number"),
            country=values.get("country", "UA"),
        )

    def _make(
        self, kind: str, target: Target, values: Mapping[str, Any], lead: Lead, cards: Mapping[str, Card]
    ) -> Card:
        if target.existing is not None:
            return self._bind(self._tx.cards.get(target.existing, kind=kind), cards)
        given = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
        custom = {name.removeprefix(CUSTOM): each for name, each in values.items() if name.startswith(CUSTOM)}
        fields = self._tx.field_values.parse(kind, custom, card=lead)
        given["owner_id"] = given.pop("owner", lead.owner_id)
        given["team_id"] = given.pop("team", lead.team_id)
        card: Card
        if kind == "contact":
            card = self._tx.contacts.add(fields=fields, **given)
        elif kind == "organization":
            card = self._tx.organizations.add(given.pop("title"), fields=fields, **given)
        else:
            for each in ("contact", "organization"):
                known = cards[each].id if each in cards else getattr(lead, f"{each}_id")
                given.setdefault(each, known)
            card = self._tx.deals.add(
                given.pop("title"), pipeline=target.pipeline, stage=target.stage, fields=fields, **given
            )
        card.lead_id = lead.id
        return card

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
        query = select(DocumentCard.document_id).where(DocumentCard.card_id == lead.id)
        for document in self._tx.documents.many(self._tx.session.scalars(query)).values():
            for card in cards.values():
                self._tx.documents.link(document, card)
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


def _quality_stage(lead: Lead) -> Stage:
    for stage in lead.pipeline.stages:
        if stage.outcome == "quality" and stage.archived_at is None:
            return stage
    raise NotFound("stage", "quality")


def _tell_duplicate(kind: str, each: Duplicate) -> dict[str, str]:
    card = each.card
    return {"target": kind, "id": str(card.id), "kind": card.kind, "title": card.title, "by": each.by}


def _fingerprint(lead: Lead, targets: Mapping[str, Target]) -> str:
    told = {kind: asdict(target) for kind, target in sorted(targets.items())}
    text = json.dumps([lead.id, told], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
