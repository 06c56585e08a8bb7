"""All forms of sixty business words of each language find each other, and no other: see docs/search.md."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from pymorphy3 import MorphAnalyzer

from ecm.search.analysis import Analyzer, fold

DATA = Path(__file__).parent / "lemmas"
DOCS = Path(__file__).parents[2] / "docs" / "search.md"
CASES = {"ukrainian": 7, "russian": 6}  # the seventh is the vocative
DICTIONARIES = {"ukrainian": "uk", "russian": "ru"}
# The analyser does not find these forms by the others of their lemmas. See docs/search.md for the reason.
MISSED = {"ukrainian": {"виконавче"}, "russian": set[str]()}
# Words that find each other because a form of the one is one of the other too, which `others.txt` has
# in one form alone; or because both have a form of a third word.
EXPLAINED = {
    frozenset(pair)
    for pair in (
        ("накладна", "накладная"),  # накладна is the Russian накладный, too
        ("other дело", "день"),  # the Russian деть: дело, день
        ("other додатковий", "додаток"),  # додаткові
        ("other листя", "лист"),  # листі
        ("other покупка", "покупець"),  # покупці
        ("other поставить", "поставлять"),  # the Ukrainian поставити: поставить, поставлять
        ("other складати", "склад"),  # склад
        ("other строковий", "строк"),  # строкові
        ("other терміновий", "термін"),  # термінові
    )
}


@dataclass(frozen=True)
class Paradigm:
    """A lemma with all of its forms, by number, gender or mood, and then by case."""

    lemma: str
    part_of_speech: str
    rows: Mapping[str, list[list[str]]]
    from_knowledge: frozenset[str]  # forms that the dictionary lacks

    @property
    def forms(self) -> frozenset[str]:
        """All forms, each once."""
        return frozenset(form for row in self.rows.values() for cell in row for form in cell)


@cache
def paradigms(language: str) -> tuple[Paradigm, ...]:
    """Those of a data file: ``lemma, part of speech``, then indented ``name: form / form form / ...``,
    a cell for each case. A star marks what the dictionary lacks."""
    blocks: list[list[str]] = []
    for line in lines(f"{language}.txt"):
        if line.startswith(" "):
            blocks[-1].append(line.strip())
        else:
            blocks.append([line])
    return tuple(parse(*block) for block in blocks)


def parse(head: str, *rows: str) -> Paradigm:
    lemma, part_of_speech = head.split(", ")
    named = (row.split(": ") for row in rows)
    cells = {name: [cell.split() for cell in row.split(" / ")] for name, row in named}
    starred = {form for row in cells.values() for cell in row for form in cell if form.startswith("*")}
    return Paradigm(
        lemma,
        part_of_speech,
        {name: [[form.removeprefix("*") for form in cell] for cell in row] for name, row in cells.items()},
        frozenset(form.removeprefix("*") for form in starred),
    )


def lines(name: str) -> Iterator[str]:
    for line in (DATA / name).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


@cache
def others() -> frozenset[str]:
    """Frequent words that are none of the lemmas."""
    return frozenset(word for line in lines("others.txt") for word in line.split())


@cache
def owners() -> Mapping[str, frozenset[str]]:
    """Of which words each written form is a form, in any of the two languages. Words that are spelt alike in
    both are one: акт, товар."""
    found: dict[str, set[str]] = {}
    for language in CASES:
        for paradigm in paradigms(language):
            for form in paradigm.forms:
                found.setdefault(fold(form), set()).add(fold(paradigm.lemma))
    for word in others():
        found.setdefault(fold(word), set()).add(f"other {fold(word)}")
    return {form: frozenset(lemmas) for form, lemmas in found.items()}


def found_by(analyzer: Analyzer, word: str) -> frozenset[str]:
    (position,) = analyzer.words(word)
    return frozenset(position.lemmas)


def meeting(analyzer: Analyzer, forms: Collection[str]) -> set[tuple[str, str]]:
    """The pairs of forms that find each other."""
    by_lemma: dict[str, list[str]] = {}
    for form in sorted(forms):
        for lemma in found_by(analyzer, form):
            by_lemma.setdefault(lemma, []).append(form)
    return {pair for group in by_lemma.values() for pair in combinations(group, 2)}


def pairs_of(paradigm: Paradigm) -> set[tuple[str, str]]:
    return set(combinations(sorted(paradigm.forms), 2))


@pytest.mark.parametrize("language", CASES)
def test_there_are_sixty_lemmas_in_every_case_and_number(language: str) -> None:
    assert len({paradigm.lemma for paradigm in paradigms(language)}) == 60
    for paradigm in paradigms(language):
        rows = paradigm.rows
        if paradigm.part_of_speech == "noun":
            assert list(rows) == ["singular", "plural"], paradigm.lemma
        if paradigm.part_of_speech == "adjective":
            assert list(rows) == ["masculine", "neuter", "feminine", "plural"], paradigm.lemma
        if paradigm.part_of_speech != "verb":
            assert {len(row) for row in rows.values()} == {CASES[language]}, paradigm.lemma
            assert next(iter(rows.values()))[0] == [paradigm.lemma]


@pytest.mark.parametrize("language", CASES)
def test_the_dictionary_knows_all_forms_but_those_that_are_marked(language: str) -> None:
    dictionary = MorphAnalyzer(lang=DICTIONARIES[language])
    for paradigm in paradigms(language):
        known = {
            form
            for form in paradigm.forms
            if dictionary.word_is_known(form) and paradigm.lemma in dictionary.normal_forms(form)
        }
        gerunds = {form for cell in paradigm.rows.get("gerund", ()) for form in cell}
        assert paradigm.forms - known - gerunds == paradigm.from_knowledge, paradigm.lemma


@pytest.mark.parametrize("language", CASES)
def test_every_form_of_a_lemma_finds_every_other(analyzer: Analyzer, language: str) -> None:
    missed = set()
    for paradigm in paradigms(language):
        for pair in pairs_of(paradigm) - meeting(analyzer, paradigm.forms):
            missed.add(pair)
    unmet = {form for pair in missed for form in pair if form in MISSED[language]}
    assert unmet == MISSED[language]
    assert [pair for pair in missed if MISSED[language].isdisjoint(pair)] == []


def test_a_form_is_found_also_without_the_letters_that_people_leave_out(analyzer: Analyzer) -> None:
    for language in CASES:
        for paradigm in paradigms(language):
            for form in paradigm.forms:
                typed = form.replace("ё", "е").replace("ґ", "г").replace("'", "").upper()
                assert not found_by(analyzer, form).isdisjoint(found_by(analyzer, typed)), form


def test_forms_of_different_words_do_not_meet_but_for_homographs(analyzer: Analyzer) -> None:
    words = owners()
    of_lemmas = {fold(form) for language in CASES for each in paradigms(language) for form in each.forms}
    false = {
        frozenset((one, other))
        for one, other in meeting(analyzer, words)
        if words[one].isdisjoint(words[other]) and not of_lemmas.isdisjoint((one, other))
    }
    met = {
        frozenset((one_word, other_word))
        for one, other in map(tuple, false)
        for one_word in words[one]
        for other_word in words[other]
    }
    assert met == EXPLAINED


def homographs() -> dict[tuple[str, ...], list[str]]:
    """Which forms belong to several words, by those words."""
    found: dict[tuple[str, ...], list[str]] = {}
    for form, lemmas in sorted(owners().items()):
        if len(lemmas) > 1:
            found.setdefault(tuple(sorted(lemmas)), []).append(form)
    return found


def test_homographs_are_those_that_are_listed() -> None:
    listed = {
        tuple(sorted(words.split(", "))): forms.split()
        for words, forms in (line.split(": ") for line in lines("homographs.txt"))
    }
    assert homographs() == listed


def test_the_documentation_tells_recall_and_precision_and_the_homographs(analyzer: Analyzer) -> None:
    told = DOCS.read_text()
    for language in CASES:
        assert table_row(analyzer, language) in told
    for words, forms in homographs().items():
        assert all(f"`{word}`" in told for word in words), words
        assert any(f"`{form}`" in told for form in forms), forms
    for pair in EXPLAINED:
        assert all(f"`{word.removeprefix('other ')}`" in told for word in pair), pair
    for form in MISSED["ukrainian"] | MISSED["russian"]:
        assert f"`{form}`" in told


def table_row(analyzer: Analyzer, language: str) -> str:
    """The figures of one language: lemmas, forms, pairs of forms of one lemma, and how many are found;
    pairs that find each other, and how many of those have a word in common."""
    words = {fold(form): owners()[fold(form)] for each in paradigms(language) for form in each.forms}
    right = {pair for each in paradigms(language) for pair in combinations(sorted(map(fold, each.forms)), 2)}
    right = {(one, other) for one, other in right if one != other}
    checked = meeting(analyzer, {*words, *map(fold, others())})
    met = {pair for pair in checked if not words.keys().isdisjoint(pair)}
    true = {(one, other) for one, other in met if not owners()[one].isdisjoint(owners()[other])}
    found = len(right & met)
    return (
        f"| {language.capitalize()} | {len(paradigms(language))} | {len(words):,} | {len(right):,} "
        f"| {100 * found / len(right):.2f}% | {100 * len(true) / len(met):.2f}% |"
    )


@pytest.mark.parametrize("forms", [*lines("names.txt")])
def test_forms_of_names_meet(analyzer: Analyzer, forms: str) -> None:
    for one, other in combinations(forms.split(), 2):
        assert not found_by(analyzer, one).isdisjoint(found_by(analyzer, other)), (one, other)
