"""A query's tree -> a query of tantivy that finds the same entries, with scores in the same order.

A lemma that stands so often as `tantivy_schema` writes it scores ``rarity * (1 - SHARE + SHARE * x)``
in tantivy's BM25, where ``rarity * x`` is what `matching` gives it. What is the same for all entries that
have it, the *base*, is taken off again: once for the whole query where all hits have it, or else by its part.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from typing import Final

import tantivy
from tantivy import Occur
from tantivy import Query as Engine

from .analysis import Analyzer
from .entry_terms import KEPT_PREFIX_LETTERS
from .matching import fold_term
from .query import All, And, Exact, Not, Or, Phrase, Prefix, Query, Scope, Term, Uploaded, Word
from .tantivy_schema import PAIRS, SATURATION, SHARE, TIME, pair, plain

_MOST_PHRASES: Final = 8  # of lemmas one by one; more are sought as one pattern
_RARITY_OF_PREFIX: Final = 2.0  # to count the entries that have it would cost as much as the search
_DAY_US: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a query: what finds it, and the score that all its hits have in common and that is to be
    taken off (`base`). Whether it `scores` at all; the score of all its hits, if they are `alike`. How many
    hits it has, deleted ones that still count too, if that is told without a search (`having`)."""

    engine: Engine
    base: float = 0.0
    scores: bool = False
    alike: float | None = None
    having: int | None = None

    @property
    def settled(self) -> Engine:
        """The part with its base taken off."""
        if not self.base:
            return self.engine
        off = Engine.const_score_query(Engine.all_query(), -self.base)
        return Engine.boolean_query([(Occur.Must, self.engine), (Occur.Must, off)])


class Translator:
    """Queries for one state of an index of `documents`, the deleted ones that still count among them."""

    def __init__(
        self, schema: tantivy.Schema, searcher: tantivy.Searcher, documents: int, analyzer: Analyzer
    ) -> None:
        self._schema = schema
        self._searcher = searcher
        self._documents = documents
        self._analyzer = analyzer

    def translate(self, query: Query) -> Part:
        """The whole query."""
        match query:
            case And(parts):
                return self._all_of(parts)
            case Or(parts):
                return self._any_of(parts)
            case Not():
                return self._all_of((query,))
            case Word(text, scope) | Phrase(text, scope):
                positions = [position.lemmas for position in self._analyzer.words(text)]
                return self._lemmas_side_by_side(positions, scope)
            case Exact(text, scope):
                forms = [position.forms[0] for position in self._analyzer.words(text)]
                return self._forms_side_by_side(forms, scope)
            case Prefix(text, scope):
                return self._prefix(text, scope)
            case Term(field, value):
                return Part(self._mere(field, plain(fold_term(field, value))))
            case Uploaded(first, last):
                return Part(self._uploaded(first, last))
            case All():
                return Part(_free(Engine.all_query()))
            case _:
                raise TypeError(f"not a query: {query!r}")

    def visible(self, part: Part, visible_to: Collection[str], all_see_all: bool) -> Engine:
        """The part's hits with one of these terms, and with its base taken off."""
        if all_see_all:
            return part.settled
        wanted = [plain(term) for term in visible_to]
        mere = (
            Engine.term_query(self._schema, "visible", wanted[0], "basic")
            if len(wanted) == 1
            else Engine.term_set_query(self._schema, "visible", wanted)
        )
        seen = Engine.const_score_query(mere, -part.base)
        return Engine.boolean_query([(Occur.Must, part.engine), (Occur.Must, seen)])

    def _all_of(self, parts: Sequence[Query]) -> Part:
        clauses: list[tuple[Occur, Engine]] = []
        base, scores = 0.0, False
        for query in parts:
            if isinstance(query, Not):
                clauses.append((Occur.MustNot, self.translate(query.part).engine))
                continue
            part = self.translate(query)
            clauses.append((Occur.Must, part.engine))
            base += part.base
            scores |= part.scores
        if all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, _free(Engine.all_query())))
        return Part(Engine.boolean_query(clauses), base, scores)

    def _any_of(self, parts: Sequence[Query]) -> Part:
        found = [self.translate(query) for query in parts]
        clauses = [(Occur.Should, part.settled) for part in found]
        return Part(Engine.boolean_query(clauses), scores=any(part.scores for part in found))

    def _lemmas_side_by_side(self, positions: Sequence[Sequence[str]], scope: Scope) -> Part:
        if not positions:
            return self.translate(All())
        words = [self._lemmas(lemmas, scope) for lemmas in positions]
        if len(words) == 1:
            return words[0]
        clauses = [(Occur.Must, word.engine) for word in words]
        clauses += [(Occur.Must, self._beside(first, second)) for first, second in pairwise(positions)]
        clauses.append((Occur.Must, _free(self._phrase(f"lemmas_{scope}", positions))))
        return Part(Engine.boolean_query(clauses), sum(word.base for word in words), scores=True)

    def _lemmas(self, lemmas: Iterable[str], scope: Scope) -> Part:
        """A word may be of several lemmas: the heaviest counts. All are as rare as the most frequent."""
        field = f"weights.{scope}"
        having = {lemma: self._searcher.doc_freq(field, lemma) for lemma in lemmas}
        having = {lemma: documents for lemma, documents in having.items() if documents}
        if not having:
            return Part(Engine.empty_query(), scores=True)
        rarity = self._rarity(max(having.values()))
        found = []
        for lemma, documents in having.items():
            one = Engine.term_query(self._schema, field, lemma, "freq")
            of_lemma = self._rarity(documents)
            found.append(one if of_lemma == rarity else Engine.boost_query(one, rarity / of_lemma))
        engine = found[0] if len(found) == 1 else Engine.disjunction_max_query(found)
        told = having.popitem()[1] if len(having) == 1 else None
        return Part(engine, base=rarity * (1 - SHARE), scores=True, having=told)

    def _rarity(self, having: int) -> float:
        return math.log(1 + (self._documents - having + 0.5) / (having + 0.5)) * (SATURATION + 1)

    def _forms_side_by_side(self, forms: Sequence[str], scope: Scope) -> Part:
        if not forms:
            return self.translate(All())
        field = f"forms_{scope}"
        words = [
            Engine.boost_query(Engine.term_query(self._schema, field, form, "freq"), SHARE) for form in forms
        ]
        if len(words) == 1:
            return Part(words[0], scores=True)
        clauses = [(Occur.Must, word) for word in words]
        clauses.append((Occur.Must, _free(self._phrase(field, [(form,) for form in forms]))))
        return Part(Engine.boolean_query(clauses), scores=True)

    def _beside(self, first: Iterable[str], second: Iterable[str]) -> Engine:
        """What may have one of the first lemmas right before one of the second."""
        found = {pair(before, after) for before, after in product(first, second)}
        terms = [self._mere(PAIRS, str(number)) for number in sorted(found)]
        return terms[0] if len(terms) == 1 else Engine.boolean_query([(Occur.Should, term) for term in terms])

    def _phrase(self, field: str, positions: Sequence[Sequence[str]]) -> Engine:
        """Terms side by side, each one of its position's alternatives."""
        if math.prod(map(len, positions)) > _MOST_PHRASES:
            patterns: list[str | tuple[int, str]] = ["|".join(map(_literal, terms)) for terms in positions]
            return Engine.regex_phrase_query(self._schema, field, patterns)
        phrases = [Engine.phrase_query(self._schema, field, list(terms)) for terms in product(*positions)]
        if len(phrases) == 1:
            return phrases[0]
        return Engine.boolean_query([(Occur.Should, phrase) for phrase in phrases])

    def _prefix(self, text: str, scope: Scope) -> Part:
        before, beginning = self._analyzer.prefix(text)
        if not beginning:
            return self.translate(All())
        if len(beginning) <= KEPT_PREFIX_LETTERS:
            found = Engine.term_query(self._schema, f"starts_{scope}", beginning, "basic")
        else:
            field = f"forms_{scope}"
            found = Engine.fuzzy_term_query(self._schema, field, beginning, distance=0, prefix=True)
        engine = Engine.const_score_query(found, _RARITY_OF_PREFIX * SHARE)
        part = Part(engine, scores=True, alike=_RARITY_OF_PREFIX)
        if not before:
            return part
        words = self._lemmas_side_by_side([position.lemmas for position in before], scope)
        clauses = [(Occur.Must, words.engine), (Occur.Must, part.engine)]
        return Part(Engine.boolean_query(clauses), words.base, scores=True)

    def _mere(self, field: str, value: str) -> Engine:
        return _free(Engine.term_query(self._schema, field, value, "basic"))

    def _uploaded(self, first: date | None, last: date | None) -> Engine:
        since = _midnight(first) if first else None
        until = _midnight(last) + _DAY_US - 1 if last else None
        if since is None and until is None:
            return _free(Engine.all_query())
        kind = tantivy.FieldType.Integer
        return _free(Engine.range_query(self._schema, TIME, kind, since, until))


def _midnight(day: date) -> int:
    return (day.toordinal() - _EPOCH) * _DAY_US


def _free(engine: Engine) -> Engine:
    """What finds and does not score."""
    return Engine.const_score_query(engine, 0.0)


def _literal(term: str) -> str:
    """A pattern of this term alone. Of what a term may consist of, only the dot says more than itself."""
    return term.replace(".", r"\.")
