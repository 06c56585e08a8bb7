from __future__ import annotations

import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm.search.analysis import Analyzer, fold, normalize_text


def lemmas(analyzer: Analyzer, text: str) -> list[set[str]]:
    return [set(found) for _, _, found in analyzer.positions(text)]


def meet(analyzer: Analyzer, one: str, other: str) -> bool:
    """Whether a query for one word finds a text with the other."""
    (first,), (second,) = lemmas(analyzer, one), lemmas(analyzer, other)
    return not first.isdisjoint(second)


@pytest.mark.parametrize(
    "forms",
    [
        "договір договору договором договорі договори договорів договорам договорами",
        "рахунок рахунку рахунком рахунки рахунків рахунками",
        "постачання постачанню постачанням",
        "обладнання обладнанням",
        "акт акта актом акти актів",
        "кошторис кошторисом кошториси",
        "комп'ютер комп’ютером компʼютери КОМП‘ЮТЕРІВ комп`ютерам",
        "ґанок ґанку Ґанком",
        "підписати підписав підписала підпишемо",
        "договор договора договору договором договоре договоры договоров договорами",
        "счёт счета счетами счетов счетом",
        "ёлка елка ёлки елками Ёлок",
        "поставка поставки поставкой",
        "оплатить оплатил оплачу оплатили",
        "invoice invoices Invoice's",
        "contract contracts CONTRACTS",
        "Зінченко Зінченком Зінченка",
    ],
)
def test_forms_of_a_word_meet(analyzer: Analyzer, forms: str) -> None:
    first, *others = forms.split()
    for other in others:
        assert meet(analyzer, first, other), other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("договір", "договірна"),
        ("рахунок", "рахувати"),
        ("акт", "акти́вний"),
        ("стіл", "столиця"),
        ("1", "11"),
    ],
)
def test_other_words_do_not_meet(analyzer: Analyzer, one: str, other: str) -> None:
    assert not meet(analyzer, one, other)


def test_a_word_of_both_languages_stands_under_the_lemmas_of_both(analyzer: Analyzer) -> None:
    assert lemmas(analyzer, "договором") == [{"договір", "договор"}]


def test_letters_tell_the_language(analyzer: Analyzer) -> None:
    assert lemmas(analyzer, "рахунків") == [{"рахунок"}]
    assert lemmas(analyzer, "договоры") == [{"договор"}]


def test_a_word_that_no_dictionary_knows_is_predicted_where_its_letters_tell_the_language(
    analyzer: Analyzer,
) -> None:
    assert meet(analyzer, "квазізупинкою", "квазізупинка")
    assert meet(analyzer, "фыркалками", "фыркалка")


def test_a_stem_of_an_unknown_word_meets_no_lemma(analyzer: Analyzer) -> None:
    (found,) = lemmas(analyzer, "абракадуброю")
    assert all(lemma.startswith("~") for lemma in found)


def test_at_most_three_lemmas_of_each_language(analyzer: Analyzer) -> None:
    for word in ("стали", "мила", "три", "вила", "доме", "суши", "пасти"):
        (found,) = lemmas(analyzer, word)
        assert 1 <= len(found) <= 6


def test_lemmas_and_forms_are_folded(analyzer: Analyzer) -> None:
    ((_, forms, found),) = analyzer.positions("З’Ёґ")
    assert forms == ("зег",)
    assert all(not {"ё", "ґ", "'"} & set(lemma) for lemma in found)


def test_hyphenated_words_are_parts_and_the_whole(analyzer: Analyzer) -> None:
    first, second = analyzer.positions("купівлі-продажу")
    assert first[0] == 0
    assert set(first[1]) == {"купівлі", "купівлі-продажу"}
    assert {"купівля", "купівля-продаж"} <= set(first[2])
    assert second[0] == 1
    assert "продаж" in second[2]
    assert lemmas(analyzer, "купівлі‑продажу") == lemmas(analyzer, "купівлі-продажу"), (
        "a hyphen that never breaks"
    )


def test_codes_are_parts_and_the_whole(analyzer: Analyzer) -> None:
    found = list(analyzer.positions("№ 12/2026-К від 01.02.2026, INV-0012"))
    assert [forms for _, forms, _ in found] == [
        ("12", "12/2026-к"),
        ("2026",),
        ("к",),
        ("від",),
        ("01", "01.02.2026"),
        ("02",),
        ("2026",),
        ("inv", "inv-0012"),
        ("0012",),
    ]
    assert [number for number, _, _ in found] == list(range(9))


def test_an_address_is_parts_and_the_whole(analyzer: Analyzer) -> None:
    found = list(analyzer.positions("Ivan.Petrenko@firma.com.ua"))
    assert [forms[0] for _, forms, _ in found] == ["ivan", "petrenko", "firma", "com", "ua"]
    assert "ivan.petrenko@firma.com.ua" in found[0][2]


def test_words_that_merely_touch_are_no_whole(analyzer: Analyzer) -> None:
    assert [forms for _, forms, _ in analyzer.positions("кінець.Початок і/або snake_case")] == [
        ("кінець",),
        ("початок",),
        ("і",),
        ("або",),
        ("snake",),
        ("case",),
    ]


def test_one_text_in_two_ways_of_writing_is_one(analyzer: Analyzer) -> None:
    composed = "Київський «договір» об’єднання"
    decomposed = unicodedata.normalize("NFD", composed)
    assert decomposed != composed
    assert list(analyzer.positions(decomposed)) == list(analyzer.positions(composed))
    assert list(analyzer.positions("до\u00adго\u00adвір за́мок")) == list(analyzer.positions("договір замок"))


def test_apostrophes_around_a_word_are_quotes(analyzer: Analyzer) -> None:
    assert list(analyzer.positions("'договір'")) == list(analyzer.positions("договір"))


def test_a_prefix_is_the_last_token_and_what_stands_before(analyzer: Analyzer) -> None:
    assert analyzer.prefix("Договор") == ((), "договор")
    assert analyzer.prefix("№ 12/20") == ((), "12/20")
    assert analyzer.prefix("—") == ((), "")
    before, beginning = analyzer.prefix("договір+пост")
    assert [set(position.lemmas) for position in before] == [{"договір"}]
    assert beginning == "пост"


@pytest.mark.parametrize(
    "word", ["договір", "рахунками", "йти", "людина", "ёлка", "комп'ютер", "invoices", "2026"]
)
def test_all_forms_of_a_word_begin_with_one_of_its_beginnings(analyzer: Analyzer, word: str) -> None:
    forms = {
        "договір": "договором договорів",
        "рахунками": "рахунок рахунків",
        "йти": "йшов йде",
        "людина": "люди людей",
        "ёлка": "елками елок",
        "комп'ютер": "комп'ютерів",
        "invoices": "invoice invoicing",
        "2026": "2026",
    }[word]
    (part,) = analyzer.parts(word)
    beginnings = analyzer.beginnings(part)
    for form in forms.split():
        assert form.startswith(beginnings), (form, beginnings)


def test_a_long_run_of_letters_becomes_terms_of_a_bounded_length(analyzer: Analyzer) -> None:
    found = list(analyzer.positions("a" * 100_000 + " " + "1/" * 5_000))
    assert found
    assert max(len(term) for _, forms, lemmas in found for term in (*forms, *lemmas)) < 1_000


@given(st.text())
def test_any_text_is_analysed_alike_by_all_ways(analyzer: Analyzer, text: str) -> None:
    found = list(analyzer.positions(text))
    assert [number for number, _, _ in found] == list(range(len(found)))
    assert all(
        forms and all(forms) and found_lemmas and all(found_lemmas) for _, forms, found_lemmas in found
    )
    by_token = [position for token in analyzer.tokens(text) for position in analyzer.token(token)]
    assert [(position.forms, position.lemmas) for position in by_token] == [each[1:] for each in found]
    assert len(analyzer.parts(text)) == len(analyzer.words(text)) == len(found)


@given(st.text(alphabet="договірёґ'’а-/.@1z ", max_size=30))
def test_the_forms_of_a_text_find_the_text(analyzer: Analyzer, text: str) -> None:
    for position in analyzer.words(text):
        (again, *_) = analyzer.words(position.forms[0])
        assert again.forms[0] == position.forms[0]


@given(st.text())
def test_normalizing_and_folding_twice_changes_nothing(text: str) -> None:
    once = normalize_text(text)
    assert fold(fold(once)) == fold(once)


def test_threads_share_an_analyzer() -> None:
    shared = Analyzer(cache_size=10)
    texts = ["договором рахунками", "ёлками счетами", "invoices contracts", "абракадуброю"] * 50
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: [p.lemmas for p in shared.words(text)], texts))
    assert found == [[p.lemmas for p in shared.words(text)] for text in texts]


def test_dictionaries_are_loaded_by_the_first_cyrillic_word_and_not_before() -> None:
    code = """
import sys
from ecm.search.analysis import Analyzer
analyzer = Analyzer()
list(analyzer.positions("Invoice 12/2026 ivan@firma.com"))
assert "pymorphy3" not in sys.modules
analyzer.version
assert "pymorphy3" not in sys.modules
list(analyzer.positions("договір"))
assert "pymorphy3" in sys.modules
"""
    run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_version_names_the_rules_and_the_dictionaries(analyzer: Analyzer) -> None:
    rules, number, *packages = analyzer.version.split()
    assert rules == "words"
    assert number.isdigit()
    assert len(packages) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("договiр", "договору"),  # a Latin i
        ("Cчётом", "счета"),  # a Latin C
        ("АВ1234СЕ", "AB1234CE"),  # Cyrillic, Latin
        ("компютером", "комп'ютер"),
        ("підписавши", "підписати"),
        ("постачаючи", "постачає"),
        ("повернувшись", "повернутися"),
        ("покупче", "покупець"),
        ("100грн", "100"),
        ("12й", "12"),
    ],
)
def test_other_ways_of_writing_a_word_meet(analyzer: Analyzer, one: str, other: str) -> None:
    assert meet(analyzer, one, other)


@pytest.mark.parametrize("text", ["1 250,00", "1\u00a0250,00", "1\u202f250.00"])
def test_a_number_in_groups_is_also_the_whole(analyzer: Analyzer, text: str) -> None:
    first, last, cents = (set(position.lemmas) for position in analyzer.words(text))
    assert (first, last, cents) == ({"1", "1250"}, {"250", "1250"}, {"00"})
    assert [position.lemmas[0] for position in analyzer.words("21 2505")] == ["21", "2505"]


@given(st.text(alphabet="abcdefghilmnorstuyz'", min_size=1, max_size=14))
def test_latin_words_are_stems_of_snowball_also_where_it_is_not_asked(analyzer: Analyzer, word: str) -> None:
    import snowballstemmer

    for position, part in zip(analyzer.words(word), analyzer.parts(word), strict=True):
        assert position.lemmas == (fold(snowballstemmer.stemmer("english").stemWord(part)),)


@pytest.mark.parametrize(
    "ending",
    [
        "s",
        "es",
        "ed",
        "ing",
        "ly",
        "al",
        "ant",
        "ent",
        "ism",
        "ion",
        "ic",
        "er",
        "or",
        "ful",
        "ness",
        "ble",
        "li",
        "ogi",
        "y",
        "e",
        "iti",
    ],
)
def test_no_ending_that_snowball_takes_off_is_overlooked(analyzer: Analyzer, ending: str) -> None:
    import snowballstemmer

    stemmer = snowballstemmer.stemmer("english")
    for beginning in ("contract", "hop", "relation", "generous", "publish"):
        word = beginning + ending
        assert lemmas(analyzer, word) == [{fold(stemmer.stemWord(word))}]
