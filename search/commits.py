"""An index as it is changed: one commit in the making, and the merging of segments that goes with it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import manifest as manifests
from .analysis import Analyzer
from .gathering import Gathering
from .interface import Entry
from .manifest import Manifest, ManifestError, SegmentRecord, damage
from .matching import Mask, Places
from .packing import join, pack, unpack
from .segments import Postings, Rows, SegmentStore, Snapshot, plain

_log = logging.getLogger(__name__)

_MAX_SEGMENTS: Final = 10  # a search looks into each
_MAX_DELETED: Final = 0.3  # of a segment, before it is written anew without what is deleted
# Some 80 MB in memory, before what was gathered becomes a segment of its own.
_MAX_WORDS: Final = 1_000_000
_KEY: Final = itemgetter(0, 1)  # of postings: the field and the term


class Change:
    """A commit in the making, by whoever holds the lock. Nothing of it shows before `commit` returns."""

    def __init__(self, folder: Path, store: SegmentStore, snapshot: Snapshot, analyzer: Analyzer) -> None:
        self._folder = folder
        self._store = store
        self._snapshot = snapshot
        self._analyzer = analyzer
        self._deleted = {record.id: set(record.deleted) for record in snapshot.manifest.segments}
        self._new: list[tuple[str, int]] = []  # id, documents
        self._gathered = Gathering(analyzer)
        self._added: dict[str, tuple[int, int]] = {}  # id -> number of the new segment, document
        self._superseded: dict[int, set[int]] = {}  # added twice in this commit

    def remove(self, entry_id: str) -> None:
        """Take an entry away, if it was there before this change."""
        for segment in self._snapshot.segments:
            self._deleted[segment.record.id].update(segment.having("id", entry_id).tolist())

    def add(self, entry: Entry) -> None:
        """Add an entry in place of an older one of its id."""
        self.remove(entry.id)
        if (older := self._added.get(entry.id)) is not None:
            self._superseded.setdefault(older[0], set()).add(older[1])
        self._added[entry.id] = (len(self._new), len(self._gathered))
        self._gathered.add(entry)
        if self._gathered.count > _MAX_WORDS:
            self._flush()

    def commit(self) -> Manifest:
        """Make it durable and public. The manifest as it is then."""
        self._flush()
        older = self._snapshot.manifest
        records = [SegmentRecord(r.id, r.documents, frozenset(self._deleted[r.id])) for r in older.segments]
        for number, (segment_id, documents) in enumerate(self._new):
            superseded = frozenset(self._superseded.get(number, ()))
            records.append(SegmentRecord(segment_id, documents, superseded))
        if tuple(records) == older.segments:
            return older
        records = [record for record in records if len(record.deleted) < record.documents]
        if merged := choose_merged(records):
            records = [record for record in records if record not in merged]
            records.append(_merge(self._folder, self._store, merged))
        files = {
            path.name: older.files.get(path.name) or manifests.seal(path)
            for path in self._folder.iterdir()
            if any(path.name.startswith(f"{record.id}.") for record in records)
        }
        manifests.sync_folder(self._folder)
        manifest = Manifest(older.schema, tuple(records), files)
        manifests.publish(self._folder, manifest)
        return manifest

    def _flush(self) -> None:
        if len(self._gathered):
            gathered, self._gathered = self._gathered, Gathering(self._analyzer)
            segment_id = self._store.write(self._folder, gathered.rows(), gathered.postings())
            self._new.append((segment_id, len(gathered)))


def choose_merged(records: Sequence[SegmentRecord]) -> list[SegmentRecord]:
    """The segments to make one of: those full of deleted documents, and when there are too many, the
    smallest, each no larger than those before it together. So a document is written anew some three
    times among a thousand, and six among twenty thousand, if each came with a commit of its own."""
    merged = [record for record in records if len(record.deleted) > _MAX_DELETED * record.documents]
    rest = sorted((record for record in records if record not in merged), key=lambda record: record.documents)
    size = sum(record.documents - len(record.deleted) for record in merged)
    surplus = len(rest) + bool(merged) - _MAX_SEGMENTS
    if surplus > 0:
        while rest and (surplus >= 0 or rest[0].documents <= size):
            size += rest[0].documents
            merged.append(rest.pop(0))
            surplus -= 1
    return merged


def _merge(folder: Path, store: SegmentStore, merged: Sequence[SegmentRecord]) -> SegmentRecord:
    """Write the living documents of some segments as one."""
    times: list[NDArray[np.int64]] = []
    ids: list[bytes] = []
    sources = []
    for record in merged:
        files = store.open(folder, record)
        rows = files.rows()
        raised = len(ids)
        if record.deleted:
            living = np.ones(record.documents, np.bool_)
            living[list(record.deleted)] = False
            times.append(rows.times[living])
            ids.extend(rows.ids[document] for document in np.flatnonzero(living).tolist())
            postings = _remaining(files.all_postings(), living, record.id)
        else:
            times.append(rows.times)
            ids.extend(rows.ids)
            postings = files.all_postings()
        sources.append(_sourced(postings, raised))
    rows = Rows(np.concatenate(times), ids)
    return SegmentRecord(store.write(folder, rows, _joined(sources)), len(ids), frozenset())


_Sourced = tuple[str, bytes, int, bytes]  # field, term; what to raise documents by; packed postings


def _sourced(postings: Iterable[tuple[str, bytes, bytes]], raised: int) -> Iterator[_Sourced]:
    return ((field, term, raised, packed) for field, term, packed in postings)


def _joined(sources: Sequence[Iterator[_Sourced]]) -> Iterator[tuple[str, bytes, bytes]]:
    with damage("a term that is to be merged cannot be read"):
        for (field, term), found in groupby(merge(*sources), key=_KEY):
            yield field, term, join([(packed, raised) for _, _, raised, packed in found])


def _remaining(
    postings: Iterable[tuple[str, bytes, bytes]], living: Mask, segment_id: str
) -> Iterator[tuple[str, bytes, bytes]]:
    """Without the documents that are deleted."""
    numbers = np.cumsum(living) - 1
    with damage("a term that is to be merged cannot be read", segment_id):
        for field, term, packed in postings:
            found = unpack(packed, len(living), lambda read: read())
            kept = living[found.documents]
            if not kept.any():
                continue
            documents = numbers[found.documents[kept]]
            if len(found.weights):
                places = found.places().picked(kept)
                yield field, term, pack(Postings(documents, found.weights[kept], partial(Places, *places)))
            else:
                yield field, term, pack(plain(documents))


def salvage(folder: Path, store: SegmentStore, manifest: Manifest, schema: str) -> Manifest:
    """Publish an index of those segments alone that can be read and are what was written, under a schema.
    The manifest as it is then."""
    whole = []
    for record in manifest.segments:
        try:
            manifests.verify_segment(folder, manifest, record.id)
            files = store.open(folder, record)
            for _ in files.all_postings():
                pass  # its terms can be read
            if files.rows():
                whole.append(record)
        except ManifestError as error:
            _log.warning("a segment of %d documents is lost: %s", record.documents, error)
    names = [name for record in whole for name in manifest.files_of(record.id)]
    salvaged = Manifest(schema, tuple(whole), {name: manifest.files[name] for name in names})
    manifests.publish(folder, salvaged)
    return salvaged


def sweep(folder: Path, manifest: Manifest) -> None:
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
