"""An index as it is read: segments of documents that nobody changes, and snapshots made of them.

Everything about a segment is an array: documents are numbers, so that a search is arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .entry_terms import KEPT_PREFIX_LETTERS
from .interface import Facet
from .manifest import Manifest, ManifestError, SegmentRecord
from .matching import Documents, Mask, Occurrences, Places, Scores, fold_term, newer
from .query import Scope

_KEPT_MASKS: Final = 8  # of who may see what, that a segment remembers
_ROW_BYTES: Final = 40  # of memory: a time, a factor, an id, masks
_FORM_BYTES: Final = 100  # of memory: a word in a lexicon
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_NO_DOCUMENTS: Final[Documents] = np.empty(0, np.int64)
_NO_WEIGHTS: Final[Scores] = np.empty(0, np.float64)


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands in a segment: the documents, ascending, for each its weight, and the places in it.
    A field of mere terms has no weights and no places."""

    documents: Documents
    weights: Scores
    places: Callable[[], Places]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is kept of each document besides its terms: upload time in microseconds since 1970, and id."""

    times: NDArray[np.int64]
    ids: Sequence[bytes]


class SegmentFiles(Protocol):
    """A segment as it was written. All its files are open: another process may delete them meanwhile."""

    @property
    def id(self) -> str:
        """Its name, under which it was written."""

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of its files by their names, in bytes."""

    @property
    def sums(self) -> dict[str, int]:
        """The CRC-32 of those of its files that were read whole."""

    @property
    def held_bytes(self) -> int:
        """How much of its files is held in memory."""

    @property
    def descriptors(self) -> int:
        """How many files of the system it holds open."""

    def rows(self) -> Rows:
        """The rows of all documents."""

    def postings(self, field: str, term: str) -> Postings | None:
        """Where this term stands, if anywhere."""

    def count(self, field: str, term: str) -> int:
        """In how many documents this term stands, deleted ones too: without reading which they are."""

    def beginning(self, field: str, prefix: str) -> Iterable[tuple[str, Postings]]:
        """The terms that begin like this, in order of their bytes, and where they stand."""

    def forms(self) -> list[str]:
        """All surface forms."""

    def all_postings(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Everything, packed, in the order of fields and of terms as bytes."""


class SegmentStore(Protocol):
    """The format of segments. ManifestError for files that it did not write."""

    def open(self, folder: Path, record: SegmentRecord) -> SegmentFiles:
        """Open a segment. FileNotFoundError."""

    def write(self, folder: Path, rows: Rows, postings: Iterable[tuple[str, bytes, bytes]]) -> str:
        """Write a segment under a new id, which is returned; the names of its files begin with the id and
        a dot. `postings` come in order, packed (see `packing`). The files need not be durable yet."""


def encode(term: str) -> bytes:
    """A term as bytes; half a letter (a lone surrogate) is no reason to fail."""
    return term.encode("utf-8", "surrogatepass")


def decode(term: bytes) -> str:
    """What `encode` was given."""
    return term.decode("utf-8", "surrogatepass")


def lemma_field(scope: Scope) -> str:
    """The field of the lemmas of a scope."""
    return f"{scope}_lemmas"


def form_field(scope: Scope) -> str:
    """The field of the surface forms of a scope."""
    return f"{scope}_forms"


def start_field(scope: Scope) -> str:
    """The field of the first letters of the surface forms of a scope."""
    return f"{scope}_starts"


class FacetColumn(NamedTuple):
    """The values of a facet in a segment: for each pair of a document and a value the number of the value in
    `keys`, by which values are compared, and in `written`, as they are shown."""

    keys: list[str]
    written: list[str]
    documents: Documents
    numbers: NDArray[np.int64]


class OpenSegment:
    """A segment's files, and what was read of them once for all. Shared by snapshots and threads."""

    def __init__(self, files: SegmentFiles) -> None:
        self.files = files
        self._visible: dict[frozenset[str], Mask] = {}
        self._columns: dict[Facet, FacetColumn] = {}
        self._cached_bytes = 0

    @property
    def held_bytes(self) -> int:
        """How much memory its files and what was read of them take, about."""
        return self.files.held_bytes + self._cached_bytes

    @cached_property
    def rows(self) -> Rows:
        rows = self.files.rows()
        self._cached_bytes += _ROW_BYTES * len(rows.ids)
        return rows

    @cached_property
    def newer(self) -> Scores:
        """By how much the upload time makes each document more relevant."""
        return newer(self.rows.times)

    def id_of(self, document: int) -> str:
        try:
            return decode(self.rows.ids[document])
        except UnicodeDecodeError as error:
            raise ManifestError("a row is damaged", self.files.id) from error

    def forms(self, length: int) -> list[str]:
        """The surface forms that are not more than two letters longer or shorter than this."""
        forms, starts = self._lexicon
        first, end = (min(max(letters, 0), len(starts) - 1) for letters in (length - 2, length + 3))
        return forms[int(starts[first]) : int(starts[end])]

    @cached_property
    def _lexicon(self) -> tuple[list[str], NDArray[np.intp]]:
        """All surface forms by their lengths, and where those of each length begin."""
        forms = sorted(self.files.forms(), key=len)
        self._cached_bytes += _FORM_BYTES * len(forms)
        lengths = np.fromiter(map(len, forms), np.int64, len(forms))
        longest = int(lengths[-1]) if forms else 0
        return forms, np.searchsorted(lengths, np.arange(longest + 2))

    def having_visible(self, terms: frozenset[str]) -> Mask:
        """Which documents have one of these terms in `visible_to`, deleted ones too."""
        # No lru_cache: a cycle of references would keep files open until they are collected.
        if (mask := self._visible.get(terms)) is None:
            mask = np.zeros(len(self.rows.times), np.bool_)
            for term in terms:
                if found := self.files.postings("visible", term):
                    mask[found.documents] = True
            _keep(self._visible, terms, mask)
        return mask

    def column(self, facet: Facet) -> FacetColumn:
        """The values of a facet."""
        if facet not in self._columns:
            column = self._columns[facet] = self._read_column(facet)
            self._cached_bytes += column.documents.nbytes + column.numbers.nbytes
        return self._columns[facet]

    def _read_column(self, facet: Facet) -> FacetColumn:
        if facet == "year":
            years = self.rows.times.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
            values, numbers = np.unique(years, return_inverse=True)
            names = [str(year) for year in values]
            return FacetColumn(names, names, np.arange(len(years)), numbers)
        found = list(self.files.beginning("tag_written" if facet == "tag" else facet, ""))
        keys: dict[str, str] = {}
        for value, _ in found:
            key = fold_term(facet, value)
            keys[key] = min(value, keys.get(key, value))
        keys.pop("", None)
        number_of = {key: number for number, key in enumerate(keys)}
        pairs = [
            found.documents * len(number_of) + number_of[key]
            for value, found in found
            if (key := fold_term(facet, value)) in number_of
        ]
        joined = np.unique(np.concatenate(pairs)) if pairs else _NO_DOCUMENTS
        documents, numbers = np.divmod(joined, max(1, len(number_of)))
        return FacetColumn(list(keys), list(keys.values()), documents, numbers)


class Segment:
    """A segment as one commit left it, without what is deleted: see `matching.Segment`."""

    def __init__(self, opened: OpenSegment, record: SegmentRecord) -> None:
        self.opened = opened
        self.record = record
        self.size = record.documents
        self.entries = record.documents - len(record.deleted)
        self._shown: dict[frozenset[str], Mask | None] = {}

    @property
    def times(self) -> NDArray[np.int64]:
        return self.opened.rows.times

    @property
    def newer(self) -> Scores:
        return self.opened.newer

    @cached_property
    def living(self) -> Mask | None:
        """Which documents are not deleted; None for all."""
        if not self.record.deleted:
            return None
        mask = np.ones(self.size, np.bool_)
        mask[list(self.record.deleted)] = False
        return mask

    def lemma(self, scope: Scope, lemma: str) -> Occurrences | None:
        return self._occurrences(lemma_field(scope), lemma)

    def form(self, scope: Scope, form: str) -> Occurrences | None:
        return self._occurrences(form_field(scope), form)

    def beginning(self, scope: Scope, prefix: str) -> Documents:
        if len(prefix) <= KEPT_PREFIX_LETTERS:
            return self.having(start_field(scope), prefix)
        found = [postings for _, postings in self.opened.files.beginning(form_field(scope), prefix)]
        if len(found) < 2:
            return self._living(found[0].documents) if found else _NO_DOCUMENTS
        mask = np.zeros(self.size, np.bool_)
        for postings in found:
            mask[postings.documents] = True
        return self._living(np.flatnonzero(mask))

    def having(self, field: str, value: str) -> Documents:
        found = self.opened.files.postings(field, value)
        return self._living(found.documents) if found else _NO_DOCUMENTS

    def count(self, field: str, term: str) -> int:
        """In how many documents a term stands."""
        if self.living is None:
            return self.opened.files.count(field, term)
        return len(self.having(field, term))

    def uploaded(self, since: int, until: int) -> Documents:
        times = self.times
        return self._living(np.flatnonzero((times >= since) & (times < until)))

    def documents(self) -> Documents:
        return self._living(np.arange(self.size))

    def shown(self, visible_to: frozenset[str]) -> Mask | None:
        """Which documents are there for one who may see these terms; None for all."""
        try:
            return self._shown[visible_to]
        except KeyError:
            mask = self.opened.having_visible(visible_to)
        if self.living is not None:
            mask = mask & self.living
        shown = None if mask.all() else mask
        _keep(self._shown, visible_to, shown)
        return shown

    def _occurrences(self, field: str, term: str) -> Occurrences | None:
        found = self.opened.files.postings(field, term)
        if found is None:
            return None
        if self.living is None:
            return Occurrences(found.documents, found.weights, found.places)
        kept = self.living[found.documents]
        if kept.all():
            return Occurrences(found.documents, found.weights, found.places)
        documents, weights = found.documents[kept], found.weights[kept]
        return Occurrences(documents, weights, lambda: found.places().picked(kept))

    def _living(self, documents: Documents) -> Documents:
        return documents if self.living is None else documents[self.living[documents]]


class Snapshot:
    """One state of an index, opened; what an older one has opened already is taken from it.

    Segments that are damaged are left out: `lost` tells the reasons by their ids. Those in `known_lost` are
    not even tried.
    """

    def __init__(
        self,
        folder: Path,
        store: SegmentStore,
        manifest: Manifest,
        raw: bytes | None,
        older: Snapshot | None = None,
        known_lost: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.manifest = manifest
        self.raw = raw
        self.segments: list[Segment] = []
        self.lost = dict(known_lost)
        opened = {segment.record.id: segment.opened for segment in older.segments} if older else {}
        for record in manifest.segments:
            if record.id in known_lost:
                continue
            try:
                files = opened.get(record.id) or _open_segment(folder, store, manifest, record)
            except ManifestError as error:
                self.lost[record.id] = str(error)
            else:
                self.segments.append(Segment(files, record))
        self.entries = sum(segment.entries for segment in self.segments)

    @property
    def held_bytes(self) -> int:
        """How much memory it holds, about."""
        return sum(segment.opened.held_bytes for segment in self.segments)

    @property
    def descriptors(self) -> int:
        """How many files of the system it holds open."""
        return sum(segment.opened.files.descriptors for segment in self.segments)

    def id_of(self, segment: int, document: int) -> str:
        return self.segments[segment].opened.id_of(document)

    def holding(self, visible_to: Collection[str]) -> list[Mask | None]:
        """For each segment which documents there are for one who may see these terms; None for all."""
        terms = frozenset(visible_to)
        return [segment.shown(terms) for segment in self.segments]


def _open_segment(
    folder: Path, store: SegmentStore, manifest: Manifest, record: SegmentRecord
) -> OpenSegment:
    """Open a segment whose files are of the sizes, and as far as they are read whole, of the sums that were
    written. ManifestError."""
    try:
        files = store.open(folder, record)
    except FileNotFoundError as error:
        raise ManifestError(f"{Path(str(error.filename)).name} is missing", record.id) from error
    for name, size_bytes in files.sizes.items():
        written = manifest.files.get(name)
        if written is None or (size_bytes, files.sums.get(name, written.crc32)) != (
            written.size_bytes,
            written.crc32,
        ):
            raise ManifestError(f"{name} is damaged", record.id)
    return OpenSegment(files)


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remember something among few others."""
    if len(kept) >= _KEPT_MASKS:
        kept.clear()
    kept[key] = value


def no_places() -> Any:
    """The places of a term in a field of mere terms."""
    return Places(_NO_DOCUMENTS, _NO_DOCUMENTS)


def plain(documents: Documents) -> Postings:
    """Postings of a field of mere terms."""
    return Postings(documents, _NO_WEIGHTS, no_places)
