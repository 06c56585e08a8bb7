"""One state of a tantivy index as it is read, and a commit in the making."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import tantivy

from . import manifest as manifests
from . import tantivy_files as files
from .analysis import Analyzer
from .interface import MAX_FACET_VALUES, Entry, Facet, FacetValue, Frequencies, Hit, Hits, Sort, Spelling
from .manifest import Manifest, ManifestError
from .matching import fold_term, newer
from .query import Query
from .tantivy_queries import Part, Translator
from .tantivy_ranking import highest_unseen, read_scores
from .tantivy_schema import (
    FACET_FIELDS,
    NEWER,
    NEWEST,
    OLDEST,
    SHARE,
    SLIGHTLY_NEWER,
    TAG_WRITTEN,
    TIME,
    TIME_DIGITS,
    build_document,
    open_to_write,
    plain,
    written,
)
from .vocabulary import VocabularyFile

_HEAP_BYTES: Final = 50_000_000  # of one writer: what does not fit becomes a segment of its own
_SPARE_HITS: Final = 44  # looked at beyond a page, to see where a tie ends
_MAX_VALUES: Final = 60_000  # of one facet among the hits: tantivy counts no more than 65,000 at once
_RANK: Final = itemgetter(0, 1)
_EXACT: Final = 2.0**-20  # of a score, before its base is taken off: tantivy reckons with 24 bits


class _Found(NamedTuple):
    """The first hits of a search, and how many there are in all."""

    scores: list[float]
    times: list[int]
    addresses: list[tantivy.DocAddress]
    total: int


class SearchedIndex:
    """One commit of an index, opened. Safe to share between threads. ManifestError for damage."""

    def __init__(
        self, folder: Path, state: files.State, signature: files.Signature, analyzer: Analyzer
    ) -> None:
        self.signature = signature
        self.state = state
        with reading():
            index = tantivy.Index.open(str(folder))
            index.config_reader("manual")  # a look at the file's signature tells as much as its watcher
            self._schema = index.schema
            self._searcher: Any = index.searcher()  # its stubs leave out what a search has counted
            self._translator = Translator(self._schema, self._searcher, state.documents, analyzer)
            self._entries: int = self._searcher.num_docs

    def has(self, entry_id: str) -> bool:
        """Whether there is an entry of this id, or a deleted one that still counts."""
        return bool(self._searcher.doc_freq("id", plain(entry_id)))

    def has_form(self, form: str) -> bool:
        """Whether this surface form stands in an entry, or a deleted one that still counts."""
        return bool(self._searcher.doc_freq("forms_everywhere", form))

    def search(
        self,
        query: Query,
        visible_to: Collection[str],
        sort: Sort,
        offset: int,
        limit: int,
        facets: Collection[Facet],
    ) -> Hits:
        """See `SearchEngine.search`."""
        with reading():
            part = self._translator.translate(query)
            all_see_all = self._all_see_all(visible_to)
            seen = self._translator.visible(Part(part.engine), visible_to, all_see_all)
            if part.scores and sort == "relevance":
                found = self._lean(seen, part.base, offset + limit) if all_see_all and part.base else None
                if found is None:
                    exact = self._translator.visible(part, visible_to, all_see_all)
                    found = self._exact(exact, part.base, offset + limit)
                items, total = self._page(found, offset, limit), found.total
            else:
                items, total = self._by_time(seen, OLDEST if sort == "oldest" else NEWEST, offset, limit)
            return Hits(items, total, self._facets(seen, facets))

    def spellings(
        self, edits: dict[str, int], visible_to: Collection[str], limit: int
    ) -> tuple[Spelling, ...]:
        """See `SearchEngine.spellings`. `edits` are of all forms that are near. Of those of one distance
        the most frequent come first, and the number of all entries is the most that may be visible."""
        found: list[tuple[int, int, str]] = []
        with reading():
            exact = not self.state.deleted and self._all_see_all(visible_to)
            having = {form: self._searcher.doc_freq("forms_everywhere", form) for form in edits}
            for form in sorted(edits, key=lambda form: (edits[form], -having[form])):
                if len(found) >= limit and (edits[form], -having[form]) > sorted(found)[limit - 1][:2]:
                    break
                entries = having[form] if exact else self._count_visible(form, visible_to)
                if entries:
                    found.append((edits[form], -entries, form))
        return tuple(Spelling(form, -entries) for _, entries, form in sorted(found)[:limit])

    def frequencies(self, lemmas: Collection[str]) -> Frequencies:
        """See `SearchEngine.frequencies`."""
        with reading():
            return Frequencies(self._entries, {lemma: self._count_having(lemma) for lemma in lemmas})

    def ids(self) -> Iterator[str]:
        """See `SearchEngine.ids`."""
        with reading():
            everything = tantivy.Query.all_query()
            found = self._searcher.search(everything, limit=max(1, self._entries), count=False).hits
        for _, address in found:
            with reading():
                entry_id = self._id_at(address)
            yield entry_id

    def forms(self) -> Iterator[str]:
        """The surface forms in all entries, and in deleted ones that still count."""
        with reading():
            found = self._searcher.terms_with_prefix("forms_everywhere", "")
        return (form for form, _ in found)

    def _all_see_all(self, visible_to: Collection[str]) -> bool:
        documents = self.state.documents
        return any(self._searcher.doc_freq("visible", plain(term)) == documents for term in visible_to)

    def _lean(self, engine: tantivy.Query, base: float, wanted: int) -> _Found | None:
        """So many of the first hits, by a search for each of which the base is left in the score. None if
        that does not tell them all: see `tantivy_ranking`."""
        asked = wanted + _SPARE_HITS
        result = self._searcher.search(engine, limit=asked, weight_by_field=SLIGHTLY_NEWER)
        found = result.hits
        addresses = [address for _, address in found]
        times = np.array(self._searcher.fast_field_values(TIME, addresses), np.int64)
        lean = np.array([score for score, _ in found], np.float64)
        step = _step(base)
        scores = np.round(read_scores(lean, newer(times), base) / step) * step
        if len(addresses) == asked and wanted:
            last = np.partition(scores, -wanted)[-wanted]
            if last - step <= highest_unseen(float(lean[-1]), base):
                return None
        return _Found(scores.tolist(), times.tolist(), addresses, result.count)

    def _exact(self, engine: tantivy.Query, base: float, wanted: int) -> _Found:
        """So many of the first hits, and all that tie with the last of them."""
        asked = wanted + _SPARE_HITS
        step = _step(base)
        while True:
            result = self._searcher.search(engine, limit=asked, weight_by_field=NEWER)
            found = result.hits
            scores = [round(score / SHARE / step) * step for score, _ in found]
            if len(scores) < asked or wanted == 0 or scores[-1] < scores[wanted - 1]:
                break
            asked *= 8
        addresses = [address for _, address in found]
        return _Found(scores, self._searcher.fast_field_values(TIME, addresses), addresses, result.count)

    def _page(self, found: _Found, offset: int, limit: int) -> tuple[Hit, ...]:
        """Tantivy breaks ties by where a document stands; we break them by time and id. Ids are read
        for the page alone, and for what ties with its ends."""
        hits = zip(found.scores, found.times, found.addresses, strict=True)
        timed = sorted(((-score, -time, address) for score, time, address in hits), key=_RANK)
        page = timed[offset : offset + limit]
        if not page:
            return ()
        first = bisect_left(timed, _RANK(page[0]), key=_RANK)
        tied = timed[first : bisect_right(timed, _RANK(page[-1]), key=_RANK)]
        ranked = sorted((score, time, self._id_at(address)) for score, time, address in tied)
        return tuple(
            Hit(entry_id, -score) for score, _, entry_id in ranked[offset - first : offset + limit - first]
        )

    def _by_time(
        self, engine: tantivy.Query, field: str, offset: int, limit: int
    ) -> tuple[tuple[Hit, ...], int]:
        result = self._searcher.search(
            engine, limit=max(1, limit), offset=offset, order_by_field=field, order=tantivy.Order.Asc
        )
        hits = tuple(Hit(written(key[TIME_DIGITS:]), 0.0) for key, _ in result.hits[:limit])
        return hits, result.count

    def _facets(
        self, engine: tantivy.Query, facets: Collection[Facet]
    ) -> dict[Facet, tuple[FacetValue, ...]]:
        if not facets:
            return {}
        fields = {FACET_FIELDS[facet] for facet in facets} | ({TAG_WRITTEN} if "tag" in facets else set())
        asked = {field: {"terms": {"field": field, "size": _MAX_VALUES}} for field in fields}
        found = {
            field: {bucket["key"]: bucket["doc_count"] for bucket in answer["buckets"]}
            for field, answer in self._searcher.aggregate(engine, asked).items()
        }
        shown: dict[str, str] = {}
        for tag in map(written, found.get(TAG_WRITTEN, ())):
            key = fold_term("tag", tag)
            shown[key] = min(tag, shown.get(key, tag))
        values: dict[Facet, tuple[FacetValue, ...]] = {}
        for facet in facets:
            counts = {written(value): count for value, count in found[FACET_FIELDS[facet]].items() if value}
            if facet == "tag":
                counts = {shown[key]: count for key, count in counts.items()}
            ordered = sorted(counts, key=lambda value: (-counts[value], value))
            values[facet] = tuple(FacetValue(value, counts[value]) for value in ordered[:MAX_FACET_VALUES])
        return values

    def _count_visible(self, form: str, visible_to: Collection[str]) -> int:
        engine = tantivy.Query.term_query(self._schema, "forms_everywhere", form, "basic")
        seen = self._translator.visible(Part(engine), visible_to, self._all_see_all(visible_to))
        count: int = self._searcher.search(seen, limit=1).count
        return count

    def _count_having(self, lemma: str) -> int:
        having: int = self._searcher.doc_freq("weights.everywhere", lemma)
        if having and self.state.deleted:
            engine = tantivy.Query.term_query(self._schema, "weights.everywhere", lemma, "basic")
            having = self._searcher.search(engine, limit=1).count
        return having

    def _id_at(self, address: tantivy.DocAddress) -> str:
        return written(str(self._searcher.doc(address).get_first("id")))


class Change:
    """A commit in the making, by whoever holds the lock. Nothing is written before something changes, and
    nothing shows before `commit`. OSError when a disk is full. Whoever made it ends it, at least by
    `abandon`."""

    def __init__(self, folder: Path, schema: str, older: SearchedIndex | None, analyzer: Analyzer) -> None:
        self._folder = folder
        self._schema = schema
        self._older = older
        self._analyzer = analyzer
        self._writer: Any = None
        self._added: set[str] = set()
        self._new_forms: set[str] = set()

    def remove(self, entry_id: str) -> None:
        """Take an entry away, if it is there."""
        if entry_id in self._added or (self._older is not None and self._older.has(entry_id)):
            self._open()
            with writing():
                self._writer.delete_documents_by_term("id", plain(entry_id))

    def add(self, entry: Entry) -> None:
        """Add an entry in place of an older one of its id."""
        self._open()
        self.remove(entry.id)
        document, forms = build_document(entry, self._analyzer)
        with writing():
            self._writer.add_document(document)
        self._added.add(entry.id)
        self._new_forms |= forms if self._older is None else {f for f in forms if not self._older.has_form(f)}

    def commit(self) -> None:
        """Make it durable and public, let segments be merged, and write the manifest."""
        if self._writer is None:
            return
        vocabulary = VocabularyFile(self._folder)
        vocabulary.append(self._new_forms)
        with writing():
            self._writer.commit()
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()
            del writer
        if vocabulary.is_overgrown() and (index := open_index(self._folder, self._schema, self._analyzer)):
            vocabulary.replace(index.forms())
        self._seal()

    def abandon(self) -> None:
        """Leave the index as it was, unless it was committed. Nothing to do after `commit`."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with writing():
                writer.rollback()
                writer.garbage_collect_files()
                del writer
            VocabularyFile(self._folder).append(())
            self._seal()

    def _open(self) -> None:
        if self._writer is not None:
            return
        if manifests.read_raw(self._folder) is None:
            self._folder.mkdir(exist_ok=True)
            manifests.publish(self._folder, Manifest(self._schema, (), {}))
            manifests.sync_folder(self._folder.parent)
        files.fall_behind(self._folder)
        with writing():
            self._writer = open_to_write(self._folder).writer(_HEAP_BYTES, 1)

    def _seal(self) -> None:
        older = Manifest.from_bytes(manifests.read_raw(self._folder) or b"")
        files.seal(self._folder, self._schema, older)


def _step(base: float) -> float:
    """A difference of scores that is none: tantivy reckons with 24 bits, and adds up in any order."""
    return max(base, SHARE) * _EXACT / SHARE


def open_index(
    folder: Path, schema: str, analyzer: Analyzer, known: SearchedIndex | None = None
) -> SearchedIndex | None:
    """The newest commit of an index, its files verified but for those of `known`; None if there is none.
    What tantivy reads without a look must be right: no file is opened that is not. ManifestError."""
    verified = set(known.state.names) if known else set()
    while True:
        signature = files.signature(folder / files.META)
        try:
            state = files.read_state(folder, schema)
            if state is None or signature is None:
                return None
            for name in state.names:
                if name not in verified:
                    files.verify_file(folder, name, state)
                    verified.add(name)
            opened = SearchedIndex(folder, state, signature, analyzer)
        except (ManifestError, FileNotFoundError) as error:
            if files.signature(folder / files.META) != signature:
                continue  # a commit went by and took files away
            if isinstance(error, FileNotFoundError):
                raise ManifestError(f"{Path(str(error.filename)).name} is missing") from error
            raise
        if files.signature(folder / files.META) == signature:
            return opened


@contextmanager
def reading() -> Iterator[None]:
    """What tantivy raises, or panics with, where it reads: the index is damaged."""
    try:
        yield
    except ManifestError:
        raise
    except Exception as error:
        raise ManifestError(f"cannot be read ({error!r})") from error
    except BaseException as error:
        if _is_panic(error):
            raise ManifestError(f"cannot be read ({error})") from error
        raise


@contextmanager
def writing() -> Iterator[None]:
    """What tantivy raises, or panics with, where it writes: the disk is full, or forbidden."""
    try:
        yield
    except Exception as error:
        raise OSError(f"cannot be written ({error})") from error
    except BaseException as error:
        if _is_panic(error):
            raise OSError(f"cannot be written ({error})") from error
        raise


def _is_panic(error: BaseException) -> bool:
    """Rust's panic, which no package names."""
    return type(error).__name__ == "PanicException"
