"""An index as it is changed: one commit in the making, and the merging of segments that goes with it."""

from __future__ import annotations

import logging
import shutil
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Final

from . import manifest as manifests
from .analysis import Analyzer
from .entry_terms import EntryTerms, Occurrence, terms_of
from .interface import Entry
from .manifest import Manifest, SegmentRecord
from .segments import (
    Postings,
    SegmentStore,
    Snapshot,
    encode,
    form_field,
    lemma_field,
    pack_positions,
    pack_row,
    start_field,
)

_log = logging.getLogger(__name__)

_MAX_SEGMENTS: Final = 10  # a search looks into each
_MAX_DELETED: Final = 0.3  # of a segment, before it is written anew without what is deleted
# Some 80 MB in memory, before what was gathered becomes a segment of its own.
_MAX_POSTINGS: Final = 1_000_000


class Change:
    """A commit in the making, by whoever holds the lock. Nothing of it shows before `commit` returns."""

    def __init__(self, folder: Path, store: SegmentStore, snapshot: Snapshot, analyzer: Analyzer) -> None:
        self._folder = folder
        self._store = store
        self._snapshot = snapshot
        self._analyzer = analyzer
        self._deleted = {record.id: set(record.deleted) for record in snapshot.manifest.segments}
        self._new: list[tuple[str, int]] = []  # id, documents
        self._gathered = _Gathered()
        self._added: dict[str, tuple[int, int]] = {}  # id -> number of the new segment, document
        self._superseded: dict[int, set[int]] = {}  # added twice in this commit

    def remove(self, entry_id: str) -> None:
        """Take an entry away, if it was there before this change."""
        for segment in self._snapshot.segments:
            self._deleted[segment.record.id].update(segment.having("id", entry_id))

    def add(self, entry: Entry) -> None:
        """Add an entry in place of an older one of its id."""
        self.remove(entry.id)
        if (older := self._added.get(entry.id)) is not None:
            self._superseded.setdefault(older[0], set()).add(older[1])
        self._added[entry.id] = (len(self._new), len(self._gathered.rows))
        self._gathered.add(pack_row(entry), terms_of(entry, self._analyzer))
        if self._gathered.count > _MAX_POSTINGS:
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
        if self._gathered.rows:
            rows = self._gathered.rows
            segment_id = self._store.write(self._folder, rows, self._gathered.in_order())
            self._new.append((segment_id, len(rows)))
            self._gathered = _Gathered()


class _Gathered:
    """The terms of some entries, by field and term."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.count = 0
        self._postings: dict[str, dict[str, tuple[array[int], array[float], list[bytes]]]] = {}

    def add(self, row: bytes, terms: EntryTerms) -> None:
        document = len(self.rows)
        self.rows.append(row)
        for scope, words in terms.scopes.items():
            self._add_words(lemma_field(scope), document, words.lemmas)
            self._add_words(form_field(scope), document, words.forms)
            self._add_values(start_field(scope), document, words.starts)
        for field, values in terms.values.items():
            self._add_values(field, document, values)

    def _add_words(self, field: str, document: int, words: Mapping[str, Occurrence]) -> None:
        of_field = self._of_field(field)
        for word, found in words.items():
            documents, weights, positions = of_field.get(word) or of_field.setdefault(word, _none())
            documents.append(document)
            weights.append(found.weight)
            positions.append(pack_positions(found.positions))
        self.count += len(words)

    def _add_values(self, field: str, document: int, values: Collection[str]) -> None:
        of_field = self._of_field(field)
        for value in values:
            (of_field.get(value) or of_field.setdefault(value, _none()))[0].append(document)
        self.count += len(values)

    def in_order(self) -> Iterator[tuple[str, bytes, Postings]]:
        for field in sorted(self._postings):
            for term, found in sorted((encode(term), found) for term, found in self._postings[field].items()):
                documents, weights, positions = found
                yield field, term, Postings(documents, weights, positions.copy)

    def _of_field(self, field: str) -> dict[str, tuple[array[int], array[float], list[bytes]]]:
        return self._postings.setdefault(field, {})


def _none() -> tuple[array[int], array[float], list[bytes]]:
    return array("I"), array("f"), []


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
    rows: list[bytes] = []
    sources = []
    for record in merged:
        files = store.open(folder, record)
        numbers: dict[int, int] = {}
        for document, row in enumerate(files.rows()):
            if document not in record.deleted:
                numbers[document] = len(rows)
                rows.append(row)
        sources.append(_renumbered(files.all_postings(), numbers))
    postings = merge(*sources, key=_key)
    joined = (_joined(field, term, items) for (field, term), items in groupby(postings, key=_key))
    return SegmentRecord(store.write(folder, rows, joined), len(rows), frozenset())


def _key(item: tuple[str, bytes, Postings]) -> tuple[str, bytes]:
    return item[0], item[1]


def _renumbered(
    postings: Iterable[tuple[str, bytes, Postings]], numbers: Mapping[int, int]
) -> Iterator[tuple[str, bytes, Postings]]:
    for field, term, found in postings:
        kept = [at for at, document in enumerate(found.documents) if document in numbers]
        if not kept:
            continue
        documents = array("I", [numbers[found.documents[at]] for at in kept])
        if len(kept) < len(found.documents):
            found = _picked(found, kept)
        yield field, term, Postings(documents, found.weights, found.positions)


def _picked(found: Postings, kept: Sequence[int]) -> Postings:
    weights = array("f", [found.weights[at] for at in kept]) if found.weights else found.weights
    positions = found.positions()
    picked = [positions[at] for at in kept] if positions else []
    return Postings(found.documents, weights, picked.copy)


def _joined(
    field: str, term: bytes, items: Iterable[tuple[str, bytes, Postings]]
) -> tuple[str, bytes, Postings]:
    documents, weights, positions = _none()
    for _, _, found in items:
        documents.extend(found.documents)
        weights.extend(found.weights)
        positions.extend(found.positions())
    return field, term, Postings(documents, weights, positions.copy)


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
