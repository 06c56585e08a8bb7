"""A document as lists show it: with its uploader's name, and where else its content is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecm.models import Card, Document, Version
from ecm.unit_of_work import UnitOfWork

SHOWN_INLINE = frozenset(
    {
        "application/pdf",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/plain",
    }
)
"""What the HTTP API hands to a browser to be opened in place."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document of a list. `card` is the one whose list it is, if any."""

    document: Document
    uploader: str
    duplicates: Sequence[Document] = ()
    card: Card | None = None

    @property
    def version(self) -> Version:
        """The version that is shown."""
        return self.document.current

    @property
    def is_shown_inline(self) -> bool:
        """Whether a browser opens the content by itself."""
        return is_shown_inline(self.version)

    @property
    def other_cards(self) -> list[Card]:
        """The cards besides the one whose list it is."""
        mine = self.card.id if self.card else None
        return [card for card in self.document.cards if card.id != mine and card.deleted_at is None]


def of_documents(tx: UnitOfWork, documents: Iterable[Document], *, card: Card | None = None) -> list[Row]:
    """Rows for documents, in their order."""
    listed = list(documents)
    uploaders = tx.users.names(document.current.uploaded_by_id for document in listed)
    return [
        Row(
            document,
            uploaders[document.current.uploaded_by_id],
            tx.documents.duplicates(document) if document.trashed_at is None else (),
            card,
        )
        for document in listed
    ]


def is_shown_inline(version: Version) -> bool:
    """Whether a browser opens the content by itself instead of saving it."""
    return version.media_type in SHOWN_INLINE
