"""What is offered while people type, and what was probably meant: of their company, for their eyes."""

from __future__ import annotations

import pytest

from ecm import Ecm
from ecm.errors import Invalid
from ecm.recent_searches import KEPT
from tests.firms import Firm, index, put


def titles(app: Ecm, firm: Firm, q: str) -> list[str]:
    return [document.title for document in app.suggest(firm.olena, q).documents]


@pytest.fixture
def filled(app: Ecm, alfa: Firm, beta: Firm) -> Ecm:
    """Contracts and a letter of one company, a secret of another."""
    text = "привіт, постачання обладнання".encode()
    for title in ("Договір поставки.txt", "Договір оренди.txt", "Лист.txt"):
        put(app, alfa.olena, alfa.deal, text, title)
    put(app, beta.olena, beta.deal, "секретний".encode(), "Договір таємний.txt")
    index(app)
    return app


def test_titles_are_found_by_the_beginning_of_the_last_word_and_any_form_of_the_others(
    filled: Ecm, alfa: Firm
) -> None:
    assert sorted(titles(filled, alfa, "дог")) == ["Договір оренди.txt", "Договір поставки.txt"]
    assert titles(filled, alfa, "договором пост") == ["Договір поставки.txt"]
    assert titles(filled, alfa, "оренда договори") == ["Договір оренди.txt"]
    assert titles(filled, alfa, "обладн") == []  # stands in texts alone
    assert titles(filled, alfa, "ljuj") == titles(filled, alfa, "дого")  # the other keyboard layout
    for nothing in ("", " ", "kind:", "-", '"', "(", "NOT", "№"):
        assert titles(filled, alfa, nothing) == []


def test_a_suggestion_shows_the_cards_that_the_document_is_on(filled: Ecm, alfa: Firm) -> None:
    (document,) = filled.suggest(alfa.petro, "лист").documents
    assert [card.title for card in document.cards] == ["Постачання сервера"]


def test_suggestions_show_nothing_of_another_company_and_nothing_from_the_trash(
    filled: Ecm, alfa: Firm, beta: Firm
) -> None:
    assert titles(filled, beta, "дог") == ["Договір таємний.txt"]
    assert titles(filled, alfa, "таєм") == []
    (document,) = filled.suggest(alfa.olena, "лист").documents
    with filled.begin(alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(document.id))
    assert titles(filled, alfa, "лист") == []


def test_recent_searches_are_offered_to_who_made_them_and_to_nobody_else(
    filled: Ecm, alfa: Firm, beta: Firm
) -> None:
    for q in ("обладнання", "  постачання   обладнання ", "Привіт"):
        filled.search(alfa.olena, q, remember=True)
    suggested = filled.suggest(alfa.olena, "")
    assert suggested.searches == ["Привіт", "постачання обладнання", "обладнання"]
    assert filled.suggest(alfa.olena, "ОБЛ").searches == ["обладнання", "постачання обладнання"]
    assert filled.suggest(alfa.olena, "привіт").searches == []  # it stands there already
    for other in (alfa.petro, alfa.admin, beta.olena):
        assert filled.suggest(other, "").searches == []
    filled.forget_searches(alfa.petro)
    assert len(filled.suggest(alfa.olena, "").searches) == 3
    filled.forget_searches(alfa.olena)
    assert filled.suggest(alfa.olena, "").searches == []


def test_only_first_pages_that_found_something_by_words_are_remembered(filled: Ecm, alfa: Firm) -> None:
    filled.search(alfa.olena, "обладнання")
    filled.search(alfa.olena, "нічого", remember=True)
    filled.search(alfa.olena, "", remember=True)
    filled.search(alfa.olena, "обладнання", page=2, per_page=1, remember=True)
    filled.search(alfa.olena, "обладнання " * 40, remember=True)
    assert filled.suggest(alfa.olena, "").searches == []


def test_no_more_recent_searches_are_kept_than_are_of_use(filled: Ecm, alfa: Firm) -> None:
    for number in range(KEPT + 3):
        filled.search(alfa.olena, f"обладнання OR слово{number}", remember=True)
    kept = filled.suggesting.recent.of(alfa.olena)
    assert len(kept) == KEPT
    assert kept[0].endswith(str(KEPT + 2))


def test_too_long_a_query_is_refused(filled: Ecm, alfa: Firm) -> None:
    with pytest.raises(Invalid):
        filled.suggest(alfa.olena, "а" * 1001)


@pytest.mark.parametrize(
    ("q", "meant"),
    [
        ("абладнання", "обладнання"),
        ("gjcnfxfyyz", "постачання"),
        ("постачання абладнання", "постачання обладнання"),
        ("title:догавір", "title:договір"),
        ("нічого OR постачаня", "нічого OR постачання"),
        ("постачання", None),
        ("зовсімнемає", None),
        ("таємна", None),
        ("сикретний", None),
    ],
)
def test_did_you_mean_offers_what_finds_something(filled: Ecm, alfa: Firm, q: str, meant: str | None) -> None:
    page = filled.search(alfa.olena, q)
    assert page.did_you_mean == meant
    if meant:
        assert filled.search(alfa.olena, meant).total > page.total


def test_did_you_mean_never_offers_words_of_another_company(filled: Ecm, alfa: Firm, beta: Firm) -> None:
    assert filled.search(beta.olena, "секретнй").did_you_mean == "секретний"
    assert filled.search(alfa.olena, "секретнй").did_you_mean is None


def test_did_you_mean_minds_the_filters(filled: Ecm, alfa: Firm) -> None:
    assert filled.search(alfa.olena, "абладнання", kind="other").did_you_mean == "обладнання"
    assert filled.search(alfa.olena, "абладнання", kind="contract").did_you_mean is None
