"""More like this: documents that share the words which tell most about one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import func, select

from ecm.access import Actor, visible_terms
from ecm.database import Database
from ecm.errors import Invalid
from ecm.found_rows import FoundRows
from ecm.indexing import Indexing
from ecm.models import Document, VersionText
from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexDamaged
from ecm.search.interface import Frequencies, SearchEngine
from ecm.search.query import Word, any_of
from ecm.unit_of_work import UnitOfWork

HEAD_CHARS = 40_000
"""How much of a text is looked at: what it is about, its first dozen pages tell."""
CANDIDATES = 100
WORDS_MOST, WORDS_LEAST = 25, 3
TITLE_COUNTS = 3
LEAST_LETTERS = 3
COMMON = 0.5
"""A word that stands in so great a part of the documents tells nothing; of few documents, all tell."""
FEW_ENTRIES = 20
ALIKE = 0.3
"""What part of a document's own score another one needs to be like it."""
LIMIT_MOST = 50


@dataclass(frozen=True, slots=True)
class Similar:
    """A document like another one. `likeness` is from 0 to 1, as far as texts of other lengths compare."""

    document: Document
    likeness: float


@dataclass(frozen=True, slots=True)
class _Telling:
    """A word of the document as it is written there, the lemmas that it is sought by, how often it stands."""

    written: str
    lemmas: tuple[str, ...]
    count: int

    def weight(self, frequencies: Frequencies) -> float:
        """How much the word tells: tf x idf. 0: nothing, for it stands nowhere else, or almost everywhere."""
        having = max(frequencies.having.get(lemma, 0) for lemma in self.lemmas)
        is_common = frequencies.entries > FEW_ENTRIES and having > COMMON * frequencies.entries
        if having < 2 or is_common:
            return 0.0
        return (1 + math.log(self.count)) * math.log(1 + frequencies.entries / having)


class Likeness:
    """Documents that are like one, of the same company."""

    def __init__(
        self,
        database: Database,
        engine: SearchEngine,
        analyzer: Analyzer,
        rows: FoundRows,
        indexing: Indexing,
    ) -> None:
        self._database = database
        self._engine = engine
        self._analyzer = analyzer
        self._rows = rows
        self._indexing = indexing

    def similar(self, actor: Actor, document_id: int | str, *, limit: int) -> list[Similar]:
        """See `Ecm.similar`."""
        if not 1 <= limit <= LIMIT_MOST:
            raise Invalid("limit", f"a number from 1 to {LIMIT_MOST}")
        with self._database.transaction() as session:
            document = UnitOfWork(session, actor).documents.get(document_id)
            head = session.scalar(
                select(func.substr(VersionText.text, 1, HEAD_CHARS)).where(
                    VersionText.version_id == document.current.id
                )
            )
        ending = PurePath(document.current.filename).suffix
        words = _candidates(self._analyzer, document.title.removesuffix(ending), head or "")
        try:
            likenesses = self._find(actor, document.id, words, limit)
        except IndexDamaged:
            self._indexing.rebuilding.request_check(actor.company_id)
            return []
        documents = self._rows.load(actor, list(likenesses)).documents
        return [Similar(found, likenesses[id]) for id, found in documents.items()]

    def _find(
        self, actor: Actor, document_id: int, words: Collection[_Telling], limit: int
    ) -> dict[int, float]:
        """Ids of documents that are alike enough, the most alike first."""
        company = str(actor.company_id)
        frequencies = self._engine.frequencies(company, {lemma for word in words for lemma in word.lemmas})
        weights = {word: weight for word in words if (weight := word.weight(frequencies))}
        telling = sorted(weights, key=lambda word: (-weights[word], word.written))[:WORDS_MOST]
        if len(telling) < WORDS_LEAST:
            return {}
        hits = self._engine.search(
            company,
            any_of(Word(word.written) for word in telling),
            visible_to=visible_terms(actor),
            limit=limit + 1 + LIMIT_MOST,
        ).items
        own = next((hit.score for hit in hits if int(hit.id) == document_id), 0.0)
        if not own:
            return {}  # in the trash, or not in the index yet: there is nothing to compare with
        alike = [hit for hit in hits if int(hit.id) != document_id and hit.score >= ALIKE * own]
        return {int(hit.id): round(min(1.0, hit.score / own), 3) for hit in alike[:limit]}


def _candidates(analyzer: Analyzer, title: str, text: str) -> list[_Telling]:
    """The most frequent words of a document, those of its title counting several times."""
    counts: Counter[str] = Counter()
    words: dict[str, tuple[str, tuple[str, ...]]] = {}
    for source, times in ((title, TITLE_COUNTS), (text, 1)):
        positions = zip(analyzer.parts(source), analyzer.positions(source), strict=False)
        for written, (_, _, lemmas) in positions:
            if len(written) >= LEAST_LETTERS and not (written.isdecimal() and len(written) <= 4):
                counts[lemmas[0]] += times
                words.setdefault(lemmas[0], (written, lemmas))
    return [_Telling(*words[lemma], count) for lemma, count in counts.most_common(CANDIDATES)]
