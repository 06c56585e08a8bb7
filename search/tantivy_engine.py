"""The engine for companies of hundreds of thousands of documents: one tantivy index per company.

Searches share the newest commit that is open; a look at ``meta.json`` tells whether there is a newer one.
Whoever writes holds the company's lock for one write and no longer, so that processes take turns: a
writer of tantivy is made in a millisecond, where a commit makes a dozen files durable.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import tantivy_files as files
from .analysis import Analyzer
from .entry_terms import ENTRY_TERMS
from .errors import IndexDamaged, IndexUnavailable
from .folders import CompanyFolders
from .interface import Entry, Facet, Frequencies, Hits, Sort, Spelling
from .manifest import ManifestError
from .query import Query
from .tantivy_changes import Change
from .tantivy_index import ReadingError, SearchedIndex, open_index
from .tantivy_schema import SCHEMA
from .vocabulary import Vocabulary


class TantivyEngine:
    """Indexes under `folder`. Safe to share between threads, and between processes by the files.

    A writer waits `lock_timeout_s` for another one. `open_indexes` are kept ready for searching; when their
    files change, that is noticed a second later.
    """

    def __init__(
        self, folder: Path, analyzer: Analyzer, *, lock_timeout_s: float = 2.0, open_indexes: int = 32
    ) -> None:
        self._folders = CompanyFolders(folder, lock_timeout_s)
        self._analyzer = analyzer
        self._schema = f"{SCHEMA}, {ENTRY_TERMS}, {analyzer.version}"
        self._open_indexes = open_indexes
        self._lock = threading.Lock()
        self._indexes: OrderedDict[str, SearchedIndex] = OrderedDict()
        self._vocabularies: OrderedDict[str, tuple[Vocabulary, threading.Lock]] = OrderedDict()

    def write(self, company: str, entries: Iterable[Entry] = (), removed: Iterable[str] = ()) -> None:
        """See `SearchEngine.write`. Returns when segments are merged, too: write from a worker."""
        with self._locked(company) as folder:
            with self._translated(company):
                change = Change(folder, self._schema, self._index(company), self._analyzer)
            try:
                for entry_id in removed:
                    with self._translated(company):
                        change.remove(entry_id)
                for entry in entries:
                    with self._translated(company):
                        change.add(entry)
                with self._translated(company):
                    change.commit()
            finally:
                with self._translated(company):
                    change.abandon()

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
        with self._translated(company):
            index = self._index(company)
            if index is None or not visible_to:
                return Hits((), 0, dict.fromkeys(facets, ()))
            return index.search(query, visible_to, sort, offset, limit, facets)

    def spellings(
        self, company: str, word: str, *, visible_to: Collection[str], limit: int = 5
    ) -> tuple[Spelling, ...]:
        """See `SearchEngine.spellings`."""
        with self._translated(company):
            index = self._index(company)
            if index is None or not visible_to:
                return ()
            vocabulary, lock = self._vocabulary(company)
            with lock:
                edits = vocabulary.near(word)
            return index.spellings(edits, visible_to, limit)

    def frequencies(self, company: str, lemmas: Collection[str]) -> Frequencies:
        """See `SearchEngine.frequencies`."""
        with self._translated(company):
            index = self._index(company)
            return Frequencies(0, dict.fromkeys(lemmas, 0)) if index is None else index.frequencies(lemmas)

    def ids(self, company: str) -> Iterator[str]:
        """See `SearchEngine.ids`. Of one state of the index, however long the iteration takes."""
        with self._translated(company):
            index = self._index(company)
        found = iter(()) if index is None else index.ids()
        while True:
            with self._translated(company):
                entry_id = next(found, None)
            if entry_id is None:
                return
            yield entry_id

    def check(self, company: str) -> None:
        """See `SearchEngine.check`. Reads all files of the index, at the speed of the disk."""
        folder = self._folders.path(company)
        with self._translated(company):
            while (state := files.read_state(folder, self._schema)) is not None:
                behind = files.is_behind(folder)
                try:
                    return files.verify_all(folder, state)
                except (ManifestError, FileNotFoundError) as error:
                    if files.read_state(folder, self._schema) != state or files.is_behind(folder) != behind:
                        continue  # a commit went by meanwhile
                    if isinstance(error, FileNotFoundError):
                        raise ManifestError(f"{Path(str(error.filename)).name} is missing") from error
                    raise

    def salvage(self, company: str) -> None:
        """See `SearchEngine.salvage`. Leaves nothing."""
        self.drop(company)

    def drop(self, company: str) -> None:
        """See `SearchEngine.drop`. Searches under way end with what they have. IndexBusy."""
        with self._locked(company), self._translated(company):
            with self._lock:
                self._indexes.pop(company, None)
                self._vocabularies.pop(company, None)
            self._folders.delete(company)

    def close(self) -> None:
        """See `SearchEngine.close`."""
        with self._lock:
            self._indexes.clear()
            self._vocabularies.clear()

    def folder_of(self, company: str) -> Path:
        """Where a company's index is; it need not be there."""
        return self._folders.path(company)

    def _index(self, company: str) -> SearchedIndex | None:
        """The newest commit; None if there is none. ManifestError."""
        with self._lock:
            known = self._indexes.get(company)
            if known is not None and not known.is_intact():
                known = None  # what is there is verified anew
                del self._indexes[company]
            if known is not None and files.signature(known.meta) == known.signature:
                self._indexes.move_to_end(company)
                return known
        index = open_index(self._folders.path(company), self._schema, self._analyzer, known)
        with self._lock:
            if index is None:
                self._indexes.pop(company, None)
                return None
            self._indexes[company] = index
            self._indexes.move_to_end(company)
            while len(self._indexes) > self._open_indexes:
                self._indexes.popitem(last=False)
        return index

    def _vocabulary(self, company: str) -> tuple[Vocabulary, threading.Lock]:
        with self._lock:
            found = self._vocabularies.get(company)
            if found is None:
                found = Vocabulary(self._folders.path(company)), threading.Lock()
                self._vocabularies[company] = found
            self._vocabularies.move_to_end(company)
            while len(self._vocabularies) > self._open_indexes:
                self._vocabularies.popitem(last=False)
            return found

    @contextmanager
    def _locked(self, company: str) -> Iterator[Path]:
        with ExitStack() as stack:
            with self._translated(company):
                folder = stack.enter_context(self._folders.locked(company))
            yield folder

    @contextmanager
    def _translated(self, company: str) -> Iterator[None]:
        """Errors of files and of tantivy, in the words of this room. What tantivy fails to read is damaged
        only if its files are: it says the same when the process may open no more of them."""
        try:
            yield
        except ReadingError as error:
            self.check(company)
            raise IndexUnavailable(f"index of company {company}: {error}") from error
        except ManifestError as error:
            raise IndexDamaged(company, str(error)) from error
        except OSError as error:
            raise IndexUnavailable(f"index of company {company}: {error}") from error
