"""The rows of documents that an engine has found, with all that a list shows of them, in two statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import BigInteger, BindParameter, Integer, bindparam, case, func, select
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
_MAP_OF_LONG_BYTES: Final = (
    4096  # a text with a smaller map is soon read, and sooner than asked for once more
)
_DOCUMENTS_WITH_TEXT = _DOCUMENTS.add_columns(
    VersionText.map,
    case(
        (
            func.coalesce(func.length(VersionText.map), 0) < _MAP_OF_LONG_BYTES,
            func.substr(VersionText.text, 1, bindparam("head_chars")),
        )
    ),
).join(VersionText, VersionText.version_id == Version.id, isouter=True)
_PIECES_READ: Final = 20  # at once
_PIECE_IDS = [bindparam(f"id_{number}", type_=BigInteger) for number in range(_PIECES_READ)]
_PIECES = select(
    VersionText.version_id,
    func.substr(
        VersionText.text,
        case(
            *(
                (VersionText.version_id == id, bindparam(f"start_{number}", type_=Integer))
                for number, id in enumerate(_PIECE_IDS)
            )
        ),
        bindparam("chars", type_=Integer),
    ),
).where(VersionText.version_id.in_(_PIECE_IDS), VersionText.company_id == bindparam("of_company"))
_CARDS = (
    select(DocumentCard.document_id, Card)
    .join(Card, Card.id == DocumentCard.card_id)
    .where(DocumentCard.document_id.in_(_IDS), DocumentCard.company_id == bindparam("of_company"))
    .order_by(Card.id)
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Documents by id, in the order asked for, with their current versions and cards; by the version's id the
    maps of texts that have one, and the beginnings of texts that have none or a small one; names of users
    by id."""

    documents: dict[int, Document] = field(default_factory=dict)
    maps: dict[int, bytes] = field(default_factory=dict)
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
            for document, version, name, *texts in several:
                set_committed_value(document, "current", version)
                found[document.id] = document
                rows.names[version.uploaded_by_id] = name
                if texts:
                    text_map, head = texts
                    if text_map is not None:
                        rows.maps[version.id] = text_map
                    if text_map is None or head is not None:
                        rows.heads[version.id] = head or ""
            for document_id, card in session.execute(_CARDS, values):
                cards[document_id].append(card)
            for id in ids:
                if (document := found.get(id)) is not None:
                    set_committed_value(document, "cards", cards[id])
                    rows.documents[id] = document
        return rows

    def pieces(self, actor: Actor, wanted: Mapping[int, tuple[int, int]]) -> dict[int, str]:
        """Pieces of texts of the actor's company, each from one character to another, by the version's id."""
        pieces: dict[int, str] = {}
        ids = list(wanted)
        with self._database.transaction() as session:
            for at in range(0, len(ids), _PIECES_READ):
                read = ids[at : at + _PIECES_READ]
                values: dict[str, int | None] = {"of_company": actor.company_id}
                values["chars"] = max(wanted[id][1] - wanted[id][0] for id in read)
                for number in range(_PIECES_READ):
                    id = read[number] if number < len(read) else None
                    values[f"id_{number}"] = id
                    values[f"start_{number}"] = None if id is None else wanted[id][0] + 1
                for id, text in session.execute(_PIECES, values):
                    pieces[id] = text[: wanted[id][1] - wanted[id][0]]
        return pieces

    def names(self, actor: Actor, ids: Sequence[int]) -> Mapping[int, str]:
        """What users of the actor's company are called."""
        if not ids:
            return {}
        with self._database.transaction() as session:
            query = select(User.id, User.name).where(User.company_id == actor.company_id, User.id.in_(ids))
            return {id: name for id, name in session.execute(query)}  # noqa: C416 - rows are no tuples to mypy
