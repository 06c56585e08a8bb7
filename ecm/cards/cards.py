"""What cards of every kind have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, bindparam, false, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload

from ecm import clock
from ecm.access import require_may_create
from ecm.cards.changes import Change
from ecm.cards.kinds import CUSTOM, KINDS
from ecm.cards.sort_keys import sort_key
from ecm.cards.texts import clean_url
from ecm.errors import HasDocuments, Invalid, LeadConverted, ManagedByApplication, NotFound
from ecm.ids import parse_id
from ecm.models import (
    Card,
    Contact,
    ContactPoint,
    Deal,
    Document,
    DocumentCard,
    Lead,
    Organization,
    Pipeline,
    Stage,
    Team,
    User,
)
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.cards.contact_points import GivenPoint
    from ecm.unit_of_work import UnitOfWork

C = TypeVar("C", bound=Card)

DEFAULT_CURRENCY, DEFAULT_COUNTRY = "UAH", "UA"

_MODELS: dict[str | None, type[Card]] = {None: Card, **{kind.name: kind.model for kind in KINDS.values()}}
_LIVE_CARD = {
    kind: select(model).where(
        Card.id == bindparam("card"), Card.company_id == bindparam("of_company"), Card.deleted_at.is_(None)
    )
    for kind, model in _MODELS.items()
}


def _locked(query: Select[Any], model: type[Card]) -> Select[Any]:
    """The query, which locks the cards that it finds.

    Without their stages: PostgreSQL, once it has waited for a move, would seek the new stage in the row of
    the old one. Their keys stay free, so that what refers to them is stored meanwhile.
    """
    locking = query.options(lazyload("*")).with_for_update(of=model, key_share=True)
    return locking.execution_options(populate_existing=True)


_LOCKED_CARD = {kind: _locked(query, _MODELS[kind]) for kind, query in _LIVE_CARD.items()}
_BEGIN_WRITING = update(Card.__table__).where(false()).values(title="")  # type: ignore[arg-type]


class Cards:
    """The cards of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def get(self, id: int | str, *, kind: str | None = None) -> Card:
        """A card by id, of any kind or of one. NotFound, also for a deleted one."""
        wanted = {"card": parse_id(kind or "card", id), "of_company": self._tx.company_id}
        card: Card | None = self._tx.session.scalar(_LIVE_CARD[kind], wanted)
        if card is None:
            raise NotFound(kind or "card", id)
        return card

    def many(self, ids: Sequence[int | None]) -> dict[int, Card]:
        """Cards by their ids, what all kinds have in common of them; without those that there are not."""
        wanted = {id for id in ids if id is not None}
        if not wanted:
            return {}
        # By their ids alone: given the company as well, SQLite would go through all that it has.
        cards = self._tx.session.scalars(select(Card).where(Card.id.in_(wanted)))
        company_id = self._tx.company_id
        return {card.id: card for card in cards if card.company_id == company_id and card.deleted_at is None}

    def own(self, card: C) -> C:
        """The card as a row of this transaction, should it come from an earlier one. NotFound, also for one
        of another company that an application read in the same session."""
        if card in self._tx.session and card.company_id == self._tx.company_id and card.deleted_at is None:
            return card
        found = self.get(card.id, kind=card.kind)
        assert isinstance(found, type(card))
        return found

    def lock(self, card: C) -> C:
        """The card as it is now, which nobody else changes before this transaction ends: they wait in their
        own `lock`. NotFound: it was deleted meanwhile, or is another company's."""
        wanted = {"card": card.id, "of_company": self._tx.company_id}
        self._begin_writing()
        found: Card | None = self._tx.session.scalar(_LOCKED_CARD[card.kind], wanted)
        if found is None:
            raise NotFound(card.kind, card.id)
        assert isinstance(found, type(card))
        return found

    def _begin_writing(self) -> None:
        """Let no other change come between what is read from here on and what is written."""
        session = self._tx.session
        session.flush()  # what is loaded anew must not be older than what was set
        if session.get_bind().dialect.name == "sqlite":
            session.execute(_BEGIN_WRITING)  # SQLite has no row locks: the first write locks it all

    def require_writable(self, card: Card) -> None:
        """ManagedByApplication: the card is registered by an application; LeadConverted."""
        if card.external_ref is not None:
            raise ManagedByApplication(card.id, card.external_url)
        if isinstance(card, Lead) and card.converted_at is not None:
            raise LeadConverted(card.id)

    def add(
        self,
        card: C,
        *,
        title: str,
        owner_id: int | str | None = None,
        team_id: int | str | None = None,
        phones: Sequence[GivenPoint] = (),
        emails: Sequence[GivenPoint] = (),
        fields: Mapping[str, object] | None = None,
        external_ref: str | None = None,
        external_url: str | None = None,
    ) -> C:
        """Store a new card, whose own fields are set already; owned by the actor unless told otherwise.

        Forbidden: the actor may not make such cards; Invalid; MissingFields lists all that it lacks. Nothing
        is written then. One with an `external_ref` is the application's, and nothing is asked of it.
        """
        kind, actor = _kind_of(card), self._tx.require_actor()
        if external_ref is None:
            require_may_create(actor, kind)
        country = getattr(card, "country", DEFAULT_COUNTRY)
        points = self._tx.contact_points.parse(phones, emails, country=country) if phones or emails else []
        values = self._tx.field_values.parse(kind, fields) if fields else {}
        now = clock.now()
        card.company_id, card.kind = self._tx.company_id, kind
        card.title = clean_line("title", title)
        card.title_key = sort_key(card.title)
        card.owner_id = self._parse_common(None, "owner", owner_id) or actor.user_id
        card.team_id = self._parse_common(None, "team", team_id)
        card.external_ref, card.external_url = external_ref, external_url
        card.created_at = card.updated_at = now
        if external_ref is None:
            given = self._own_values(card, points) | {
                CUSTOM + key: each.value for key, each in values.items()
            }
            self._tx.requirements.check(kind, self._stage_of(card), given)
        with self._tx.session.begin_nested():  # a value may turn out to be gone meanwhile
            self._tx.session.add(card)
            self._tx.session.flush()
            if points:
                self._tx.contact_points.store(card, points)
            if values:
                self._tx.field_values.begin(card, values)
            self._tx.audit.record("card.created", kind, card.id, title=card.title)
            self._tx.timeline.add(card, "card.created", title=card.title)
            if isinstance(card, Deal | Lead):
                self._tx.stages.begin(card)
        return card

    def change(
        self,
        card: Card,
        own: Mapping[str, Any],
        *,
        phones: Sequence[GivenPoint] | None = None,
        emails: Sequence[GivenPoint] | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> list[Change]:
        """Change a card: its `own` fields, by their names, to values that are parsed already (`title` as it
        was typed, `owner` and `team` as ids); phones and e-mails; custom fields by their keys. What is left
        out stays.

        ManagedByApplication, LeadConverted; Invalid; MissingFields when a required field would be emptied or
        a missing one among those that are changed stays empty. Nothing is written then.
        """
        card = self.lock(card)
        self.require_writable(card)
        parsed = {name: self._parse_common(card, name, value) for name, value in own.items()}
        country = str(parsed.get("country") or getattr(card, "country", DEFAULT_COUNTRY))
        points = {
            kind: self._tx.contact_points.parse(**{name: given}, country=country)
            for kind, name, given in (("phone", "phones", phones), ("email", "emails", emails))
            if given is not None
        }
        values = self._tx.field_values.parse(card.kind, fields, card=card) if fields else {}
        told: dict[str, object] = {**parsed, **{CUSTOM + key: each.value for key, each in values.items()}}
        told |= {f"{kind}s": found for kind, found in points.items()}
        self._check_told(card, told)
        with self._tx.session.begin_nested():  # a value may turn out to be gone meanwhile
            changes = self._set(card, parsed)
            for kind, found in points.items():
                change = self._tx.contact_points.store(card, found, kind=kind)
                changes += [change] if change else []
            changes += self._tx.field_values.store(card, values) if values else []
            if changes:
                card.updated_at = clock.now()
                self.tell(card, changes)
        return changes

    def values(self, card: Card) -> dict[str, object]:
        """All that a card holds, by the names of its fields; custom ones as ``fields.KEY``."""
        points = self._tx.contact_points.of([card.id]).get(card.id, [])
        custom = self._tx.field_values.of([card.id]).get(card.id, {})
        return self._own_values(card, points) | {CUSTOM + key: value for key, value in custom.items()}

    def ref(self, kind: str, ref: str, *, title: str, url: str | None = None) -> Card:
        """The card that an embedding application knows as `ref`: made on first use, found again after
        that, with the title and the `url` that leads back to it as last told. People read it and put
        documents on it; only this changes it. Invalid: no such kind of card, no http address."""
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        reference, link = clean_line("ref", ref), clean_url(url)
        card = self._lock_ref(kind, reference)
        if card is None:
            try:
                with self._tx.session.begin_nested():
                    made = self._blank(kind)
                    return self.add(made, title=title, external_ref=reference, external_url=link)
            except IntegrityError:  # made by another process since we looked
                card = self._lock_ref(kind, reference)
                assert card is not None
        card.deleted_at, card.external_url = None, link
        self._retitle(card, title)
        self._tx.session.flush()
        return card

    def unref(self, kind: str, ref: str, *, trash_documents: bool = False) -> None:
        """Delete the card that an embedding application knows as `ref`, which only it does, as `delete`
        does with the others. `ref` brings it back. NotFound; HasDocuments."""
        if kind not in KINDS:
            raise Invalid("kind", "one of " + ", ".join(KINDS))
        card = self._lock_ref(kind, clean_line("ref", ref))
        if card is None or card.deleted_at is not None:
            raise NotFound(kind, ref)
        self._delete(card, trash_documents)

    def _lock_ref(self, kind: str, ref: str) -> Card | None:
        self._begin_writing()
        model = KINDS[kind].model
        query = select(model).where(
            Card.company_id == self._tx.company_id, Card.kind == kind, Card.external_ref == ref
        )
        found: Card | None = self._tx.session.scalar(_locked(query, model))
        return found

    def rename(self, card: Card, title: str) -> None:
        """Give a card a new title; its documents are found by it from then on."""
        self.change(card, {"title": title})

    def delete(self, card: Card, *, trash_documents: bool = False) -> None:
        """Delete a card. HasDocuments unless `trash_documents`: then those that are on no other card go
        to the trash, and the others stay on theirs. ManagedByApplication: `unref` is for those;
        LeadConverted: what was made of a lead leads back to it."""
        card = self.lock(card)
        self.require_writable(card)
        self._delete(card, trash_documents)

    def _delete(self, card: Card, trash_documents: bool) -> None:
        count = self.count_documents(card)
        if count and not trash_documents:
            raise HasDocuments(count)
        if count:
            self._tx.documents.leave_card(card)
        card.deleted_at = clock.now()
        self._tx.audit.record("card.deleted", card.kind, card.id, title=card.title, documents=count)
        self._tx.session.flush()

    def count_documents(self, card: Card) -> int:
        """How many documents are on the card, without those in the trash."""
        return (
            self._tx.session.scalar(
                select(func.count())
                .select_from(DocumentCard)
                .join(Document, Document.id == DocumentCard.document_id)
                .where(DocumentCard.card_id == card.id, Document.trashed_at.is_(None))
            )
            or 0
        )

    def _parse_common(self, card: Card | None, name: str, value: Any) -> Any:
        match name:
            case "title":
                return clean_line("title", str(value))
            case "owner":
                if value in (None, ""):
                    return None
                user = self._tx.users.get(value)
                if user.disabled_at is not None and (card is None or card.owner_id != user.id):
                    raise Invalid("owner", "one of the company's employees who are still there")
                return user.id
            case "team":
                return None if value in (None, "") else self._tx.teams.get(value).id
        return value

    def _check_told(self, card: Card, told: Mapping[str, object]) -> None:
        """Hold what is changed now to what is required; a field that nobody touches may go on missing."""
        required = self._tx.requirements.required(card.kind, self._stage_of(card))
        if asked := {name: told[name] for name in required if name in told}:
            untouched = dict.fromkeys(required.keys() - asked.keys(), True)
            self._tx.requirements.check(card.kind, self._stage_of(card), untouched | asked)

    def _set(self, card: Card, parsed: Mapping[str, Any]) -> list[Change]:
        changes = []
        for name, value in parsed.items():
            field = KINDS[card.kind].field(name)
            assert field is not None, name
            old = getattr(card, field.attribute)
            if old == value:
                continue
            if name == "title":
                self._retitle(card, value)
                continue
            setattr(card, field.attribute, value)
            changes.append(Change(name, self._told(field.type, old), self._told(field.type, value)))
        return changes

    def _retitle(self, card: Card, title: str) -> None:
        title = clean_line("title", title)
        if title == card.title:
            return
        self._tx.audit.record("card.renamed", card.kind, card.id, old=card.title, new=title)
        self._tx.timeline.add(card, "field.changed", field="title", old=card.title, new=title)
        card.title, card.title_key, card.updated_at = title, sort_key(title), clock.now()
        self._tx.session.flush()
        self._tx.documents.enqueue_of_card(card.id)

    def tell(self, card: Card, changes: Sequence[Change]) -> None:
        """Tell the trail and the card's timeline what changed."""
        self._tx.session.flush()
        for each in changes:
            facts = {"field": each.field, "old": each.old, "new": each.new}
            self._tx.audit.record("card.changed", card.kind, card.id, **facts)
        self._tx.timeline.add_changes(card, changes)

    def _told(self, type: str, value: Any) -> str | None:
        """A value in words: whom and what an id means."""
        if value is None or value == "":
            return None
        session = self._tx.session
        match type:
            case "user":
                return found.name if (found := session.get(User, value)) else str(value)
            case "team":
                return team.name if (team := session.get(Team, value)) else str(value)
            case "card":
                return card.title if (card := session.get(Card, value)) else str(value)
            case "pipeline":
                return pipeline.name if (pipeline := session.get(Pipeline, value)) else str(value)
        return str(value)

    def _own_values(self, card: Card, points: Sequence[ContactPoint]) -> dict[str, object]:
        values = {
            field.name: getattr(card, field.attribute)
            for field in KINDS[card.kind].fields
            if field.type not in ("phones", "emails")
        }
        for kind in ("phone", "email"):
            values[f"{kind}s"] = [point.value for point in points if point.kind == kind]
        return values

    def _stage_of(self, card: Card) -> Stage | None:
        if not isinstance(card, Deal | Lead):
            return None
        return self._tx.session.get(Stage, card.stage_id)

    def _blank(self, kind: str) -> Card:
        """A card of a kind with nothing but what each must have."""
        if kind == "contact":
            return Contact(country=DEFAULT_COUNTRY)
        if kind == "organization":
            return Organization(country=DEFAULT_COUNTRY)
        pipeline = self._tx.pipelines.default(kind)
        stage = self._tx.pipelines.first_stage(pipeline)
        way = {"pipeline_id": pipeline.id, "stage_id": stage.id, "currency": DEFAULT_CURRENCY}
        return Deal(**way) if kind == "deal" else Lead(**way, country=DEFAULT_COUNTRY)


def _kind_of(card: Card) -> str:
    return next(kind.name for kind in KINDS.values() if type(card) is kind.model)
