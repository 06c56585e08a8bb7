"""What was probably meant, without an engine: which words are replaced, where, and by what."""

from __future__ import annotations

import pytest

from ecm.correcting import correct, layouts, plain_words

KNOWN = ("договір", "рахунок", "поставки", "привіт", "привет", "invoice", "обладнання")
SPELLINGS = {
    "дговір": ["договір", "говір"],
    "рахунак": ["рахунок"],
    "постваки": ["поставки"],
    "акт": ["факт"],
    "обєкт": ["обєкти"],
}


def meant(q: str) -> str | None:
    """What is offered for a query by these words, where all known words together find something."""

    def is_known(text: str) -> bool:
        return text.lower() in KNOWN

    def helps(text: str) -> bool:
        return all(is_known(place.text) for place in plain_words(text))

    return correct(q, is_known=is_known, spellings=lambda word: SPELLINGS.get(word, []), helps=helps)


@pytest.mark.parametrize(
    ("q", "offered"),
    [
        ("дговір", "договір"),
        ("Дговір", "Договір"),
        ("ДГОВІР", "ДОГОВІР"),
        ("дговір  рахунак", "договір  рахунок"),
        ("(дговір OR рахунок) kind:contract", "(договір OR рахунок) kind:contract"),
        ("title:дговір", "title:договір"),
        ("рахунок, постваки!", None),
        ("договір", None),
        ("невідоме", None),
        ("", None),
    ],
)
def test_unknown_words_are_replaced_where_they_stand(q: str, offered: str | None) -> None:
    assert meant(q) == offered


@pytest.mark.parametrize(
    "q",
    [
        '"дговір"',
        "«дговір»",
        '="дговір"',
        "дговір*",
        "-дговір",
        "NOT дговір",
        "tag:дговір",
        "tag: дговір",
        "tag:(дговір OR рахунак)",
        "-(дговір)",
        "-title:дговір",
        "NOT (дговір)",
    ],
)
def test_what_is_no_plain_word_is_left_alone(q: str) -> None:
    assert meant(q) is None


@pytest.mark.parametrize(
    ("q", "offered"),
    [
        ("ghbdsn", "привіт"),
        ("ghbdtn", "привет"),
        ("hf[eyjr", "рахунок"),
        ("Ljujdsh", "Договір"),
        ("hf[eyjr дговір", "рахунок договір"),
        ("штмщшсу", "invoice"),
    ],
)
def test_words_typed_in_another_keyboard_layout_are_read_in_the_right_one(q: str, offered: str) -> None:
    assert meant(q) == offered


def test_a_short_word_is_misspelled_by_one_letter_at_most_and_a_very_short_one_not_at_all() -> None:
    near = {"акти": ["факти", "контакти"], "іі": ["ії"]}
    asked: list[str] = []

    def offered(q: str) -> str | None:
        return correct(
            q,
            is_known=lambda text: False,
            spellings=lambda word: near[word],
            helps=lambda text: asked.append(text) is not None,
        )

    assert offered("акти") is None
    assert asked == ["факти"]
    assert offered("іі") is None
    assert asked == ["факти"]


def test_letters_of_no_layout_are_in_none() -> None:
    assert layouts("2026/12") == layouts("naïve") == layouts("") == []


def test_places_are_those_of_the_text() -> None:
    q = "Тема: (дговір OR рахунок) \u202e -x NOT y tag: z kind:(a b) кінець) )"
    for place in plain_words(q):
        assert q[place.start : place.end] == place.text
    assert [place.text for place in plain_words(q)][-1] == "кінець"
