"""What one word is reduced to: dictionary forms (lemmas), or a stem where no dictionary knows the word.

A word here is normalized (see `analysis`), without digits, and wholly Cyrillic or wholly not.

1. The letters of a Cyrillic word tell its language: ``іїєґ'`` Ukrainian, ``ыэъё`` Russian. Otherwise
   both dictionaries are asked, and the lemmas of each that knows the word count.
2. A Ukrainian gerund (``підписавши``) has the lemma of its verb, as it has in the Russian dictionary.
3. A word that no dictionary knows is looked up as what it may have been meant for: with an apostrophe
   (``компютер``), or as the name of a person who is called (``покупче``).
4. Failing that, it is a stem, with a mark, so that it meets no lemma; and beside it the lemma that is
   predicted in the one language that its letters allow.
5. Words in Latin letters are English stems.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

STEM_MARK: Final = "~"  # no token holds it, so a stem never equals a lemma
_MAX_LEMMAS: Final = 3  # of one word in one language: further ones are homonyms that nobody means
_GROUPED_LETTERS: Final = 3  # that forms share at least, to be sought by one beginning: йти, пішов
_LONGEST_WORD: Final = 32  # letters: what is longer is no word of a language

_CYRILLIC_WORD: Final = re.compile(r"[\u0400-\u052f']+")
_UKRAINIAN: Final = re.compile("[іїєґ']")
_RUSSIAN: Final = re.compile("[ыэъё]")
_VOWEL: Final = re.compile("[аеёиоуыэюяіїє]")
_LEFT_OUT_APOSTROPHE: Final = re.compile("(?<=[бпвмфркздтнл])(?=[яюєї])")
_GERUND_ENDINGS: Final = ("ши", "чи", "шись", "чись")

# Endings of nouns and adjectives of both languages, longest first; three letters at least stay.
_ENDING: Final = re.compile(
    "(?<=...)(?:"
    "иями|остями|ами|ями|ими|ыми|ового|ові|еві|єві|ого|его|ому|ему|ах|ях|ам|ям|их|ых|ів|їв|ов|ев|єв"
    "|ією|єю|ею|ою|ом|ем|єм|им|ым|ій|їй|ий|ый|ой|ей|ої|ьої|ую|юю|ая|яя|ое|ее|ие|ые|ии|ия|ию|ія|ії|ію"
    "|ью|ья|ье|[аяоеєёиіїыуюэйьъ]"
    ")$"
)
_FLEETING_VOWEL: Final = re.compile("(?<=..[бвгджзклмнпрстфхцчшщ])[еоё](?=[кц]$)")  # Горобець, Горобця
_SOFTENED: Final = {"ц": "к", "з": "г", "с": "х"}  # Розетка, Розетці
_CHANGING_END: Final = re.compile("(?<=..)[еоё]?[кцгзхс]$")

# Snowball's English stemmer changes no other words (and takes long to find that out).
_ENGLISH_ENDING: Final = re.compile(r"(?:['sye]|ed|ing|[ae]nt|ism|ion|ic|er|or|al|ful|ll|i)$")


class Lemmas:
    """Lemmas of Ukrainian, Russian and English words. Safe to share between threads.

    The dictionaries (some 40 MB of memory) are loaded at the first Cyrillic word, or by `load`.
    """

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._dictionaries: tuple[_Dictionary, _Dictionary] | None = None
        self._stem_english = _english_stemmer()

    def load(self) -> None:
        """Load the dictionaries now."""
        self._languages()

    def of(self, word: str) -> tuple[str, ...]:
        """The lemmas of a word, folded, none twice: one at least."""
        if word.isascii() or not _CYRILLIC_WORD.fullmatch(word):
            return (fold(self._stem_latin(word)),)
        if len(word) > _LONGEST_WORD:
            return (STEM_MARK + stem(word),)
        known = [lemma for language in self._asked(word) for lemma in language.lemmas(word)]
        known = known or self._meant(word)
        if known:
            return tuple(dict.fromkeys(map(fold, known)))
        return (*map(fold, self._predicted(word)), STEM_MARK + stem(word))

    def forms(self, word: str) -> frozenset[str]:
        """The forms of the word that are known, not folded, with itself. Of an English one they are few."""
        if word.isascii() or not _CYRILLIC_WORD.fullmatch(word):
            return frozenset((word, f"{word}s", self._stem_latin(word)))
        forms = {word}
        for lemma in self._unfolded(word):
            for language in self._asked(lemma):
                forms.update(language.forms(lemma))
        return frozenset(forms)

    def beginnings(self, word: str, known_forms: Collection[str]) -> tuple[str, ...]:
        """What all forms of the word (see `forms` for the known ones) begin with, to find it in an original
        text: ё as е, ґ as г."""
        if word.isascii() or not _CYRILLIC_WORD.fullmatch(word):
            return (self._stem_latin(word).rstrip("iy'") or word,)
        forms = set(known_forms)
        if len(forms) == 1 or not self._is_known(word):
            forms.add(_CHANGING_END.sub("", _cut(_cut(word))))
        groups: dict[str, list[str]] = {}
        for form in forms:
            form = form.replace("ё", "е").replace("ґ", "г")
            groups.setdefault(form[:_GROUPED_LETTERS], []).append(form)
        return tuple(_common_beginning(min(group), max(group)) for group in groups.values())

    def _unfolded(self, word: str) -> Iterator[str]:
        yield word
        if len(word) <= _LONGEST_WORD:
            for language in self._asked(word):
                yield from language.lemmas(word)
            if not self._is_known(word):
                yield from self._meant(word)
                yield from self._predicted(word)

    def _is_known(self, word: str) -> bool:
        return any(language.lemmas(word) for language in self._asked(word))

    def _asked(self, word: str) -> Iterable[_Dictionary]:
        """The dictionaries that may know a word with these letters."""
        ukrainian, russian = self._languages()
        if _UKRAINIAN.search(word):
            return () if _RUSSIAN.search(word) else (ukrainian,)
        return (russian,) if _RUSSIAN.search(word) else (ukrainian, russian)

    def _meant(self, word: str) -> list[str]:
        """Lemmas of what an unknown word may have been meant for."""
        ukrainian, _ = self._languages()
        if "'" not in word and _LEFT_OUT_APOSTROPHE.search(word):
            for place in _LEFT_OUT_APOSTROPHE.finditer(word):
                at = place.start()
                if found := ukrainian.lemmas(f"{word[:at]}'{word[at:]}"):
                    return found
        if word.endswith("че"):
            named = word[:-2] + "ець"
            return [lemma for lemma in ukrainian.lemmas(named) if lemma == named]
        return []

    def _predicted(self, word: str) -> list[str]:
        asked = tuple(self._asked(word))
        if len(asked) != 1 or not _VOWEL.search(word):
            return []
        return asked[0].predicted(word)

    def _stem_latin(self, word: str) -> str:
        if len(word) > _LONGEST_WORD or not _ENGLISH_ENDING.search(word):
            return word
        return self._stem_english(word)

    def _languages(self) -> tuple[_Dictionary, _Dictionary]:
        if self._dictionaries is None:
            with self._loading:
                if self._dictionaries is None:
                    from pymorphy3 import MorphAnalyzer

                    self._dictionaries = (
                        _Ukrainian(MorphAnalyzer(lang="uk")),
                        _Dictionary(MorphAnalyzer(lang="ru")),
                    )
        return self._dictionaries


class _Dictionary:
    """The words of one language. Its lists are asked directly: pymorphy3's own parse of a known word
    makes an object for every case and number that the word may be in, and we want none of them."""

    def __init__(self, morph: MorphAnalyzer) -> None:
        self._morph = morph
        self._items: Callable[[str, object], list[tuple[str, list[tuple[int, int]]]]] = (
            morph.dictionary.words.similar_items
        )
        self._substitutes = morph.char_substitutes
        self._normal_form = morph.dictionary.build_normal_form

    def lemmas(self, word: str) -> list[str]:
        """The lemmas of a word, three at most; none for an unknown word."""
        found: dict[str, None] = {}
        for written, parses in self._items(word, self._substitutes):
            paradigm = -1
            for paradigm_id, form in parses:
                if paradigm_id != paradigm:  # several cases of one paradigm come one after another
                    paradigm = paradigm_id
                    found[self._normal_form(paradigm_id, form, written)] = None
        if len(found) > _MAX_LEMMAS:
            return list(self._morph.normal_forms(word)[:_MAX_LEMMAS])  # the most frequent first
        return list(found)

    def predicted(self, word: str) -> list[str]:
        """The lemmas that an unknown word has if it is inflected as words with its ending are."""
        return list(self._morph.normal_forms(word)[:_MAX_LEMMAS])

    def forms(self, word: str) -> Iterator[str]:
        """All forms of all lexemes that a word, known or not, may be of."""
        return (form.word for parse in self._morph.parse(word) for form in parse.lexeme)


class _Ukrainian(_Dictionary):
    """Where gerunds are words of their own."""

    def lemmas(self, word: str) -> list[str]:
        found = super().lemmas(word)
        if word in found and word.endswith(_GERUND_ENDINGS):
            return self._verb_of(word) or found
        return found

    def _verb_of(self, gerund: str) -> list[str]:
        """The infinitive: підписавши is підписа+ти, принісши is приніс's, ведучи is веду+ть's."""
        reflexive = gerund.endswith("сь")
        active = gerund.removesuffix("сь")
        tail = "ся" if reflexive else ""
        if active.endswith("вши") and (infinitive := f"{active[:-3]}ти{tail}") in super().lemmas(infinitive):
            return [infinitive]
        finite = active[:-2] + ("ть" if active.endswith("чи") else "") + tail
        return [lemma for lemma in super().lemmas(finite) if lemma.endswith(f"ти{tail}")]


def fold(word: str) -> str:
    """A normalized word without the differences that people do not type."""
    return word.replace("ё", "е").replace("ґ", "г").replace("'", "")


def stem(word: str) -> str:
    """What forms of an unknown Cyrillic word, a name mostly, have in common, in both languages."""
    # Twice, since a name may end as an ending does: Петров, Петровом.
    found = _FLEETING_VOWEL.sub("", fold(_cut(_cut(word))))
    return found[:-1] + _SOFTENED.get(found[-1], found[-1])


def _cut(word: str) -> str:
    return _ENDING.sub("", word)


def _common_beginning(first: str, last: str) -> str:
    """What the first and the last of sorted words begin with: all between them do."""
    same = takewhile(lambda letters: letters[0] == letters[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _english_stemmer() -> Callable[[str], str]:
    """A stemmer that threads may share: Snowball's own keeps the word in itself while it works."""
    local = threading.local()

    def stem(word: str) -> str:
        if not hasattr(local, "stemmer"):
            import snowballstemmer

            local.stemmer = snowballstemmer.stemmer("english")
        stemmed: str = local.stemmer.stemWord(word)
        return stemmed

    return stem
