"""An entry as engines store it: what it is found by, with weights and positions, and never its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .analysis import Analyzer
from .interface import Entry
from .matching import fold_term, weigh

ENTRY_TERMS: Final = "terms 1"  # change it with anything here, or in how `matching` weighs
# A word in the title says more than one in the text. These are weights, not lengths: a title is short.
_TITLE_WEIGHT: Final = 6.0
_FILENAME_WEIGHT: Final = 3.0
_CARD_WEIGHT: Final = 2.0
# The number of documents with a form that begins with one or two letters is kept ready: in a
# lexicon, thousands of forms begin so. Longer beginnings are looked up among the forms.
KEPT_PREFIX_LETTERS: Final = 2
_PREFIX_MARK: Final = "\x00"  # no form holds it


@dataclass(slots=True)
class Occurrence:
    """A lemma in one entry."""

    weight: float
    positions: list[int]


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """`words` are of title, file name, card titles and text together, `title` of the title alone; `values`
    of the fields of terms. The fields' positions do not touch, so that no phrase spans two."""

    words: Mapping[str, Occurrence]
    title: Mapping[str, Occurrence]
    forms: frozenset[str]
    title_forms: frozenset[str]
    values: Mapping[str, frozenset[str]]


def terms_of(entry: Entry, analyzer: Analyzer) -> EntryTerms:
    """Analyse an entry."""
    words: dict[str, Occurrence] = {}
    title = analyzer.terms(entry.title)
    forms = set(title.forms)
    _gather(words, title.lemmas, _TITLE_WEIGHT)
    end = title.end + 1
    fields = [(entry.filename, _FILENAME_WEIGHT), *((card, _CARD_WEIGHT) for card in entry.card_titles)]
    for text, weight in fields:
        terms = analyzer.terms(text, end)
        _gather(words, terms.lemmas, weight)
        forms |= terms.forms
        end = terms.end + 1
    terms = analyzer.terms(entry.text, end)
    _gather(words, terms.lemmas, weigh(1, terms.end - end))
    forms |= terms.forms
    return EntryTerms(
        words=words,
        title={lemma: Occurrence(float(len(at)), at) for lemma, at in title.lemmas.items()},
        forms=_with_beginnings(forms),
        title_forms=_with_beginnings(title.forms),
        values={
            "id": frozenset((entry.id,)),
            "visible": entry.visible_to,
            "card": frozenset(entry.cards),
            "by": frozenset((entry.uploaded_by,)),
            "kind": _folded("kind", (entry.kind,)),
            "tag": _folded("tag", entry.tags),
            "type": _folded("type", _types(entry)),
        },
    )


def prefix_term(prefix: str) -> str | None:
    """The one form that stands for all forms which begin so; None for a longer prefix."""
    return _PREFIX_MARK + prefix if len(prefix) <= KEPT_PREFIX_LETTERS else None


def _gather(words: dict[str, Occurrence], lemmas: Mapping[str, list[int]], weight: float) -> None:
    for lemma, positions in lemmas.items():
        known = words.get(lemma)
        if known is None:
            words[lemma] = Occurrence(weight * len(positions), list(positions))
        else:
            known.weight += weight * len(positions)
            known.positions.extend(positions)


def _with_beginnings(forms: set[str]) -> frozenset[str]:
    beginnings = {
        _PREFIX_MARK + form[:letters] for form in forms for letters in range(1, KEPT_PREFIX_LETTERS + 1)
    }
    return frozenset(forms | beginnings)


def _folded(field: str, values: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, (fold_term(field, value) for value in values)))


def _types(entry: Entry) -> tuple[str, ...]:
    """What ``type:`` finds an entry by: image/png, image, png, and the ending of the file name."""
    main, _, sub = entry.media_type.partition("/")
    _, dot, ending = entry.filename.rpartition(".")
    return (entry.media_type, main, sub, ending if dot else "")
