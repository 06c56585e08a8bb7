"""Whoosh by its own writer and searcher, over the same analysis and fields, for our engine to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from whoosh.analysis import Analyzer as WhooshAnalyzer
from whoosh.analysis import Token
from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema
from whoosh.index import create_in, open_dir
from whoosh.query import And, ConstantScoreQuery, Or, Prefix, Term
from whoosh.query import Sequence as Side

from ecm.search import query as queries
from ecm.search.analysis import Analyzer
from ecm.search.entry_terms import texts_of, values_of
from ecm.search.interface import Entry
from ecm.search.matching import microseconds

SCOPES = ("everywhere", "title", "deal", "client")


@cache
def analyzer() -> Analyzer:
    """One a process."""
    return Analyzer()


class Words(WhooshAnalyzer):  # type: ignore[misc]
    """Our analysis as Whoosh wants it: the lemmas of a text, or its forms."""

    def __init__(self, *, is_of_lemmas: bool) -> None:
        self.is_of_lemmas = is_of_lemmas

    def __call__(self, text: str, **given: Any) -> Iterator[Token]:
        token = Token(positions=True)
        token.boost, token.stopped = 1.0, False
        for place, forms, lemmas in analyzer().positions(text):
            token.pos = place
            for word in lemmas if self.is_of_lemmas else forms:
                token.text = token.original = word
                yield token


def schema() -> Schema:
    """Lemmas and forms of each scope, with their places; whole values; the id; the upload time."""
    fields: dict[str, Any] = {}
    for scope in SCOPES:
        fields[f"{scope}_lemmas"] = TEXT(Words(is_of_lemmas=True), phrase=True)
        fields[f"{scope}_forms"] = TEXT(Words(is_of_lemmas=False), phrase=True)
    for field in ("visible", "card", "by", "kind", "format", "tag", "tag_written", "type"):
        fields[field] = KEYWORD(commas=True)
    return Schema(id=ID(stored=True), uploaded=NUMERIC(int, bits=64, sortable=True), **fields)


def write(folder: Path, entries: Iterable[Entry], **writing: Any) -> None:
    """Make an index of these entries, in one commit, as Whoosh is fastest."""
    folder.mkdir()
    writer = create_in(str(folder), schema()).writer(**writing)
    writer.compound = False
    for entry in entries:
        writer.add_document(**document(entry))
    writer.commit()


def document(entry: Entry) -> dict[str, Any]:
    """An entry's fields."""
    texts: dict[str, list[str]] = {}
    for scope, text, _ in texts_of(entry):
        texts.setdefault(scope, []).append(text)
    fields: dict[str, Any] = {"id": entry.id, "uploaded": microseconds(entry.uploaded_at)}
    for of_texts, of_scope in texts.items():
        fields[f"{of_texts}_lemmas"] = fields[f"{of_texts}_forms"] = "\n".join(of_scope)
    for field, values in values_of(entry).items():
        if field != "id" and values:
            fields[field] = ",".join(sorted(values))
    return fields


class RawSearcher:
    """An open index."""

    def __init__(self, folder: Path) -> None:
        self._searcher = open_dir(str(folder)).searcher()

    def search(self, query: queries.Query, visible_to: str, limit: int) -> tuple[list[str], int]:
        """The ids of the best hits, and the exact number of all."""
        asked = And([translated(query), ConstantScoreQuery(Term("visible", visible_to), 0)])
        results = self._searcher.search(asked, limit=limit)
        return [hit["id"] for hit in results], len(results)

    def close(self) -> None:
        """Close its files."""
        self._searcher.close()


def translated(query: queries.Query) -> Any:
    """One of our queries as Whoosh's."""
    match query:
        case queries.And(parts):
            return And([translated(part) for part in parts])
        case queries.Word(text, scope) | queries.Phrase(text, scope):
            return side_by_side(f"{scope}_lemmas", [place.lemmas for place in analyzer().words(text)])
        case queries.Prefix(text, scope):
            return Prefix(f"{scope}_forms", text)
    raise ValueError(query)


def side_by_side(field: str, places: Sequence[Sequence[str]]) -> Any:
    """These places one after another, each with one of its terms."""
    words = [
        Or([Term(field, term) for term in terms]) if len(terms) > 1 else Term(field, terms[0])
        for terms in places
    ]
    return Side(words) if len(words) > 1 else words[0]
