"""Finding documents: the query, the engine, the rows and their snippets brought together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ecm.access import Actor, visible_terms
from ecm.correcting import correct
from ecm.database import Database
from ecm.documents import check_kind
from ecm.errors import Invalid
from ecm.found_rows import FoundRows, Rows
from ecm.found_snippets import make_snippets
from ecm.indexing import Indexing
from ecm.models import Document
from ecm.paging import check_page
from ecm.recent_searches import RecentSearches
from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.errors import BadQuery, IndexDamaged
from ecm.search.interface import FACETS, Facet, Hits, SearchEngine, Sort
from ecm.search.query import And, Or, Query, Term
from ecm.search.snippets import Highlighter
from ecm.search.text_map import MAPPED_CHARS
from ecm.uploaders import identify_uploaders, names_uploaders

SORTS: tuple[Sort, ...] = ("relevance", "newest", "oldest")


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search besides its query. `from_` and `to` are upload days, both included, UTC; `by` is
    a user's id, name or e-mail; `client` is the id of a contact or organization, or words of its name.
    Empty is the same as None."""

    deal: int | str | None = None
    kind: str | None = None
    tag: str | None = None
    from_: str | None = None
    to: str | None = None
    format: str | None = None
    year: int | str | None = None
    by: int | str | None = None
    client: int | str | None = None

    def query(self) -> Query:
        """The entries that pass. Invalid names a wrong filter."""
        passed: list[Query] = []
        if self.deal:
            passed.append(queries.on_card(str(self.deal)))
        if self.client:
            passed.append(queries.of_client(str(self.client)))
        if self.kind:
            passed.append(queries.of_kind(check_kind(self.kind)))
        if self.tag:
            passed.append(queries.tagged(self.tag))
        if self.from_ or self.to:
            passed.append(queries.uploaded(_day("from", self.from_), _day("to", self.to)))
        if self.format:
            passed.append(Term("format", self.format))
        if self.year:
            passed.append(_year(str(self.year)))
        if self.by:
            passed.append(Term("by", str(self.by)))
        return queries.all_of(passed)


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found. `snippet` is HTML: escaped text with what was sought in ``<mark>``."""

    document: Document
    snippet: str
    score: float


@dataclass(frozen=True, slots=True)
class FacetOption:
    """A value that so many of the hits have. Of an uploader it is the user's id, and `name` the name."""

    value: str
    count: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of what was found, and the `facets` of all of it that were asked for.

    Changes up to `indexed_up_to` are considered, `pending` documents wait; while the index is `rebuilding`,
    documents may be missing that were found before. `did_you_mean` is a query that finds more, where this
    one finds nothing for a word. `names` are those of the users who uploaded what is on the page.
    """

    items: list[Found]
    total: int
    page: int
    per_page: int
    indexed_up_to: datetime
    pending: int
    rebuilding: bool = False
    did_you_mean: str | None = None
    facets: Mapping[Facet, tuple[FacetOption, ...]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Found]:
        return iter(self.items)


class Finding:
    """Search over the documents of one company at a time."""

    def __init__(
        self,
        database: Database,
        engine: SearchEngine,
        analyzer: Analyzer,
        indexing: Indexing,
        rows: FoundRows,
        recent: RecentSearches,
    ) -> None:
        self._database = database
        self._engine = engine
        self._analyzer = analyzer
        self._indexing = indexing
        self._rows = rows
        self._recent = recent

    def search(
        self,
        actor: Actor,
        q: str,
        filters: Filters,
        *,
        sort: Sort,
        page: int,
        per_page: int,
        facets: Collection[Facet],
        remember: bool,
    ) -> SearchPage:
        """See `Ecm.search`."""
        check_page(page, per_page)
        if sort not in SORTS:
            raise Invalid("sort", "one of " + ", ".join(SORTS))
        if not set(facets) <= set(FACETS):
            raise Invalid("facets", "any of " + ", ".join(FACETS))
        typed = queries.parse(q)
        passed = filters.query()
        query = self._understood(actor, typed, passed)
        if sort == "relevance" and not any(queries.sought(query)):
            sort = "newest"
        lag = self._indexing.lag(actor.company_id)
        meant = None
        try:
            hits = self._hits(
                actor, query, sort=sort, offset=(page - 1) * per_page, limit=per_page, facets=facets
            )
            if page == 1 and (not hits.total or _has_alternatives(typed)):
                meant = self._meant(actor, q, passed, hits.total)
        except IndexDamaged:
            hits = Hits((), 0, dict.fromkeys(facets, ()), incomplete=True)
        if hits.incomplete:
            self._indexing.rebuilding.request_check(actor.company_id)
        rows = self._rows.load(actor, [int(hit.id) for hit in hits.items], head_chars=MAPPED_CHARS)
        items = self._items(actor, typed, hits, rows)
        total = max(0, hits.total - (len(hits.items) - len(items)))
        if remember and page == 1 and items:
            self._recent.add(actor, q)
        return SearchPage(
            items,
            total,
            page,
            per_page,
            lag.indexed_up_to,
            lag.pending,
            rebuilding=hits.incomplete or lag.rebuilding,
            did_you_mean=meant,
            facets=self._facets(actor, hits, rows.names),
            names=rows.names,
        )

    def probe(self) -> None:
        """Look into the indexes. SearchError or OSError when that cannot be done."""
        next(self._engine.ids("0"), None)

    def _understood(self, actor: Actor, typed: Query, passed: Query) -> Query:
        """What was typed and chosen together, with the ids of those whom it names."""
        query = queries.all_of([typed, passed])
        if not names_uploaders(query):
            return query
        with self._database.transaction() as session:
            return identify_uploaders(session, actor.company_id, query)

    def _hits(
        self,
        actor: Actor,
        query: Query,
        *,
        sort: Sort = "relevance",
        offset: int = 0,
        limit: int = 0,
        facets: Collection[Facet] = (),
    ) -> Hits:
        return self._engine.search(
            str(actor.company_id),
            query,
            visible_to=visible_terms(actor),
            sort=sort,
            offset=offset,
            limit=limit,
            facets=facets,
        )

    def _items(self, actor: Actor, typed: Query, hits: Hits, rows: Rows) -> list[Found]:
        """The hits whose documents are still to be seen, with what was typed marked in their snippets."""
        snippets = make_snippets(Highlighter(typed, self._analyzer), actor, self._rows, rows)
        return [
            Found(document, snippets[document.current.id], hit.score)
            for hit in hits.items
            if (document := rows.documents.get(int(hit.id))) is not None
        ]

    def _meant(self, actor: Actor, q: str, passed: Query, total: int) -> str | None:
        """What was probably meant by a query that finds so many."""

        def count(text: str, narrowed: Query) -> int:
            try:
                typed = queries.parse(text)
            except BadQuery:
                return 0
            return self._hits(actor, self._understood(actor, typed, narrowed)).total

        def spellings(word: str) -> list[str]:
            company, terms = str(actor.company_id), visible_terms(actor)
            return [found.form for found in self._engine.spellings(company, word, visible_to=terms)]

        return correct(
            q,
            is_known=lambda text: count(text, queries.All()) > 0,
            spellings=spellings,
            helps=lambda text: count(text, passed) > total,
        )

    def _facets(
        self, actor: Actor, hits: Hits, names: Mapping[int, str]
    ) -> dict[Facet, tuple[FacetOption, ...]]:
        uploaders = [int(each.value) for each in hits.facets.get("by", ())]
        unknown = [id for id in uploaders if id not in names]
        known = {**names, **self._rows.names(actor, unknown)}
        return {
            facet: tuple(
                FacetOption(each.value, each.count, known.get(int(each.value)) if facet == "by" else None)
                for each in values
            )
            for facet, values in hits.facets.items()
        }


def _has_alternatives(query: Query) -> bool:
    """Whether one of the words may find nothing although the whole finds something."""
    match query:
        case Or():
            return True
        case And(parts):
            return any(map(_has_alternatives, parts))
    return False


def _day(name: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return queries.parse_day(text)
    except (BadQuery, ValueError):
        raise Invalid(name, "a day such as 2026-01-31") from None


def _year(text: str) -> Query:
    try:
        return queries.parse_year(text)
    except ValueError:
        raise Invalid("year", "a year such as 2026") from None
