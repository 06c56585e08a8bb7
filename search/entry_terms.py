"""An entry as engines store it: what it is found by, with weights, and never its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from .analysis import Analyzer
from .interface import Entry
from .matching import fold_term, weigh
from .query import Scope

ENTRY_TERMS: Final = "terms 3"  # change it with anything here, or in how `matching` weighs
# A word in the title says more than one in the text. These are weights, not lengths: a title is short.
_TITLE_WEIGHT: Final = 6.0
_FILENAME_WEIGHT: Final = 3.0
_CARD_WEIGHT: Final = 2.0
_CLIENT_KINDS: Final = frozenset(("contact", "organization"))
# The documents with a form that begins with so few letters are kept ready: in a lexicon, thousands
# of forms begin so. Longer beginnings are looked up among the forms.
KEPT_PREFIX_LETTERS: Final = 3


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
    """Analyse one entry. Many at once are analysed by `gathering`, which is faster."""
    scopes: dict[Scope, Words] = {scope: Words() for scope in get_args(Scope)}
    for scope, text, weight in texts_of(entry):
        _gather(scopes[scope], text, analyzer, weight)
    return EntryTerms(scopes, values_of(entry))


def texts_of(entry: Entry) -> Iterator[tuple[Scope, str, float | None]]:
    """The texts of an entry, each with its scope and what each word in it weighs; None for a weight by
    length (see `matching.weigh`). No phrase spans two of them."""
    yield "everywhere", entry.title, _TITLE_WEIGHT
    yield "everywhere", entry.filename, _FILENAME_WEIGHT
    for card in entry.cards:
        yield "everywhere", card.title, _CARD_WEIGHT
    yield "everywhere", entry.text, None
    yield "title", entry.title, 1.0
    for card in entry.cards:
        if card.kind == "deal":
            yield "deal", card.title, 1.0
        elif card.kind in _CLIENT_KINDS:
            yield "client", card.title, 1.0


def values_of(entry: Entry) -> dict[str, frozenset[str]]:
    """What an entry has in each field of terms."""
    return {
        "id": frozenset((entry.id,)),
        "visible": entry.visible_to,
        "card": frozenset(card.id for card in entry.cards),
        "by": frozenset((entry.uploaded_by,)),
        "kind": _folded("kind", (entry.kind,)),
        "format": _folded("format", (entry.format,)),
        "tag": _folded("tag", entry.tags),
        "tag_written": frozenset(entry.tags),
        "type": _folded("type", _types(entry)),
    }


def _gather(words: Words, text: str, analyzer: Analyzer, weight: float | None) -> None:
    lemmas: dict[str, list[int]] = {}
    forms: dict[str, list[int]] = {}
    at = words.end
    for at, (_, of_forms, of_lemmas) in enumerate(analyzer.positions(text), words.end + 1):
        for lemma in of_lemmas:
            lemmas.setdefault(lemma, []).append(at)
        for form in of_forms:
            forms.setdefault(form, []).append(at)
    weight = weigh(1, at - words.end) if weight is None else weight
    for known, found in ((words.lemmas, lemmas), (words.forms, forms)):
        for term, positions in found.items():
            occurrence = known.setdefault(term, Occurrence(0.0, []))
            occurrence.weight += weight * len(positions)
            occurrence.positions += positions
    words.end = at + 1


def _folded(field: str, values: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, (fold_term(field, value) for value in values)))


def _types(entry: Entry) -> tuple[str, ...]:
    """What ``type:`` finds an entry by: image/png, image, png, and the ending of the file name."""
    main, _, sub = entry.media_type.partition("/")
    _, dot, ending = entry.filename.rpartition(".")
    return (entry.media_type, main, sub, ending if dot else "")
