"""Finding documents: the query, the engine, the rows and their snippets brought together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from ecm.access import Actor, visible_terms
from ecm.database import Database
from ecm.documents import check_kind
from ecm.errors import Invalid
from ecm.indexing import Indexing
from ecm.models import Document, VersionText
from ecm.paging import check_page
from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.errors import BadQuery, IndexDamaged
from ecm.search.interface import Hits, SearchEngine, Sort
from ecm.search.query import Query
from ecm.search.snippets import Highlighter
from ecm.unit_of_work import UnitOfWork

SNIPPET_FROM_CHARS = 200_000
"""How much of a text is looked through for a snippet."""
SORTS: tuple[Sort, ...] = ("relevance", "newest", "oldest")


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found. `snippet` is HTML: escaped text with what was sought in ``<mark>``."""

    document: Document
    snippet: str
    score: float


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of what was found. Changes up to `indexed_up_to` are considered, `pending` documents wait."""

    items: list[Found]
    total: int
    page: int
    per_page: int
    indexed_up_to: datetime
    pending: int

    def __iter__(self) -> Iterator[Found]:
        return iter(self.items)


class Finding:
    """Search over the documents of one company at a time."""

    def __init__(
        self, database: Database, engine: SearchEngine, analyzer: Analyzer, indexing: Indexing
    ) -> None:
        self._database = database
        self._engine = engine
        self._analyzer = analyzer
        self._indexing = indexing

    def search(
        self,
        actor: Actor,
        q: str,
        *,
        deal: int | str | None,
        kind: str | None,
        tag: str | None,
        from_: str | None,
        to: str | None,
        sort: Sort,
        page: int,
        per_page: int,
    ) -> SearchPage:
        """See `Ecm.search`."""
        check_page(page, per_page)
        if sort not in SORTS:
            raise Invalid("sort", "one of " + ", ".join(SORTS))
        typed = queries.parse(q)
        filters = [
            queries.on_card(str(deal)) if deal is not None else None,
            queries.of_kind(check_kind(kind)) if kind is not None else None,
            queries.tagged(tag) if tag is not None else None,
            queries.uploaded(_day("from", from_), _day("to", to)) if from_ or to else None,
        ]
        query = queries.all_of([typed, *(each for each in filters if each is not None)])
        if sort == "relevance" and not any(queries.sought(query)):
            sort = "newest"
        lag = self._indexing.lag(actor.company_id)
        hits = self._hits(actor, query, sort=sort, offset=(page - 1) * per_page, limit=per_page)
        items = self._load(actor, typed, hits)
        total = max(0, hits.total - (len(hits.items) - len(items)))
        return SearchPage(items, total, page, per_page, lag.indexed_up_to, lag.pending)

    def probe(self) -> None:
        """Look into the indexes. SearchError or OSError when that cannot be done."""
        next(self._engine.ids("0"), None)

    def _hits(self, actor: Actor, query: Query, *, sort: Sort, offset: int, limit: int) -> Hits:
        try:
            return self._engine.search(
                str(actor.company_id),
                query,
                visible_to=visible_terms(actor),
                sort=sort,
                offset=offset,
                limit=limit,
            )
        except IndexDamaged:
            self._indexing.request_check(actor.company_id)
            return Hits((), 0)

    def _load(self, actor: Actor, typed: Query, hits: Hits) -> list[Found]:
        if not hits.items:
            return []
        highlighter = Highlighter(typed, self._analyzer)
        with self._database.transaction() as session:
            documents = UnitOfWork(session, actor).documents.many(int(hit.id) for hit in hits.items)
            version_ids = [document.current.id for document in documents.values()]
            texts = {
                row.version_id: row.head
                for row in session.execute(
                    select(
                        VersionText.version_id,
                        func.substr(VersionText.text, 1, SNIPPET_FROM_CHARS).label("head"),
                    ).where(VersionText.version_id.in_(version_ids))
                )
            }
        found = ((documents.get(int(hit.id)), hit.score) for hit in hits.items)
        return [
            Found(document, highlighter.snippet(texts.get(document.current.id, "")), score)
            for document, score in found
            if document is not None
        ]


def _day(field: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return queries.parse_day(text)
    except (BadQuery, ValueError):
        raise Invalid(field, "a day such as 2026-01-31") from None
