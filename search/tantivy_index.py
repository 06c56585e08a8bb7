"""One state of a tantivy index as it is read."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import tantivy

from . import tantivy_files as files
from .analysis import Analyzer
from .interface import MAX_FACET_VALUES, Facet, FacetValue, Frequencies, Hit, Hits, Sort, Spelling
from .manifest import ManifestError
from .matching import fold_term, how_new
from .query import Query
from .tantivy_queries import Part, Translator
from .tantivy_ranking import highest_unseen, read_score
from .tantivy_schema import (
    FACET_FIELDS,
    NEWER,
    SHARE,
    SLIGHTLY_NEWER,
    TAG_WRITTEN,
    TIME,
    plain,
    written,
)

_RAISED: Final = (ValueError, OSError, RuntimeError, SystemError)  # by tantivy, for whatever is wrong
_LOOK_EVERY_S: Final = 1.0  # at the files of an index that is open: a dozen of them, a microsecond each
_SPARE_HITS: Final = 60  # looked at beyond a page, to see where a tie ends
_MAX_VALUES: Final = 60_000  # of one facet among the hits: tantivy counts no more than 65,000 at once
_EXACT: Final = 2.0**-20  # of a score, before its base is taken off: tantivy reckons with 24 bits


class _Found(NamedTuple):
    """The first hits of a search and how many there are in all: in order, the score of each, less than none,
    its time, less than none where the newest come first, and which of the addresses it is at."""

    ranked: list[tuple[float, int, int]]
    addresses: list[tantivy.DocAddress]
    total: int


class SearchedIndex:
    """One commit of an index, opened. Safe to share between threads. ReadingError; ManifestError."""

    def __init__(
        self,
        folder: Path,
        state: files.State,
        signature: files.Signature,
        verified: Mapping[str, files.Signature | None],
        analyzer: Analyzer,
    ) -> None:
        self.signature = signature
        self.state = state
        self.verified = {name: verified[name] for name in state.names}
        self.meta = str(folder / files.META)
        self._folder = str(folder)
        self._looked_at_s = time.monotonic()
        with reading():
            index = tantivy.Index.open(str(folder))
            index.config_reader("manual")  # a look at the file's signature tells as much as its watcher
            self._schema = index.schema
            self._searcher: Any = index.searcher()  # its stubs leave out what a search has counted
            self._translator = Translator(self._schema, self._searcher, state.documents, analyzer)
            self._entries: int = self._searcher.num_docs

    def is_intact(self) -> bool:
        """Whether its files are those that were verified; looked at now and then."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s < _LOOK_EVERY_S:
            return True
        self._looked_at_s = now_s
        return all(
            files.signature(os.path.join(self._folder, name)) == verified
            for name, verified in self.verified.items()
        )

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
            wanted = offset + limit
            if sort != "relevance" or not part.scores:
                found = self._by_time(seen, 0.0, wanted, newest=sort != "oldest")
            elif part.alike is not None:
                found = self._by_time(seen, part.alike, wanted, newest=True)
            else:
                exact = self._translator.visible(part, visible_to, all_see_all)
                short = self._lean(part, wanted) if all_see_all and part.base else None
                found = short or self._exact(exact, part.base, wanted)
            items = self._page(found, offset, limit)
            return Hits(items, found.total, self._facets(seen, facets))

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

    def _lean(self, part: Part, wanted: int) -> _Found | None:
        """So many of the first hits, by a search for each of which the base is left in the score. None if
        that does not tell them all: see `tantivy_ranking`."""
        asked = wanted + _SPARE_HITS
        total = None if self.state.deleted else part.having
        result = self._searcher.search(
            part.engine, limit=asked, weight_by_field=SLIGHTLY_NEWER, count=total is None
        )
        found, base = result.hits, part.base
        addresses = [address for _, address in found]
        times = self._searcher.fast_field_values(TIME, addresses)
        step = _step(base)
        ranked = sorted(
            (-round(read_score(hit[0], how_new(time), base) / step) * step, -time, at)
            for at, (hit, time) in enumerate(zip(found, times, strict=True))
        )
        if len(found) == asked and wanted:
            last = -ranked[wanted - 1][0]
            if last - step <= highest_unseen(found[-1][0], base):
                return None
        return _Found(ranked, addresses, result.count if total is None else total)

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
        times = self._searcher.fast_field_values(TIME, addresses)
        ranked = sorted(
            (-score, -time, at) for at, (score, time) in enumerate(zip(scores, times, strict=True))
        )
        return _Found(ranked, addresses, result.count)

    def _page(self, found: _Found, offset: int, limit: int) -> tuple[Hit, ...]:
        """Tantivy breaks ties by where a document stands; we break them by time and id. Ids are read for the
        page alone, and for what ties with its ends."""
        timed = found.ranked
        page = timed[offset : offset + limit]
        if not page:
            return ()
        first = bisect_left(timed, page[0][:2])
        tied = timed[first : bisect_left(timed, (*page[-1][:2], len(timed)))]
        ranked = sorted((score, time, self._id_at(found.addresses[at])) for score, time, at in tied)
        return tuple(
            Hit(entry_id, -score) for score, _, entry_id in ranked[offset - first : offset + limit - first]
        )

    def _by_time(self, engine: tantivy.Query, score: float, wanted: int, *, newest: bool) -> _Found:
        """So many of the newest hits, or the oldest, and all of the same time as the last of them. All
        have this score, but for their newness."""
        asked = wanted + _SPARE_HITS
        order = tantivy.Order.Desc if newest else tantivy.Order.Asc
        while True:
            result = self._searcher.search(engine, limit=asked, order_by_field=TIME, order=order)
            addresses = [address for _, address in result.hits]
            times = self._searcher.fast_field_values(TIME, addresses)
            if len(times) < asked or wanted == 0 or times[-1] != times[wanted - 1]:
                break
            asked *= 8
        sign = -1 if newest else 1
        ranked = sorted((-score * how_new(time), sign * time, at) for at, time in enumerate(times))
        return _Found(ranked, addresses, result.count)

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


def _step(base: float) -> float:
    """A difference of scores that is none: tantivy reckons with 24 bits, and adds up in any order."""
    return max(base, SHARE) * _EXACT / SHARE


def open_index(
    folder: Path, schema: str, analyzer: Analyzer, known: SearchedIndex | None = None
) -> SearchedIndex | None:
    """The newest commit of an index, its files verified but for those of `known`; None if there is none.
    What tantivy reads without a look must be right: no file is opened that is not. ManifestError;
    ReadingError."""
    verified = dict(known.verified) if known else {}
    while True:
        signature = files.signature(folder / files.META)
        try:
            state = files.read_state(folder, schema)
            if state is None or signature is None:
                return None
            for name in state.names:
                if name not in verified:
                    seen = files.signature(folder / name)
                    files.verify_file(folder, name, state)
                    verified[name] = seen
            opened = SearchedIndex(folder, state, signature, verified, analyzer)
        except (ManifestError, ReadingError, FileNotFoundError) as error:
            if files.signature(folder / files.META) != signature:
                continue  # a commit went by and took files away
            if isinstance(error, FileNotFoundError):
                raise ManifestError(f"{Path(str(error.filename)).name} is missing") from error
            raise
        if files.signature(folder / files.META) == signature:
            return opened


class ReadingError(Exception):
    """Tantivy could not read: the index is damaged if its files are, else the system is in need."""


@contextmanager
def reading() -> Iterator[None]:
    """What tantivy raises where it reads: ReadingError. It panics when it reads nonsense: ManifestError."""
    try:
        yield
    except _RAISED as error:
        raise ReadingError(f"cannot be read ({error!r})") from error
    except BaseException as error:
        if _is_panic(error):
            raise ManifestError(f"cannot be read ({error})") from error
        raise


@contextmanager
def writing() -> Iterator[None]:
    """What tantivy raises, or panics with, where it writes: the disk is full, or forbidden. OSError."""
    try:
        yield
    except _RAISED as error:
        raise OSError(f"cannot be written ({error})") from error
    except BaseException as error:
        if _is_panic(error):
            raise OSError(f"cannot be written ({error})") from error
        raise


def _is_panic(error: BaseException) -> bool:
    """Rust's panic, which no package names."""
    return type(error).__name__ == "PanicException"
