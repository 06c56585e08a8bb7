"""An index as it is read: segments of documents that nobody changes, and snapshots made of them."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from operator import sub
from pathlib import Path
from typing import Final, Protocol

from .entry_terms import KEPT_PREFIX_LETTERS
from .interface import Entry, Facet
from .manifest import Manifest, ManifestError, SegmentRecord
from .matching import Matches, Occurrences, microseconds
from .query import Scope

_UPLOADED: Final = struct.Struct(">q")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT_TERMS: Final = 32  # of `visible_to`, whose documents a segment remembers


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands in a segment: the documents, ascending, and for each its weight and its positions
    (see `pack_positions`). A field of mere terms has neither."""

    documents: array[int]
    weights: array[float]
    positions: Callable[[], Sequence[bytes]]


class SegmentFiles(Protocol):
    """A segment as it was written. All its files are open: another process may delete them meanwhile."""

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of its files by their names, in bytes."""

    def rows(self) -> Sequence[bytes]:
        """What `pack_row` made of each document."""

    def postings(self, field: str, term: str) -> Postings | None:
        """Where this term stands, if anywhere."""

    def beginning(self, field: str, prefix: str) -> Iterable[tuple[str, Postings]]:
        """The terms that begin like this, in order of their bytes, and where they stand."""

    def all_postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        """Everything, in the order of fields and of terms as bytes."""


class SegmentStore(Protocol):
    """The format of segments. ManifestError for files that it did not write."""

    def open(self, folder: Path, record: SegmentRecord) -> SegmentFiles:
        """Open a segment. FileNotFoundError."""

    def write(
        self, folder: Path, rows: Sequence[bytes], postings: Iterable[tuple[str, bytes, Postings]]
    ) -> str:
        """Write a segment under a new id, which is returned; the names of its files begin with the id and
        a dot. `postings` come in order. The files need not be durable yet."""


def pack_row(entry: Entry) -> bytes:
    """What is kept of an entry besides its terms: upload time and id."""
    return _UPLOADED.pack(microseconds(entry.uploaded_at)) + encode(entry.id)


def encode(term: str) -> bytes:
    """A term as bytes; half a letter (a lone surrogate) is no reason to fail."""
    return term.encode("utf-8", "surrogatepass")


def lemma_field(scope: Scope) -> str:
    """The field of the lemmas of a scope."""
    return f"{scope}_lemmas"


def form_field(scope: Scope) -> str:
    """The field of the surface forms of a scope."""
    return f"{scope}_forms"


def start_field(scope: Scope) -> str:
    """The field of the first letters of the surface forms of a scope."""
    return f"{scope}_starts"


def pack_positions(positions: Sequence[int]) -> bytes:
    """Ascending positions, as steps from one to the next: small numbers compress."""
    return array("I", (positions[0], *map(sub, positions[1:], positions))).tobytes()


def unpack_positions(packed: bytes) -> Sequence[int]:
    """What `pack_positions` was given."""
    return list(accumulate(array("I", packed)))


class OpenSegment:
    """A segment's files, and what was read of them once for all. Shared by snapshots and threads."""

    def __init__(self, files: SegmentFiles) -> None:
        self.files = files
        self.having_visible = lru_cache(_KEPT_TERMS)(self._having_visible)

    @cached_property
    def times(self) -> Sequence[int]:
        """Upload times by document, in microseconds since 1970."""
        try:
            return array("q", (_UPLOADED.unpack_from(row)[0] for row in self.files.rows()))
        except struct.error as error:
            raise ManifestError("a row is damaged") from error

    def id_of(self, document: int) -> str:
        try:
            return self.files.rows()[document][_UPLOADED.size :].decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise ManifestError("a row is damaged") from error

    def _having_visible(self, term: str) -> frozenset[int]:
        found = self.files.postings("visible", term)
        return frozenset(found.documents) if found else frozenset()


class Segment:
    """A segment as one commit left it, without what is deleted: see `matching.Segment`."""

    def __init__(self, opened: OpenSegment, record: SegmentRecord) -> None:
        self.opened = opened
        self.record = record
        self.entries = record.documents - len(record.deleted)

    def documents(self) -> Iterable[int]:
        return self._living(range(self.record.documents))

    def lemma(self, scope: Scope, lemma: str) -> Occurrences:
        return self._occurrences(lemma_field(scope), lemma)

    def form(self, scope: Scope, form: str) -> Occurrences:
        return self._occurrences(form_field(scope), form)

    def beginning(self, scope: Scope, prefix: str) -> Iterable[int]:
        if len(prefix) <= KEPT_PREFIX_LETTERS:
            return self.having(start_field(scope), prefix)
        found: set[int] = set()
        for _, postings in self.opened.files.beginning(form_field(scope), prefix):
            found.update(postings.documents)
        return self._living(found)

    def having(self, field: str, value: str) -> Iterable[int]:
        found = self.opened.files.postings(field, value)
        return self._living(found.documents) if found else ()

    def uploaded(self, since: int, until: int) -> Iterable[int]:
        times = self.opened.times
        return [document for document in self.documents() if since <= times[document] < until]

    def only_visible(self, hits: Matches, visible_to: Collection[str]) -> Matches:
        """The hits with one of these terms in `visible_to`."""
        allowed = self.allowed(visible_to)
        if len(allowed) == self.record.documents:
            return hits
        return {document: score for document, score in hits.items() if document in allowed}

    def allowed(self, visible_to: Collection[str]) -> frozenset[int]:
        """The documents with one of these terms in `visible_to`, deleted ones too."""
        return frozenset().union(*map(self.opened.having_visible, visible_to))

    def values(self, facet: Facet) -> Iterable[tuple[str, Iterable[int]]]:
        """The values of a facet and the documents of each."""
        if facet == "year":
            years: dict[str, list[int]] = {}
            for document in self.documents():
                year = _EPOCH + timedelta(microseconds=self.opened.times[document])
                years.setdefault(str(year.year), []).append(document)
            return years.items()
        field = "tag_written" if facet == "tag" else facet
        found = self.opened.files.beginning(field, "")
        return ((value, self._living(postings.documents)) for value, postings in found)

    def forms(self) -> Iterable[tuple[str, Iterable[int]]]:
        """All surface forms and the documents of each."""
        found = self.opened.files.beginning(form_field("everywhere"), "")
        return ((form, self._living(postings.documents)) for form, postings in found)

    def _occurrences(self, field: str, term: str) -> Occurrences:
        found = self.opened.files.postings(field, term)
        if found is None:
            return Occurrences({}, lambda document: ())
        weights = dict(zip(found.documents, found.weights, strict=True))
        for document in self.record.deleted:
            weights.pop(document, None)
        packed: dict[int, bytes] = {}

        def positions(document: int) -> Sequence[int]:
            if not packed:
                packed.update(zip(found.documents, found.positions(), strict=True))
            return unpack_positions(packed[document])

        return Occurrences(weights, positions)

    def _living(self, documents: Iterable[int]) -> Iterable[int]:
        deleted = self.record.deleted
        return [document for document in documents if document not in deleted] if deleted else documents


class Snapshot:
    """One state of an index, opened; what an older one has opened already is taken from it.

    ManifestError; FileNotFoundError, also when a commit has gone by and taken files away.
    """

    def __init__(
        self, folder: Path, store: SegmentStore, manifest: Manifest, raw: bytes | None, older: Snapshot | None
    ) -> None:
        self.manifest = manifest
        self.raw = raw
        self.segments: list[Segment] = []
        known = {segment.record.id: segment.opened for segment in older.segments} if older else {}
        for record in manifest.segments:
            opened = known.get(record.id) or OpenSegment(store.open(folder, record))
            for name, size_bytes in opened.files.sizes.items():
                if name not in manifest.files or manifest.files[name].size_bytes != size_bytes:
                    raise ManifestError(f"{name} is damaged")
            self.segments.append(Segment(opened, record))
        self.entries = sum(segment.entries for segment in self.segments)

    def id_of(self, segment: int, document: int) -> str:
        return self.segments[segment].opened.id_of(document)
