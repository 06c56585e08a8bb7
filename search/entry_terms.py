"""An entry as engines store it: what it is found by, with weights and positions, and never its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .analysis import Analyzer
from .interface import Entry
from .matching import fold_term, weigh
from .query import Scope

ENTRY_TERMS: Final = "terms 2"  # change it with anything here, or in how `matching` weighs
# A word in the title says more than one in the text. These are weights, not lengths: a title is short.
_TITLE_WEIGHT: Final = 6.0
_FILENAME_WEIGHT: Final = 3.0
_CARD_WEIGHT: Final = 2.0
_CLIENT_KINDS: Final = frozenset(("contact", "organization"))
# The number of documents with a form that begins with one or two letters is kept ready: in a
# lexicon, thousands of forms begin so. Longer beginnings are looked up among the forms.
KEPT_PREFIX_LETTERS: Final = 2


@dataclass(slots=True)
class Occurrence:
    """A lemma or a form in one entry."""

    weight: float
    positions: list[int]


@dataclass(slots=True)
class Words:
    """The words of one scope of an entry. The positions of texts in it do not touch, so that no phrase
    spans two. `starts` are the first letters of the forms."""

    lemmas: dict[str, Occurrence] = field(default_factory=dict)
    forms: dict[str, Occurrence] = field(default_factory=dict)
    end: int = 0

    @property
    def starts(self) -> frozenset[str]:
        return frozenset(
            form[:letters] for form in self.forms for letters in range(1, KEPT_PREFIX_LETTERS + 1)
        )


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """Words by scope, where "everywhere" is title, file name, card titles and text together; and the
    values of the fields of terms."""

    scopes: Mapping[Scope, Words]
    values: Mapping[str, frozenset[str]]


def terms_of(entry: Entry, analyzer: Analyzer) -> EntryTerms:
    """Analyse an entry."""
    everywhere = Words()
    _gather(everywhere, entry.title, analyzer, _TITLE_WEIGHT)
    _gather(everywhere, entry.filename, analyzer, _FILENAME_WEIGHT)
    for card in entry.cards:
        _gather(everywhere, card.title, analyzer, _CARD_WEIGHT)
    _gather(everywhere, entry.text, analyzer, None)
    return EntryTerms(
        scopes={
            "everywhere": everywhere,
            "title": _words_of((entry.title,), analyzer),
            "deal": _words_of((card.title for card in entry.cards if card.kind == "deal"), analyzer),
            "client": _words_of((card.title for card in entry.cards if card.kind in _CLIENT_KINDS), analyzer),
        },
        values={
            "id": frozenset((entry.id,)),
            "visible": entry.visible_to,
            "card": frozenset(card.id for card in entry.cards),
            "by": frozenset((entry.uploaded_by,)),
            "kind": _folded("kind", (entry.kind,)),
            "format": _folded("format", (entry.format,)),
            "tag": _folded("tag", entry.tags),
            "tag_written": frozenset(entry.tags),
            "type": _folded("type", _types(entry)),
        },
    )


def _words_of(texts: Iterable[str], analyzer: Analyzer) -> Words:
    words = Words()
    for text in texts:
        _gather(words, text, analyzer, 1.0)
    return words


def _gather(words: Words, text: str, analyzer: Analyzer, weight: float | None) -> None:
    """Add a text; without a weight, its words weigh by its length."""
    lemmas: dict[str, list[int]] = {}
    forms: dict[str, list[int]] = {}
    at = start = words.end
    for number, of_forms, of_lemmas in analyzer.positions(text):
        at = start + number + 1
        for lemma in of_lemmas:
            lemmas.setdefault(lemma, []).append(at)
        for form in of_forms:
            forms.setdefault(form, []).append(at)
    weight = weigh(1, at - start) if weight is None else weight
    for known, found in ((words.lemmas, lemmas), (words.forms, forms)):
        for term, positions in found.items():
            if (occurrence := known.get(term)) is None:
                known[term] = Occurrence(weight * len(positions), positions)
            else:
                occurrence.weight += weight * len(positions)
                occurrence.positions.extend(positions)
    words.end = at + 1


def _folded(field: str, values: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, (fold_term(field, value) for value in values)))


def _types(entry: Entry) -> tuple[str, ...]:
    """What ``type:`` finds an entry by: image/png, image, png, and the ending of the file name."""
    main, _, sub = entry.media_type.partition("/")
    _, dot, ending = entry.filename.rpartition(".")
    return (entry.media_type, main, sub, ending if dot else "")
