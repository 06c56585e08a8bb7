"""The rows of documents that an engine has found, with all that a list shows of them, in two statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm.attributes import set_committed_value

from ecm.access import Actor
from ecm.database import Database
from ecm.models import Card, Document, DocumentCard, User, Version, VersionText

# Made once: what a session does for a statement that it does not know takes as long as the statement.
_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_DOCUMENTS = (
    select(Document, Version, User.name)
    .join(Version, (Version.document_id == Document.id) & (Version.number == Document.current_version))
    .join(User, User.id == Version.uploaded_by_id)
    .where(
        Document.id.in_(_IDS),
        Document.company_id == bindparam("of_company"),
        Document.trashed_at.is_(None),
    )
)
_DOCUMENTS_WITH_TEXT = _DOCUMENTS.add_columns(func.substr(VersionText.text, 1, bindparam("head_chars"))).join(
    VersionText, VersionText.version_id == Version.id, isouter=True
)
_CARDS = (
    select(DocumentCard.document_id, Card)
    .join(Card, Card.id == DocumentCard.card_id)
    .where(DocumentCard.document_id.in_(_IDS), DocumentCard.company_id == bindparam("of_company"))
    .order_by(Card.id)
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Documents by id, in the order asked for, with their current versions and cards; the beginnings of
    their texts by the version's id; names of users by id."""

    documents: dict[int, Document] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


class FoundRows:
    """Reads rows in short transactions of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, actor: Actor, ids: Sequence[int], *, head_chars: int = 0) -> Rows:
        """Those of the documents that the actor's company has and that are not in the trash."""
        if not ids:
            return Rows()
        values = {"ids": list(ids), "of_company": actor.company_id}
        rows = Rows()
        found: dict[int, Document] = {}
        cards: defaultdict[int, list[Card]] = defaultdict(list)
        with self._database.transaction() as session:
            if head_chars:
                several = session.execute(_DOCUMENTS_WITH_TEXT, values | {"head_chars": head_chars})
            else:
                several = session.execute(_DOCUMENTS, values)
            for document, version, name, *head in several:
                set_committed_value(document, "current", version)
                found[document.id] = document
                rows.names[version.uploaded_by_id] = name
                if head:
                    rows.heads[version.id] = head[0] or ""
            for document_id, card in session.execute(_CARDS, values):
                cards[document_id].append(card)
            for id in ids:
                if (document := found.get(id)) is not None:
                    set_committed_value(document, "cards", cards[id])
                    rows.documents[id] = document
        return rows

    def names(self, actor: Actor, ids: Sequence[int]) -> Mapping[int, str]:
        """What users of the actor's company are called."""
        if not ids:
            return {}
        with self._database.transaction() as session:
            query = select(User.id, User.name).where(User.company_id == actor.company_id, User.id.in_(ids))
            return {id: name for id, name in session.execute(query)}  # noqa: C416 - rows are no tuples to mypy
