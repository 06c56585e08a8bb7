"""An engine that keeps each company's index in a folder of its own, whatever the files of a segment are.

Readers share snapshots that no writer touches; a look at the manifest tells whether a snapshot is
still the newest. Writers take turns by a lock beside the folder, and commit by a new manifest.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from . import manifest as manifests
from .analysis import Analyzer
from .commits import Change, salvage, sweep
from .entry_terms import ENTRY_TERMS
from .errors import IndexDamaged, IndexUnavailable
from .facets import count_values
from .folders import CompanyFolders
from .interface import Entry, Facet, Frequencies, Hit, Hits, Sort, Spelling
from .locks import open_files_limit
from .manifest import Manifest, ManifestError
from .matching import Mask, Matches, Matching
from .query import Query
from .ranking import rank
from .segments import SegmentStore, Snapshot, lemma_field
from .spelling import nearest

_DESCRIPTORS_SHARE: Final = 0.4  # of the files that a process may have open: large ones, which are mapped
_LEAST_DESCRIPTORS: Final = 400
_Answer = TypeVar("_Answer")


class FolderEngine:
    """Indexes under `folder`. Safe to share between threads, and between processes by the files.

    A writer waits `lock_timeout_s` for another one. `open_indexes` at most are kept ready for searching, of
    `open_bytes` of files in memory together.
    """

    def __init__(
        self,
        folder: Path,
        analyzer: Analyzer,
        store: SegmentStore,
        *,
        format: str,
        lock_timeout_s: float,
        open_indexes: int,
        open_bytes: int,
    ) -> None:
        self._folders = CompanyFolders(folder, lock_timeout_s)
        self._analyzer = analyzer
        self._store = store
        self._readable = f"{format}, {ENTRY_TERMS}, "
        self._schema = self._readable + analyzer.version
        self._open_indexes = open_indexes
        self._open_bytes = open_bytes
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._snapshots_lock = threading.Lock()

    def write(self, company: str, entries: Iterable[Entry] = (), removed: Iterable[str] = ()) -> None:
        """See `SearchEngine.write`. Merges small segments on the way: write from a worker."""
        folder = self._path(company)
        with self._locked(company):
            with _translated(company):
                snapshot = self._snapshot_to_change(company)
                manifest = snapshot.manifest
                change = Change(folder, self._store, snapshot, self._analyzer)
            try:
                for entry_id in removed:
                    with _translated(company):
                        change.remove(entry_id)
                for entry in entries:
                    with _translated(company):
                        change.add(entry)
                with _translated(company):
                    manifest = change.commit()
            finally:
                with _translated(company):
                    sweep(folder, manifest)

    def search(
        self,
        company: str,
        query: Query,
        *,
        visible_to: Collection[str],
        sort: Sort = "relevance",
        offset: int = 0,
        limit: int = 20,
        facets: Collection[Facet] = (),
    ) -> Hits:
        """See `SearchEngine.search`."""

        def ask(snapshot: Snapshot) -> Hits:
            matching = Matching(snapshot.segments, snapshot.entries, self._analyzer)
            matches = list(map(_only, matching.matches(query), snapshot.holding(visible_to)))
            times = [segment.times for segment in snapshot.segments]
            factors = [segment.newer for segment in snapshot.segments]
            found = rank(matches, times, factors, snapshot.id_of, sort, offset, limit)
            hits = tuple(Hit(snapshot.id_of(hit.segment, hit.document), hit.score) for hit in found)
            values = {facet: count_values(facet, snapshot.segments, matches) for facet in facets}
            total = sum(len(hits.documents) for hits in matches)
            return Hits(hits, total, values, incomplete=not self._is_sound(snapshot))

        return self._asked(company, ask)

    def spellings(
        self, company: str, word: str, *, visible_to: Collection[str], limit: int = 5
    ) -> tuple[Spelling, ...]:
        """See `SearchEngine.spellings`."""
        return self._asked(
            company,
            lambda snapshot: nearest(word, snapshot.segments, snapshot.holding(visible_to), limit),
        )

    def frequencies(self, company: str, lemmas: Collection[str]) -> Frequencies:
        """See `SearchEngine.frequencies`."""

        def ask(snapshot: Snapshot) -> Frequencies:
            field = lemma_field("everywhere")
            having = {
                lemma: sum(segment.count(field, lemma) for segment in snapshot.segments) for lemma in lemmas
            }
            return Frequencies(snapshot.entries, having)

        return self._asked(company, ask)

    def ids(self, company: str) -> Iterator[str]:
        """See `SearchEngine.ids`. Of one state of the index, however long the iteration takes."""
        with _translated(company):
            snapshot = self._snapshot(company)
            self._need_sound(snapshot)
        for segment in snapshot.segments:
            with _translated(company):
                found = [segment.opened.id_of(document) for document in segment.documents().tolist()]
            yield from found

    def check(self, company: str) -> None:
        """See `SearchEngine.check`. Reads all files of the index, at the speed of the disk."""
        folder = self._path(company)
        with _translated(company):
            while (raw := manifests.read_raw(folder)) is not None:
                try:
                    manifest = self._parse(raw)
                    self._need_schema(manifest)
                    return manifests.verify(folder, manifest)
                except ManifestError:
                    if manifests.read_raw(folder) == raw:
                        raise  # no commit went by meanwhile and took its files away

    def salvage(self, company: str) -> None:
        """See `SearchEngine.salvage`. Segments that are what was written stay, those of older rules too."""
        folder = self._path(company)
        with self._locked(company), _translated(company):
            try:
                raw = manifests.read_raw(folder)
                manifest = None if raw is None else self._parse(raw)
            except ManifestError:
                manifest = None
            if manifest is not None:
                return sweep(folder, salvage(folder, self._store, manifest, self._schema))
        self.drop(company)

    def drop(self, company: str) -> None:
        """See `SearchEngine.drop`. Searches under way end with what they have. IndexBusy."""
        with self._locked(company), _translated(company):
            with self._snapshots_lock:
                self._snapshots.pop(company, None)
            self._folders.delete(company)

    def close(self) -> None:
        """See `SearchEngine.close`."""
        with self._snapshots_lock:
            self._snapshots.clear()

    @property
    def open_count(self) -> int:
        """How many indexes are kept open."""
        return len(self._snapshots)

    def folder_of(self, company: str) -> Path:
        """Where a company's index is; it need not be there."""
        return self._path(company)

    def _snapshot(self, company: str) -> Snapshot:
        """The newest state of a company's index. ManifestError."""
        folder = self._path(company)
        while True:
            raw = manifests.read_raw(folder)
            with self._snapshots_lock:
                older = self._snapshots.get(company)
                if older is not None and older.raw == raw:
                    self._snapshots.move_to_end(company)
                    return older
            manifest = Manifest(self._schema, (), {}) if raw is None else self._parse(raw)
            snapshot = Snapshot(folder, self._store, manifest, raw, older)
            if snapshot.lost and manifests.read_raw(folder) != raw:
                continue  # a commit went by and took files away
            self._keep(company, snapshot)
            return snapshot

    def _asked(self, company: str, ask: Callable[[Snapshot], _Answer]) -> _Answer:
        """What the newest state of an index answers, without the segments that turn out to be damaged."""
        with _translated(company):
            snapshot = self._snapshot(company)
            while True:
                try:
                    return ask(snapshot)
                except ManifestError as error:
                    if error.segment is None or error.segment in snapshot.lost:
                        raise
                    lost = {**snapshot.lost, error.segment: str(error)}
                snapshot = Snapshot(
                    self._path(company), self._store, snapshot.manifest, snapshot.raw, snapshot, lost
                )
                self._keep(company, snapshot)

    def _keep(self, company: str, snapshot: Snapshot) -> None:
        with self._snapshots_lock:
            self._snapshots[company] = snapshot
            self._snapshots.move_to_end(company)
            self._close_some()

    def _close_some(self) -> None:
        """Let go of the snapshots that were used longest ago, until the rest is within bounds. The newest
        stays, however large it is."""
        kept = self._snapshots.values()
        most_descriptors = max(_LEAST_DESCRIPTORS, int(_DESCRIPTORS_SHARE * open_files_limit()))
        held_bytes = sum(snapshot.held_bytes for snapshot in kept)
        descriptors = sum(snapshot.descriptors for snapshot in kept)
        while len(self._snapshots) > 1 and (
            len(self._snapshots) > self._open_indexes
            or held_bytes > self._open_bytes
            or descriptors > most_descriptors
        ):
            _, closed = self._snapshots.popitem(last=False)
            held_bytes -= closed.held_bytes
            descriptors -= closed.descriptors

    def _snapshot_to_change(self, company: str) -> Snapshot:
        folder = self._path(company)
        if manifests.read_raw(folder) is None:
            folder.mkdir(exist_ok=True)
            manifests.publish(folder, Manifest(self._schema, (), {}))
            manifests.sync_folder(folder.parent)
        snapshot = self._snapshot(company)
        self._need_sound(snapshot)
        return snapshot

    def _parse(self, raw: bytes) -> Manifest:
        """A manifest of this schema, or of one whose words were only analysed by other rules."""
        manifest = Manifest.from_bytes(raw)
        if not manifest.schema.startswith(self._readable):
            self._need_schema(manifest)
        return manifest

    def _need_schema(self, manifest: Manifest) -> None:
        if manifest.schema != self._schema:
            raise ManifestError(f"made with {manifest.schema!r}, not {self._schema!r}")

    def _need_sound(self, snapshot: Snapshot) -> None:
        self._need_schema(snapshot.manifest)
        for reason in snapshot.lost.values():
            raise ManifestError(reason)

    def _is_sound(self, snapshot: Snapshot) -> bool:
        return not snapshot.lost and snapshot.manifest.schema == self._schema

    @contextmanager
    def _locked(self, company: str) -> Iterator[None]:
        with ExitStack() as stack:
            with _translated(company):
                stack.enter_context(self._folders.locked(company))
            yield

    def _path(self, company: str) -> Path:
        return self._folders.path(company)


def _only(hits: Matches, there: Mask | None) -> Matches:
    if there is None:
        return hits
    kept = there[hits.documents]
    return Matches(hits.documents[kept], hits.scores[kept])


@contextmanager
def _translated(company: str) -> Iterator[None]:
    """Errors of files and of Whoosh, in the words of this room."""
    try:
        yield
    except ManifestError as error:
        raise IndexDamaged(company, str(error)) from error
    except OSError as error:
        raise IndexUnavailable(f"index of company {company}: {error}") from error
