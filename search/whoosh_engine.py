"""The default engine: one Whoosh index per company, in a folder of its own.

Of Whoosh only the narrow core is used: its writer and its segment files. Analysis and matching are
ours; so is the commit, a manifest in place of Whoosh's table of contents (see `manifest`), since
Whoosh makes nothing durable and notices no flipped bit. Readers share snapshots that no writer
touches; a look at the manifest tells whether a snapshot is still the newest.
"""

from __future__ import annotations

import logging
import mmap
import pickle
import re
import secrets
import shutil
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher, W3Segment
from whoosh.columns import VarBytesColumn
from whoosh.fields import FieldType, Schema
from whoosh.filedb.filestore import FileStorage, Storage
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Existence, Format
from whoosh.index import TOC
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from . import manifest as manifests
from .analysis import Analyzer
from .entry_terms import Occurrence, prefix_term, terms_of
from .errors import IndexBusy, IndexDamaged, IndexUnavailable
from .interface import Entry, Hit, Hits, Sort
from .locks import LockTimeout, locked
from .manifest import Manifest, ManifestError, SegmentRecord
from .matching import Field, Matches, Matching, Occurrences, microseconds, rank
from .query import Query

_log = logging.getLogger(__name__)

_SCHEMA: Final = "whoosh 1"  # of the fields below; change it with them
_INDEX_NAME: Final = "MAIN"
_MAX_SEGMENTS: Final = 8  # a search looks into each
_MAX_DELETED: Final = 0.3  # of a segment, before it is rewritten without what is deleted
_WRITER_MEMORY_MB: Final = 128
_MAPPED_BYTES: Final = 1 << 18  # smaller files are read whole: a mapping costs a file descriptor
_ROW: Final = struct.Struct(">q")  # upload time in microseconds, before the id
_ROWS: Final = VarBytesColumn()
_CODEC: Final = W3Codec()

# What Whoosh raises on bytes that it did not write.
_READING_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zlib.error,
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="_SegmentFiles")


class _Positions(Format):  # type: ignore[misc]
    """Postings with positions, packed by us."""

    posting_size = -1


class _Terms(FieldType):  # type: ignore[misc]
    """A field that is given its postings ready made."""

    def __init__(self, format: Format) -> None:
        super().__init__(format, analyzer=None)

    def index(self, value: Any, **kwargs: Any) -> Any:
        return value


class _Rows(FieldType):  # type: ignore[misc]
    """A column with the upload time and the id of each document."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(None, analyzer=None, sortable=_ROWS)

    def to_column_value(self, value: bytes) -> bytes:
        return value


def _make_schema() -> Schema:
    existing = ("forms", "title_forms", "id", "visible", "card", "by", "kind", "tag", "type")
    return Schema(
        words=_Terms(_Positions()),
        title=_Terms(_Positions()),
        row=_Rows(),
        **{name: _Terms(Existence()) for name in existing},
    )


class _File(BufferFile):  # type: ignore[misc]
    """A file in memory, read or mapped. `get` moves no pointer, so threads may share it."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        with path.open("rb") as file:
            if size_bytes < _MAPPED_BYTES:
                self._buf: bytes | mmap.mmap = file.read()
            else:
                self._buf = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._buf) != size_bytes:
            raise ManifestError(f"{path.name} is damaged")
        self.file = BytesIO(self._buf) if isinstance(self._buf, bytes) else self._buf
        self._name = path.name
        self.onclose = None
        self.is_real = False
        self.is_closed = False


class _Opened(Storage):  # type: ignore[misc]
    """The files of one segment, opened at once: another process may delete them at any time."""

    def __init__(self, folder: Path, sums: Mapping[str, manifests.FileSum]) -> None:
        self._files = {name: _File(folder / name, known.size_bytes) for name, known in sums.items()}

    def open_file(self, name: str, *args: Any, **kwargs: Any) -> _File:
        return self._files[name]

    def file_length(self, name: str) -> int:
        return len(self._files[name]._buf)


class _Leaf(W3LeafMatcher):  # type: ignore[misc]
    """A posting list, read whole: block by block, where a matcher goes posting by posting."""

    def read(self) -> tuple[list[int], list[float], list[bytes]]:
        ids: list[int] = []
        weights: list[float] = []
        values: list[bytes] = []
        while self.is_active():
            self._read_ids()
            self._read_weights()
            self._read_values()
            ids.extend(self._ids)
            weights.extend(self._weights)
            values.extend(self._values)
            self._next_block()
        return ids, weights, values


def _guarded(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """What Whoosh raises on damaged files becomes ManifestError."""

    def reading(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(self, *args, **kwargs)
        except _READING_ERRORS as error:
            raise ManifestError(f"segment {self.id} cannot be read ({error!r})") from error

    return reading


class _SegmentFiles:
    """What Whoosh wrote of some documents. Never changes, so that snapshots share it."""

    def __init__(self, folder: Path, record: SegmentRecord, manifest: Manifest) -> None:
        self.id = record.id
        self.documents = record.documents
        self._open(folder, manifest)

    @_guarded
    def _open(self, folder: Path, manifest: Manifest) -> None:
        segment = W3Segment(_CODEC, _INDEX_NAME, self.documents, self.id)
        names = [segment.make_filename(ending) for ending in (".trm", ".pst", ".row.col")]
        opened = _Opened(folder, {name: manifest.files[name] for name in names})
        self._terms = _CODEC.terms_reader(opened, segment)
        self._postings = opened.open_file(names[1])
        column = opened.open_file(names[2])
        self._rows = _ROWS.reader(column, 0, opened.file_length(names[2]), self.documents)

    @cached_property
    def times(self) -> list[int]:
        """Upload times of all documents, in microseconds since 1970."""
        return self._all_times()

    @_guarded
    def _all_times(self) -> list[int]:
        return [_ROW.unpack_from(row)[0] for row in self._rows]

    @_guarded
    def id_of(self, document: int) -> str:
        row: bytes = self._rows[document]
        return row[_ROW.size :].decode()

    @_guarded
    def postings(
        self, field: str, term: str, format: Format
    ) -> tuple[list[int], list[float], list[bytes]] | None:
        try:
            info = self._terms.term_info(field, _encode(term))
        except TermNotFound:
            return None
        return self._read(info, format)

    @_guarded
    def beginning(self, field: str, prefix: str) -> set[int]:
        """The documents with a term that begins like this."""
        start = _encode(prefix)
        found: set[int] = set()
        for (name, term), info in self._terms.items_from(field, start):
            if name != field or not term.startswith(start):
                break
            found.update(self._read(info, _EXISTENCE)[0])
        return found

    def _read(self, info: Any, format: Format) -> tuple[list[int], list[float], list[bytes]]:
        offset, length = info.extent()
        length = length[0] if isinstance(length, tuple) else length  # 2.7.5 forgets to unpack it
        return _Leaf(BufferFile(self._postings.get(offset, length)), 0, length, format).read()


_POSITIONS: Final = _Positions()
_EXISTENCE: Final = Existence()


class _Segment:
    """A segment as one commit left it: see `matching.Segment`."""

    def __init__(self, files: _SegmentFiles, deleted: frozenset[int]) -> None:
        self.files = files
        self._deleted = deleted

    @property
    def entries(self) -> int:
        return self.files.documents - len(self._deleted)

    def documents(self) -> Iterable[int]:
        return self._living(range(self.files.documents))

    def occurrences(self, field: Field, lemma: str) -> Occurrences:
        found = self.files.postings(field, lemma, _POSITIONS)
        if found is None:
            return Occurrences({}, lambda document: ())
        ids, weights, values = found
        by_document = dict(zip(ids, weights, strict=True))
        for document in self._deleted:
            by_document.pop(document, None)
        packed: dict[int, bytes] = {}

        def positions(document: int) -> Sequence[int]:
            if not packed:
                packed.update(zip(ids, values, strict=True))
            return _unpack(packed[document])

        return Occurrences(by_document, positions)

    def beginning(self, field: Field, prefix: str) -> Iterable[int]:
        forms = "forms" if field == "words" else "title_forms"
        if (term := prefix_term(prefix)) is not None:
            return self.having(forms, term)
        return self._living(self.files.beginning(forms, prefix))

    def having(self, field: str, value: str) -> Iterable[int]:
        found = self.files.postings(field, value, _EXISTENCE)
        return self._living(found[0]) if found else ()

    def uploaded(self, since: int, until: int) -> Iterable[int]:
        times = self.files.times
        return [document for document in self.documents() if since <= times[document] < until]

    def only_visible(self, hits: Matches, visible_to: Collection[str]) -> Matches:
        if not hits:
            return hits
        allowed: set[int] = set()
        for term in visible_to:
            allowed.update(self.having("visible", term))
        if len(allowed) == self.entries:
            return hits
        return {document: score for document, score in hits.items() if document in allowed}

    def _living(self, documents: Iterable[int]) -> Iterable[int]:
        if not self._deleted:
            return documents
        return [document for document in documents if document not in self._deleted]


class _Snapshot:
    """One state of an index, opened."""

    def __init__(self, folder: Path, raw: bytes | None, manifest: Manifest, older: _Snapshot | None) -> None:
        self.raw = raw
        self.segments: list[_Segment]
        known = {segment.files.id: segment.files for segment in older.segments} if older else {}
        self.segments = [
            _Segment(known.get(record.id) or _SegmentFiles(folder, record, manifest), record.deleted)
            for record in manifest.segments
        ]
        self.entries = sum(segment.entries for segment in self.segments)

    def id_of(self, segment: int, document: int) -> str:
        return self.segments[segment].files.id_of(document)


class _Change:
    """A commit in the making, by whoever holds the lock."""

    def __init__(self, folder: Path, manifest: Manifest, snapshot: _Snapshot, analyzer: Analyzer) -> None:
        self._folder = folder
        self._manifest = manifest
        self._snapshot = snapshot
        self._analyzer = analyzer
        self._deleted = {record.id: set(record.deleted) for record in manifest.segments}
        self._writer: SegmentWriter | None = None
        self._added: dict[str, int] = {}
        self._superseded: set[int] = set()  # added twice in this commit

    def remove(self, entry_id: str) -> None:
        for segment in self._snapshot.segments:
            self._deleted[segment.files.id].update(segment.having("id", entry_id))

    def add(self, entry: Entry) -> None:
        self.remove(entry.id)
        if entry.id in self._added:
            self._superseded.add(self._added[entry.id])
        terms = terms_of(entry, self._analyzer)
        writer = self._open_writer()
        self._added[entry.id] = writer.docnum
        existing = {"forms": terms.forms, "title_forms": terms.title_forms, **terms.values}
        writer.add_document(
            row=_ROW.pack(microseconds(entry.uploaded_at)) + _encode(entry.id),
            words=_postings(terms.words),
            title=_postings(terms.title),
            **{name: [(_encode(term), 1, 1.0, b"") for term in found] for name, found in existing.items()},
        )

    def commit(self) -> Manifest | None:
        """Make it durable and public. None if there is nothing to change."""
        records = [
            SegmentRecord(record.id, record.documents, frozenset(self._deleted[record.id]))
            for record in self._manifest.segments
        ]
        if self._writer is None and tuple(records) == self._manifest.segments:
            return None
        records = [record for record in records if len(record.deleted) < record.documents]
        merged = _choose_merged(records, len(self._added))
        kept = [record for record in records if record not in merged]
        files = {
            name: known
            for name, known in self._manifest.files.items()
            if any(_belongs(name, record.id) for record in kept)
        }
        if self._writer is not None or merged:
            new = self._write_segment(merged)
            kept.append(new)
            names = [path for path in self._folder.iterdir() if _belongs(path.name, new.id)]
            files.update((path.name, manifests.seal(path)) for path in names)
        manifests.sync_folder(self._folder)
        changed = Manifest(self._manifest.schema, tuple(kept), files)
        manifests.publish(self._folder, changed)
        return changed

    def cancel(self) -> None:
        """Forget it. What was written is debris."""
        if self._writer is not None and not self._writer.is_closed:
            self._writer.cancel()

    def _write_segment(self, merged: Collection[SegmentRecord]) -> SegmentRecord:
        writer = self._open_writer()

        def merge(writer: SegmentWriter, segments: object) -> list[W3Segment]:
            for record in merged:
                segment = W3Segment(_CODEC, _INDEX_NAME, record.documents, record.id, set(record.deleted))
                reader = SegmentReader(writer.storage, writer.schema, segment)
                writer.add_reader(reader)
                reader.close()
            return []

        writer.commit(mergetype=merge)
        segment = writer.newsegment
        return SegmentRecord(segment.segid, segment.doc_count_all(), frozenset(self._superseded))

    def _open_writer(self) -> SegmentWriter:
        if self._writer is None:
            self._writer = _Writer(_Index(FileStorage(str(self._folder))))
        return self._writer


class _Index:
    """As much of an index as Whoosh's writer asks for."""

    indexname = _INDEX_NAME

    def __init__(self, storage: FileStorage) -> None:
        self.storage = storage

    def _read_toc(self) -> TOC:
        return TOC(_make_schema(), [], 0)


class _Writer(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer, without its lock and its commit."""

    def __init__(self, index: _Index) -> None:
        super().__init__(index, _lk=False, codec=_CODEC, compound=False, limitmb=_WRITER_MEMORY_MB)

    def _commit_toc(self, segments: object) -> None:
        """The manifest does it."""


class WhooshEngine:
    """Indexes under `folder`. Safe to share between threads, and between processes by the files.

    A writer waits `lock_timeout_s` for another one. `open_indexes` are kept ready for searching.
    """

    def __init__(
        self, folder: Path, analyzer: Analyzer, *, lock_timeout_s: float = 2.0, open_indexes: int = 32
    ) -> None:
        self._folder = Path(folder)
        self._analyzer = analyzer
        self._schema = f"{_SCHEMA}, {analyzer.version}"
        self._lock_timeout_s = lock_timeout_s
        self._open_indexes = open_indexes
        self._snapshots: OrderedDict[str, _Snapshot] = OrderedDict()
        self._snapshots_lock = threading.Lock()

    def write(self, company: str, entries: Iterable[Entry] = (), removed: Iterable[str] = ()) -> None:
        """See `SearchEngine.write`. Merges small segments on the way: write from a worker."""
        folder = self._path(company)
        with self._locked(company):
            with _translated(company):
                manifest = self._manifest_to_change(folder)
                change = _Change(folder, manifest, self._snapshot(company), self._analyzer)
            try:
                for entry_id in removed:
                    with _translated(company):
                        change.remove(entry_id)
                for entry in entries:
                    with _translated(company):
                        change.add(entry)
                with _translated(company):
                    manifest = change.commit() or manifest
            finally:
                change.cancel()
                _sweep(folder, manifest)

    def search(
        self,
        company: str,
        query: Query,
        *,
        visible_to: Collection[str],
        sort: Sort = "relevance",
        offset: int = 0,
        limit: int = 20,
    ) -> Hits:
        """See `SearchEngine.search`."""
        with _translated(company):
            snapshot = self._snapshot(company)
            matching = Matching(snapshot.segments, snapshot.entries, self._analyzer)
            matches = [
                segment.only_visible(hits, visible_to)
                for segment, hits in zip(snapshot.segments, matching.matches(query), strict=True)
            ]
            times = [segment.files.times for segment in snapshot.segments]
            found = rank(matches, times, snapshot.id_of, sort, offset, limit)
            hits = tuple(Hit(snapshot.id_of(hit.segment, hit.document), hit.score) for hit in found)
        return Hits(hits, sum(map(len, matches)))

    def ids(self, company: str) -> Iterator[str]:
        """See `SearchEngine.ids`. Of one state of the index, however long the iteration takes."""
        with _translated(company):
            snapshot = self._snapshot(company)
        for segment in snapshot.segments:
            with _translated(company):
                found = [segment.files.id_of(document) for document in segment.documents()]
            yield from found

    def check(self, company: str) -> None:
        """See `SearchEngine.check`. Reads all files of the index, at the speed of the disk."""
        folder = self._path(company)
        with _translated(company):
            while (raw := manifests.read_raw(folder)) is not None:
                try:
                    return manifests.verify(folder, self._parse(raw))
                except ManifestError:
                    if manifests.read_raw(folder) == raw:
                        raise  # no commit went by meanwhile and took its files away

    def drop(self, company: str) -> None:
        """See `SearchEngine.drop`. Searches under way end with what they have. IndexBusy."""
        folder, dropped = self._path(company), self._folder / ".dropped"
        with self._locked(company), _translated(company):
            with self._snapshots_lock:
                self._snapshots.pop(company, None)
            dropped.mkdir(exist_ok=True)
            if folder.exists():
                folder.rename(dropped / secrets.token_hex(8))
                manifests.sync_folder(self._folder)
            shutil.rmtree(dropped, ignore_errors=True)  # with what a killed process left of others
            self._lock_path(company).unlink(missing_ok=True)

    def close(self) -> None:
        """See `SearchEngine.close`."""
        with self._snapshots_lock:
            self._snapshots.clear()

    def _snapshot(self, company: str) -> _Snapshot:
        """The newest state of a company's index. ManifestError."""
        folder = self._path(company)
        while True:
            raw = manifests.read_raw(folder)
            with self._snapshots_lock:
                older = self._snapshots.get(company)
                if older is not None and older.raw == raw:
                    self._snapshots.move_to_end(company)
                    return older
            if raw is None:
                return _Snapshot(folder, None, Manifest(self._schema, (), {}), None)
            try:
                snapshot = _Snapshot(folder, raw, self._parse(raw), older)
            except FileNotFoundError as error:
                if manifests.read_raw(folder) == raw:
                    raise ManifestError(f"{Path(str(error.filename)).name} is missing") from error
                continue  # a commit went by and took the file away
            with self._snapshots_lock:
                self._snapshots[company] = snapshot
                while len(self._snapshots) > self._open_indexes:
                    self._snapshots.popitem(last=False)
            return snapshot

    def _manifest_to_change(self, folder: Path) -> Manifest:
        raw = manifests.read_raw(folder)
        if raw is None:
            folder.mkdir(exist_ok=True)
            raw = manifests.publish(folder, Manifest(self._schema, (), {}))
            manifests.sync_folder(self._folder)
        return self._parse(raw)

    def _parse(self, raw: bytes) -> Manifest:
        manifest = Manifest.from_bytes(raw)
        if manifest.schema != self._schema:
            raise ManifestError(f"made with {manifest.schema!r}, not {self._schema!r}")
        return manifest

    @contextmanager
    def _locked(self, company: str) -> Iterator[None]:
        with _translated(company):
            self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with locked(self._lock_path(company), self._lock_timeout_s):
                yield
        except LockTimeout as error:
            raise IndexBusy(f"the index of company {company} is being written") from error

    def _path(self, company: str) -> Path:
        return self._folder / _folder_name(company)

    def _lock_path(self, company: str) -> Path:
        return self._folder / f"{_folder_name(company)}.lock"


@contextmanager
def _translated(company: str) -> Iterator[None]:
    """Errors of files and of Whoosh, in the words of this room."""
    try:
        yield
    except ManifestError as error:
        raise IndexDamaged(company, str(error)) from error
    except OSError as error:
        raise IndexUnavailable(f"index of company {company}: {error}") from error


def _folder_name(company: str) -> str:
    """A plain name that no two companies share, also where upper and lower case are one."""
    return re.sub(rb"[^a-z0-9_-]", lambda match: b"%%%02X" % match[0][0], _encode(company)).decode() or "%"


def _choose_merged(records: Sequence[SegmentRecord], added: int) -> list[SegmentRecord]:
    """The segments to write anew, together with what is added: those full of deleted documents, and when
    there are too many, the smallest. Each document is so rewritten a logarithmic number of times."""
    merged = [record for record in records if len(record.deleted) > _MAX_DELETED * record.documents]
    rest = sorted((record for record in records if record not in merged), key=lambda record: record.documents)
    if len(rest) < _MAX_SEGMENTS:
        return merged
    size = added + sum(record.documents - len(record.deleted) for record in merged)
    while rest and (len(rest) >= _MAX_SEGMENTS // 2 or rest[0].documents <= size):
        size += rest[0].documents
        merged.append(rest.pop(0))
    return merged


def _belongs(name: str, segment_id: str) -> bool:
    return name.startswith(f"{_INDEX_NAME}_{segment_id}.")


def _sweep(folder: Path, manifest: Manifest) -> None:
    """Delete what the manifest does not name: older commits, and the debris of writers that died."""
    for path in folder.iterdir():
        if path.name == manifests.NAME or path.name in manifest.files:
            continue
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:  # some systems do not delete what a reader has open
            _log.debug("left for the next commit: %s (%s)", path.name, error)


def _encode(term: str) -> bytes:
    return term.encode("utf-8", "replace")  # a lone surrogate is no reason to fail


def _postings(words: Mapping[str, Occurrence]) -> list[tuple[bytes, int, float, bytes]]:
    return [
        (_encode(lemma), 1, found.weight, struct.pack(f"<{len(found.positions)}I", *found.positions))
        for lemma, found in words.items()
    ]


def _unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 4}I", packed)
