"""Documents: titled things with versions, on one or more cards, with a way into the trash and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, delete, func, insert, literal, select
from sqlalchemy.orm import contains_eager, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from ecm import clock
from ecm.database import insert_or
from ecm.errors import Invalid, LastCard, NotFound, Taken, Trashed
from ecm.ids import parse_id
from ecm.models import Base, Card, Document, DocumentCard, IdempotentRequest, OutboxTask, Version, VersionText
from ecm.paging import Page, paginate
from ecm.purging import Purging
from ecm.staging import StagedFile, close_intent
from ecm.texts import clean_line
from ecm.versions import Versions

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

KINDS = ("contract", "invoice", "act", "offer", "letter", "drawing", "photo", "other")
TAGS_MOST, TAG_MOST = 50, 60
DUPLICATES_MOST = 20

# Rows that nobody holds as objects: a statement made once is cheaper than what a session does for them.
_ADD_TASK, _ADD_LINK = (
    insert(Base.metadata.tables[model.__tablename__]) for model in (OutboxTask, DocumentCard)
)

# The content is looked up first, and alone: asked for together with what is shown of a document, SQLite
# would rather walk through all documents of the company.
_SAME_CONTENT = (
    select(Version.document_id)
    .join(Document, (Document.id == Version.document_id) & (Document.current_version == Version.number))
    .where(
        Version.sha256 == bindparam("content"),
        Version.company_id == bindparam("of_company"),
        Version.document_id != bindparam("document"),
        Document.trashed_at.is_(None),
    )
    .limit(DUPLICATES_MOST)
)


class Documents:
    """The documents of the actor's company, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx
        self.versions = Versions(tx)
        self.purging = Purging(tx)

    def add(
        self,
        staged: StagedFile,
        *,
        card: Card,
        kind: str = "other",
        title: str | None = None,
        tags: Sequence[str] = (),
    ) -> Document:
        """Make a document of a staged file, on a card. Its title is the file's name unless told.

        StagedFileExpired; Invalid names the wrong value.
        """
        self._check_card(card)
        now = clock.now()
        document = Document(
            company_id=self._tx.company_id,
            title=clean_line("title", title) if title is not None else staged.title,
            kind=check_kind(kind),
            tags=clean_tags(tags),
            current_version=1,
            created_at=now,
            updated_at=now,
        )
        close_intent(self._tx.session, staged, self._tx.company_id)
        self._tx.session.add(document)
        self._tx.session.flush()
        version = self.versions.insert(document, staged, number=1, at=now)
        self._insert_link(document, card, now)
        self._tx.audit.record("document.added", "document", document.id, version=1, card=str(card.id))
        self._tx.timeline.add(card, "document.added", document=str(document.id), title=document.title)
        self.enqueue(document.id)
        self._tx.session.flush()
        self._show(document, version, [card])
        return document

    def add_version(self, document: Document, staged: StagedFile) -> Version:
        """Upload a document's next version; it becomes the current one. StagedFileExpired; Trashed."""
        document = self._live(document)
        session = self._tx.session
        self.versions.lock(document)
        document = self._live(document)
        close_intent(session, staged, self._tx.company_id)
        last = session.scalar(select(func.max(Version.number)).where(Version.document_id == document.id))
        now = clock.now()
        version = self.versions.insert(document, staged, number=(last or 0) + 1, at=now)
        document.current_version, document.updated_at = version.number, now
        self._tx.audit.record("document.version_added", "document", document.id, version=version.number)
        self._tx.timeline.add_of_document(document, "document.version_added", version=version.number)
        self.enqueue(document.id)
        session.flush()
        self._show(document, version, None)
        return version

    def restore_version(self, document: Document, number: int | str) -> Version:
        """Make version `number` the current one again. Nothing is copied, counted or lost."""
        document = self._live(document)
        version = self.versions.get(document, number)
        if document.current_version != version.number:
            facts = {"old": document.current_version, "new": version.number}
            self._tx.audit.record("document.version_restored", "document", document.id, **facts)
            self._tx.timeline.add_of_document(document, "document.version_restored", version=version.number)
            document.current_version, document.updated_at = version.number, clock.now()
            self.enqueue(document.id)
            self._tx.session.flush()
        self._show(document, version, None)
        return version

    def get(self, id: int | str) -> Document:
        """A document by id, with its current version and cards; also one in the trash. NotFound."""
        query = self._loaded(select(Document).where(Document.id == parse_id("document", id)))
        document = self._tx.session.scalars(query).unique().one_or_none()
        if document is None:
            raise NotFound("document", id)
        return document

    def many(self, ids: Iterable[int]) -> dict[int, Document]:
        """Those of the documents that there are and that are not in the trash, by id."""
        query = select(Document).where(Document.id.in_(list(ids)), Document.trashed_at.is_(None))
        return {document.id: document for document in self._tx.session.scalars(self._loaded(query)).unique()}

    def of_card(self, card: Card, *, page: int = 1, per_page: int = 50) -> Page[Document]:
        """The documents on a card, newest first, without those in the trash."""
        query = (
            select(Document)
            .join(DocumentCard, DocumentCard.document_id == Document.id)
            .where(DocumentCard.card_id == card.id, Document.trashed_at.is_(None))
            .order_by(DocumentCard.document_id.desc())
        )
        return paginate(self._tx.session, self._loaded(query), page, per_page)

    def trashed(self, *, page: int = 1, per_page: int = 50) -> Page[Document]:
        """The company's trash, newest documents first."""
        query = select(Document).where(Document.trashed_at.is_not(None)).order_by(Document.id.desc())
        return paginate(self._tx.session, self._loaded(query), page, per_page)

    def duplicates(self, document: Document) -> list[Document]:
        """The company's other documents whose current version has the same content; some of them where
        there are very many."""
        ids = self._tx.session.scalars(
            _SAME_CONTENT,
            {
                "content": document.current.sha256,
                "of_company": self._tx.company_id,
                "document": document.id,
            },
        ).all()
        return sorted(self.many(ids).values(), key=lambda each: each.id) if ids else []

    def update(
        self,
        document: Document,
        *,
        title: str | None = None,
        kind: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Document:
        """Change what is said of a document. Invalid names the wrong value; Trashed."""
        document = self._live(document)
        wanted: dict[str, Any] = {
            "title": clean_line("title", title) if title is not None else document.title,
            "kind": check_kind(kind) if kind is not None else document.kind,
            "tags": clean_tags(tags) if tags is not None else document.tags,
        }
        for name, value in wanted.items():
            old = getattr(document, name)
            if old != value:
                self._tx.audit.record(
                    "document.changed", "document", document.id, field=name, old=old, new=value
                )
                setattr(document, name, value)
                document.updated_at = clock.now()
        if self._tx.session.is_modified(document):
            self.enqueue(document.id)
        self._tx.session.flush()
        return document

    def link(self, document: Document, card: Card) -> None:
        """Put a document on one more card. Idempotent. No byte is copied or counted."""
        document = self._live(document)
        self._check_card(card)
        if all(other.id != card.id for other in document.cards):
            self._insert_link(document, card, clock.now())
            self._tx.audit.record("document.linked", "document", document.id, card=str(card.id))
            self._tx.timeline.add(card, "document.linked", document=str(document.id), title=document.title)
            self.enqueue(document.id)
            self._tx.session.flush()
            self._tx.session.refresh(document, ["cards"])

    def unlink(self, document: Document, card: Card) -> None:
        """Take a document off a card. LastCard when it is on no other."""
        document = self._own(document)
        if not any(other.id != card.id for other in document.cards):
            raise LastCard(document.id)
        self._tx.session.execute(
            delete(DocumentCard).where(
                DocumentCard.card_id == card.id, DocumentCard.document_id == document.id
            )
        )
        self._tx.audit.record("document.unlinked", "document", document.id, card=str(card.id))
        self._tx.timeline.add(card, "document.unlinked", document=str(document.id), title=document.title)
        self.enqueue(document.id)
        self._tx.session.flush()
        self._tx.session.refresh(document, ["cards"])

    def trash(self, document: Document) -> None:
        """Put a document into the trash: in no list, in no search, still counted. Idempotent."""
        document = self._own(document)
        if document.trashed_at is None:
            document.trashed_at = clock.now()
            document.trashed_by_id = self._tx.require_actor().user_id
            self._tx.audit.record("document.trashed", "document", document.id)
            self._tx.timeline.add_of_document(document, "document.trashed")
            self.enqueue(document.id)
            self._tx.session.flush()

    def restore(self, document: Document) -> None:
        """Take a document out of the trash, and its card with it when that was deleted meanwhile."""
        document = self._own(document)
        if document.trashed_at is not None:
            if all(card.deleted_at is not None for card in document.cards):
                for card in document.cards:
                    card.deleted_at = None
                    self._tx.audit.record("card.restored", card.kind, card.id, document=str(document.id))
            document.trashed_at = document.trashed_by_id = None
            self._tx.audit.record("document.restored", "document", document.id)
            self._tx.timeline.add_of_document(document, "document.restored")
            self.enqueue(document.id)
            self._tx.session.flush()

    def purge(self, document: Document) -> int:
        """Delete a document for good, live or in the trash. Returns the bytes that it freed.
        Forbidden unless one uploaded all its versions, or administers the company."""
        return self.purging.purge(self._own(document))

    def empty_trash(self) -> tuple[int, int]:
        """Purge all of the trash that the actor may: how many documents, and how many bytes."""
        return self.purging.empty_trash()

    def text(self, version: Version) -> str:
        """The text that was found in a version; empty while there is none."""
        return (
            self._tx.session.scalar(select(VersionText.text).where(VersionText.version_id == version.id))
            or ""
        )

    def enqueue(self, document_id: int) -> None:
        """Have the document's entry in the index made true after the commit."""
        self._tx.session.execute(
            _ADD_TASK,
            {"company_id": self._tx.company_id, "document_id": document_id, "created_at": clock.now()},
        )

    def enqueue_of_card(self, card_id: int) -> None:
        """Have the entries of all documents on a card made true, in one statement."""
        rows = select(
            DocumentCard.company_id,
            DocumentCard.document_id,
            literal(clock.now(), OutboxTask.created_at.type),
        )
        self._tx.session.execute(
            insert(OutboxTask).from_select(
                ["company_id", "document_id", "created_at"], rows.where(DocumentCard.card_id == card_id)
            )
        )

    def leave_card(self, card: Card) -> None:
        """A card goes: its documents that are on no other go to the trash, the others leave it."""
        query = (
            select(Document)
            .join(DocumentCard, DocumentCard.document_id == Document.id)
            .where(DocumentCard.card_id == card.id, Document.trashed_at.is_(None))
        )
        for document in self._tx.session.scalars(self._loaded(query)).unique().all():
            if any(other.id != card.id and other.deleted_at is None for other in document.cards):
                self.unlink(document, card)
            else:
                self.trash(document)

    def remembered(self, key: str, fingerprint: str) -> Version | None:
        """The version that the actor's earlier request with this idempotency key made. Invalid when
        that request was another one, or the key can't be one."""
        _check_idempotency_key(key)
        user_id = self._tx.require_actor().user_id
        row = self._tx.session.get(IdempotentRequest, (user_id, key))
        if row is None:
            return None
        if row.fingerprint != fingerprint:
            raise Invalid("Idempotency-Key", "a key that was not used for another request")
        return self.versions.get(self.get(row.document_id), row.version)

    def remember(self, key: str, fingerprint: str, document: Document) -> None:
        """Keep what a request with an idempotency key made, in its own transaction: the document's current
        version. Taken: another request with the key was faster; roll back, and answer as that one did."""
        _check_idempotency_key(key)
        row = insert_or(self._tx.session, IdempotentRequest).values(
            user_id=self._tx.require_actor().user_id,
            key=key,
            company_id=self._tx.company_id,
            fingerprint=fingerprint,
            document_id=document.id,
            version=document.current_version,
            created_at=clock.now(),
        )
        inserted = row.on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(
            IdempotentRequest.key
        )
        if self._tx.session.execute(inserted).one_or_none() is None:
            raise Taken("Idempotency-Key", key)

    def _loaded(self, query: Select[Document]) -> Select[Document]:
        """Limit to the company, and load what a document is shown with: two statements for any number."""
        return (
            query.join(
                Version,
                (Version.document_id == Document.id) & (Version.number == Document.current_version),
            )
            .where(Document.company_id == self._tx.company_id)
            .options(contains_eager(Document.current), selectinload(Document.cards))
            .execution_options(populate_existing=True)
        )

    def _insert_link(self, document: Document, card: Card, at: datetime) -> None:
        self._tx.session.execute(
            _ADD_LINK,
            {
                "card_id": card.id,
                "document_id": document.id,
                "company_id": self._tx.company_id,
                "linked_by_id": self._tx.require_actor().user_id,
                "linked_at": at,
            },
        )

    def _show(self, document: Document, version: Version, cards: list[Card] | None) -> None:
        """Set what `_loaded` would load."""
        set_committed_value(document, "current", version)
        if cards is not None:
            set_committed_value(document, "cards", cards)

    def _check_card(self, card: Card) -> None:
        if card.company_id != self._tx.company_id or card.deleted_at is not None:
            raise NotFound(card.kind, card.id)

    def _own(self, document: Document) -> Document:
        """The document as a row of this transaction, should it come from an earlier one."""
        return document if document in self._tx.session else self.get(document.id)

    def _live(self, document: Document) -> Document:
        document = self._own(document)
        if document.company_id != self._tx.company_id:
            raise NotFound("document", document.id)
        if document.trashed_at is not None:
            raise Trashed(document.id, document.trashed_at)
        return document


def _check_idempotency_key(key: str) -> None:
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise Invalid("Idempotency-Key", "1 to 200 printable characters")


def check_kind(kind: str) -> str:
    """The kind, if it is one. Invalid."""
    if kind not in KINDS:
        raise Invalid("kind", "one of " + ", ".join(KINDS))
    return kind


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags in the order given, each once whatever its case. Invalid: too many, or one too long."""
    if isinstance(tags, str):
        raise Invalid("tags", "a list")
    cleaned = {tag.casefold(): tag for tag in (clean_line("tags", tag) for tag in tags if tag.strip())}
    if len(cleaned) > TAGS_MOST or any(len(tag) > TAG_MOST for tag in cleaned):
        raise Invalid("tags", f"{TAGS_MOST} tags of {TAG_MOST} characters at most")
    return list(cleaned.values())
