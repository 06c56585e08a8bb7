"""What every search engine keeps to. An engine's own test supplies a `place` and inherits all."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecm.search.analysis import Analyzer, fold, normalize_text
from ecm.search.errors import IndexBusy, IndexDamaged
from ecm.search.interface import (
    FACETS,
    MAX_FACET_VALUES,
    Entry,
    EntryCard,
    Facet,
    FacetValue,
    Frequencies,
    SearchEngine,
    Sort,
    Spelling,
)
from ecm.search.query import (
    All,
    And,
    Exact,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Scope,
    Term,
    Uploaded,
    Word,
    all_of,
    of_kind,
    on_card,
    parse,
    tagged,
    uploaded,
)

COMPANY = "company-1"
EVERYBODY = frozenset({"company"})
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Place(Protocol):
    """Where the indexes of one test are."""

    analyzer: Analyzer
    code: str
    """Python that makes another process's `engine` over this place."""

    def open(self, *, lock_timeout_s: float = 0.05) -> SearchEngine:
        """A new engine over this place, as another process would have it."""

    def files(self, company: str) -> list[Path]:
        """All files that hold this company's index."""


def deal(title: str, card_id: str = "deal-1") -> EntryCard:
    """A deal that entries are on."""
    return EntryCard(card_id, "deal", title)


def firm(title: str, card_id: str = "firm-1", kind: str = "organization") -> EntryCard:
    """A client that entries are on."""
    return EntryCard(card_id, kind, title)


def entry(entry_id: str, text: str = "", **given: Any) -> Entry:
    """An entry with nothing to find in it but what is given. Cards may be given by their ids."""
    fields: dict[str, Any] = {
        "title": "",
        "filename": "",
        "cards": (),
        "kind": "other",
        "tags": (),
        "uploaded_by": "user-1",
        "uploaded_at": NOON,
        "media_type": "text/plain",
        "format": "txt",
        "visible_to": EVERYBODY,
        **given,
    }
    cards = (deal("", card) if isinstance(card, str) else card for card in fields.pop("cards"))
    return Entry(id=entry_id, text=text, cards=tuple(cards), **fields)


def find(
    engine: SearchEngine,
    query: str | Query,
    *,
    company: str = COMPANY,
    visible_to: frozenset[str] = EVERYBODY,
    sort: Sort = "relevance",
    offset: int = 0,
    limit: int = 1000,
) -> list[str]:
    """The ids found, in order; the total is checked on the way."""
    tree = parse(query) if isinstance(query, str) else query
    hits = engine.search(company, tree, visible_to=visible_to, sort=sort, offset=offset, limit=limit)
    assert len(hits.items) == max(0, min(limit, hits.total - offset))
    return [hit.id for hit in hits.items]


def is_found_by_reading(query: Query, one: Entry, analyzer: Analyzer) -> bool:
    """What an index must answer, told by reading the whole entry."""
    match query:
        case All():
            return True
        case And(parts):
            return all(is_found_by_reading(part, one, analyzer) for part in parts)
        case Or(parts):
            return any(is_found_by_reading(part, one, analyzer) for part in parts)
        case Not(part):
            return not is_found_by_reading(part, one, analyzer)
        case Term("kind", value):
            return value.casefold() == one.kind.casefold()
        case Term("tag", value):
            return value.casefold() in [tag.casefold() for tag in one.tags]
        case Term("card", value):
            return value in [card.id for card in one.cards]
        case Term("format", value):
            return value.casefold() == one.format.casefold()
        case Uploaded(first, last):
            day = one.uploaded_at.astimezone(UTC).date()
            return (first is None or first <= day) and (last is None or day <= last)
        case Word(text, scope) | Phrase(text, scope) | Exact(text, scope) | Prefix(text, scope):
            texts = texts_of(one, scope)
            if isinstance(query, Prefix):
                beginning = fold(normalize_text(text))
                return any(
                    form.startswith(beginning)
                    for read in texts
                    for position in analyzer.words(read)
                    for form in position.forms
                )
            kind = 0 if isinstance(query, Exact) else 1  # of Position: forms or lemmas
            wanted = [
                set(position.forms[:1] if kind == 0 else position.lemmas) for position in analyzer.words(text)
            ]
            return any(
                all(not want.isdisjoint(here[kind]) for want, here in zip(wanted, window, strict=True))
                for read in texts
                for window in _windows(analyzer.words(read), len(wanted))
            )
    raise AssertionError(query)


def texts_of(one: Entry, scope: Scope) -> list[str]:
    """The texts of an entry that a scope is about."""
    if scope == "title":
        return [one.title]
    if scope == "deal":
        return [card.title for card in one.cards if card.kind == "deal"]
    if scope == "client":
        return [card.title for card in one.cards if card.kind in ("contact", "organization")]
    return [one.title, one.filename, *(card.title for card in one.cards), one.text]


def _windows(positions: tuple[Any, ...], length: int) -> Iterator[tuple[Any, ...]]:
    for start in range(len(positions) - length + 1):
        yield positions[start : start + length]


WORDS = ("договір", "договором", "договор", "рахунки", "рахунок", "счетами", "invoices", "12/2026-К", "Київ")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
ENTRIES = st.lists(
    st.builds(
        entry,
        st.integers(0, 5).map(str),
        TEXTS,
        title=TEXTS,
        filename=TEXTS,
        kind=st.sampled_from(("contract", "invoice")),
        tags=st.lists(st.sampled_from(("Терміново", "оплачено")), max_size=2).map(tuple),
        cards=st.lists(
            st.builds(
                EntryCard,
                st.sampled_from(("1", "2")),
                st.sampled_from(("deal", "contact", "organization", "lead")),
                TEXTS,
            ),
            max_size=2,
        ).map(tuple),
        format=st.sampled_from(("pdf", "docx")),
        uploaded_at=st.integers(0, 3).map(lambda days: NOON + timedelta(days=days)),
    ),
    max_size=6,
)
SCOPES = st.sampled_from(("everywhere", "title", "deal", "client"))
LEAVES = st.one_of(
    st.builds(Word, st.sampled_from(WORDS), SCOPES),
    st.builds(Phrase, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), SCOPES),
    st.builds(Exact, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), SCOPES),
    st.builds(Prefix, st.sampled_from(("д", "дого", "рахунк", "12/20", "К", "inv", "київ")), SCOPES),
    st.builds(Term, st.just("kind"), st.sampled_from(("contract", "Invoice"))),
    st.builds(Term, st.just("tag"), st.sampled_from(("терміново", "оплачено"))),
    st.builds(Term, st.just("card"), st.sampled_from(("1", "2"))),
    st.builds(Term, st.just("format"), st.sampled_from(("pdf", "DOCX"))),
    st.builds(
        Uploaded, st.sampled_from((None, date(2026, 3, 11))), st.sampled_from((None, date(2026, 3, 12)))
    ),
    st.just(All()),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)


class EngineContract:
    """The promises of `ecm.search.interface`, one by one."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        raise NotImplementedError("an engine's own test supplies the place")

    @pytest.fixture
    def engine(self, place: Place) -> Iterator[SearchEngine]:
        engine = place.open()
        yield engine
        engine.close()

    # Writing

    def test_what_was_written_is_found_at_once_and_by_another_process(
        self, place: Place, engine: SearchEngine
    ) -> None:
        engine.write(COMPANY, [entry("1", "договір"), entry("2", "рахунок")])
        assert find(engine, "договір") == ["1"]
        other = place.open()
        assert find(other, "рахунок") == ["2"]
        assert sorted(other.ids(COMPANY)) == ["1", "2"]

    def test_an_entry_takes_the_place_of_the_older_one(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "старий договір", tags=("old",)), entry("2", "акт")])
        engine.write(COMPANY, [entry("1", "новий рахунок")])
        assert find(engine, "старий") == []
        assert find(engine, "договір") == []
        assert find(engine, "tag:old") == []
        assert find(engine, "новий рахунок") == ["1"]
        assert sorted(engine.ids(COMPANY)) == ["1", "2"]

    def test_of_two_entries_with_one_id_in_a_write_the_later_stays(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "перший"), entry("2", "інший"), entry("1", "другий")])
        assert find(engine, "перший") == []
        assert find(engine, "другий") == ["1"]
        assert sorted(engine.ids(COMPANY)) == ["1", "2"]

    def test_removed_entries_are_gone_and_unknown_ids_are_no_error(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договір"), entry("2", "договір")])
        engine.write(COMPANY, removed=["1", "never-was"])
        assert find(engine, "договір") == ["2"]
        assert list(engine.ids(COMPANY)) == ["2"]
        engine.write(COMPANY, removed=["2"])
        assert find(engine, "") == []

    def test_what_is_removed_and_added_in_one_write_is_there(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "старий")])
        engine.write(COMPANY, [entry("1", "новий")], removed=["1"])
        assert find(engine, "") == ["1"]
        assert find(engine, "новий") == ["1"]

    def test_writing_nothing_changes_nothing(self, place: Place, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договір")])
        before = {path: path.read_bytes() for path in place.files(COMPANY)}
        engine.write(COMPANY)
        engine.write(COMPANY, removed=["never-was"])
        assert {path: path.read_bytes() for path in place.files(COMPANY)} == before

    def test_entries_that_fail_on_the_way_leave_the_index_as_it_was(self, engine: SearchEngine) -> None:
        class TextIsGone(Exception):
            pass

        def entries() -> Iterator[Entry]:
            yield entry("2", "договір")
            raise TextIsGone

        engine.write(COMPANY, [entry("1", "договір")])
        with pytest.raises(TextIsGone):
            engine.write(COMPANY, entries(), removed=["1"])
        assert find(engine, "договір") == ["1"]
        engine.write(COMPANY, [entry("3", "договір")])
        assert find(engine, "договір") == ["1", "3"]
        engine.check(COMPANY)

    def test_hundreds_of_small_writes_lose_and_double_nothing(self, engine: SearchEngine) -> None:
        there: set[str] = set()
        for number in range(120):
            removed = [str(number - 7)] if number % 3 == 0 else []
            rewritten = [entry(str(number - 5), f"слово{number - 5} договір")] if number % 4 == 0 else []
            engine.write(COMPANY, [entry(str(number), f"слово{number} договір"), *rewritten], removed)
            there -= set(removed)
            there |= {str(number), *(one.id for one in rewritten)}
        assert sorted(engine.ids(COMPANY)) == sorted(there)
        assert sorted(find(engine, "договір")) == sorted(there)
        for number in range(0, 120, 11):
            assert find(engine, f"слово{number}") == [str(number)] * (str(number) in there)
        engine.check(COMPANY)

    def test_odd_text_is_stored_and_found(self, engine: SearchEngine) -> None:
        odd = "\ud800\x00 договір \u202e\ufffe"
        engine.write(
            COMPANY,
            [
                entry(odd, odd, title=odd, tags=(odd, ""), cards=("\ud800", "?"), kind=odd),
                entry("", "рахунок" * 100 + " a" * 1000),
            ],
        )
        assert find(engine, "договір") == [odd]
        assert find(engine, on_card("\ud800")) == [odd]
        assert find(engine, tagged(odd)) == [odd]
        assert find(engine, "a") == [""]
        engine.check(COMPANY)

    # An index that is not there

    def test_a_missing_index_answers_like_an_empty_one(self, place: Place, engine: SearchEngine) -> None:
        assert find(engine, "договір") == []
        assert find(engine, "") == []
        assert list(engine.ids(COMPANY)) == []
        engine.check(COMPANY)
        engine.drop(COMPANY)
        assert place.files(COMPANY) == []

    # Words

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("укладено договором", "договір"),
            ("перелік договорів", "договір"),
            ("договір", "договорів"),
            ("рахунками", "рахунок"),
            ("рахунки", "рахунками"),
            ("счетами", "счёт"),
            ("Ёлка", "елки"),
            ("з’їзду", "з'їзд"),
            ("ҐАНОК", "ганок"),
            ("Invoices", "invoice"),
            ("№ 12/2026-К", "12/2026-к"),
            ("№ 12/2026-К", "№ 12/2026-К"),
            ("Додаток до 12/2026-К", "2026"),
            ("пишіть на Ivan.Petrenko@firma.com.ua", "ivan.petrenko@firma.com.ua"),
            ("пишіть на Ivan.Petrenko@firma.com.ua", "petrenko@firma.com"),
            ("купівлі-продажу", "купівля-продаж"),
            ("купівлі-продажу", "продаж"),
            ("купівлі-продажу", "купівлі продажу"),
            ("див. https://alfa.example/act?id=7", "https://alfa.example/act"),
        ],
    )
    def test_a_word_is_found_in_any_form(self, engine: SearchEngine, text: str, query: str) -> None:
        engine.write(COMPANY, [entry("1", text), entry("2", "зовсім інше")])
        assert find(engine, query) == ["1"]

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("12 договорів у 2026 році, додаток К", "12/2026-К"),
            ("petrenko працює у firma", "petrenko@firma"),
            ("договірна", "договір"),
            ("рахунок", "title:рахунок"),
        ],
    )
    def test_what_only_looks_alike_is_not_found(self, engine: SearchEngine, text: str, query: str) -> None:
        engine.write(COMPANY, [entry("1", text)])
        assert find(engine, query) == []

    def test_every_word_must_be_there_each_in_any_field(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry(
                    "1",
                    "текст про оплату",
                    title="Договір",
                    filename="сканкопія_2026.pdf",
                    cards=(deal("Сервер для Альфи"), firm("Другий")),
                ),
                entry("2", "договір"),
            ],
        )
        assert find(engine, "договір оплата сканкопія сервер другий") == ["1"]
        assert find(engine, "договір оплата відсутнє") == []

    def test_or_not_and_parentheses(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY, [entry("1", "кіт"), entry("2", "пес"), entry("3", "кіт пес"), entry("4", "миша")]
        )
        assert sorted(find(engine, "кіт OR миша")) == ["1", "3", "4"]
        assert sorted(find(engine, "кіт -пес")) == ["1"]
        assert sorted(find(engine, "NOT кіт")) == ["2", "4"]
        assert sorted(find(engine, "NOT (кіт OR пес)")) == ["4"]
        assert sorted(find(engine, "(кіт OR миша) -пес")) == ["1", "4"]
        assert sorted(find(engine, "пес OR NOT кіт")) == ["2", "3", "4"]
        assert sorted(find(engine, "-кіт -миша")) == ["2"]

    def test_an_empty_query_lists_all_the_newest_first(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry(str(day), uploaded_at=NOON + timedelta(days=day)) for day in (1, 3, 2)])
        assert find(engine, "") == ["3", "2", "1"]

    def test_a_phrase_is_its_lemmas_side_by_side_in_order_in_one_field(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("near", "про договори постачання обладнання"),
                entry("apart", "договір на постачання, поставка обладнання"),
                entry("reversed", "постачання за договором"),
                entry("across", "обладнання", title="договір", filename="постачання"),
                entry("title", title="Договору постачання"),
                entry("cards", cards=(deal("договір"), deal("постачання"))),
                entry("punctuated", "договір: «постачання»"),
            ],
        )
        assert sorted(find(engine, '"договір постачання"')) == ["near", "punctuated", "title"]
        assert find(engine, '"постачання обладнання"') == ["near"]
        assert find(engine, 'title:"договором постачання"') == ["title"]

    def test_a_prefix_is_of_the_words_as_they_are_written(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("1", "договором", title="Сервери"),
                entry("2", "договір"),
                entry("3", "INV-0012 та Ёлки"),
            ],
        )
        assert find(engine, "договор*") == ["1"]
        assert sorted(find(engine, "догов*")) == ["1", "2"]
        assert sorted(find(engine, "Д*")) == ["1", "2"]
        assert find(engine, "inv-00*") == ["3"]
        assert find(engine, "00*") == ["3"]
        assert find(engine, "елк*") == ["3"]
        assert find(engine, "title:серв*") == ["1"]
        assert find(engine, "title:догов*") == []
        assert find(engine, "-д*") == ["3"]

    def test_an_exact_form_is_found_as_it_is_written(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("1", "за Договором поставки № 12/2026-К", title="З’їзд ҐАНОК"),
                entry("2", "договір поставки"),
                entry("3", "договором про поставки"),
                entry("4", "договору постачання", filename="договором.pdf"),
            ],
        )
        assert sorted(find(engine, '="договором"')) == ["1", "3", "4"]
        assert find(engine, '="договором поставки"') == ["1"]
        assert find(engine, '="поставки договором"') == []
        assert find(engine, '="12/2026-к"') == ["1"]
        assert find(engine, '="2026"') == ["1"]
        assert find(engine, '="12/2026"') == ["1"]
        assert find(engine, '="поставки № 12/2026-К"') == ["1"]
        assert find(engine, """title:="з'їзд ганок" """) == ["1"]
        assert find(engine, 'title:="договором"') == []
        assert sorted(find(engine, '-="договором"')) == ["2"]

    # Fields

    def test_title_is_the_documents_own(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("title", title="Договір"),
                entry("text", "договір"),
                entry("file", filename="договір.txt"),
                entry("card", cards=(deal("договір"),)),
            ],
        )
        assert find(engine, "title:договором") == ["title"]
        assert sorted(find(engine, "договором")) == ["card", "file", "text", "title"]

    def test_a_tag_is_found_whole_and_by_its_field_only(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY, [entry("1", tags=("Дуже  Терміново", "urgent")), entry("2", "терміново urgent")]
        )
        assert find(engine, 'tag:"дуже терміново"') == ["1"]
        assert find(engine, "tag:URGENT") == ["1"]
        assert find(engine, "tag:терміново") == []
        assert find(engine, "терміново") == ["2"]
        assert find(engine, tagged("urgent")) == ["1"]

    def test_kinds_cards_people_and_types(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("1", kind="contract", cards=("deal-42", "deal-7"), uploaded_by="u1"),
                entry("2", kind="invoice", cards=("deal-421",), uploaded_by="u2", media_type="image/png"),
                entry(
                    "3", "contract 42", filename="Акт.DOCX", uploaded_by="U1", media_type="application/x-y"
                ),
            ],
        )
        assert find(engine, "kind:contract") == ["1"]
        assert find(engine, "kind:Contract deal:deal-42") == ["1"]
        assert find(engine, "deal:deal-421") == ["2"]
        assert find(engine, "deal:DEAL-42") == []
        assert find(engine, "by:u1") == ["1"]
        assert find(engine, "type:image") == ["2"]
        assert find(engine, "type:png OR type:docx") == ["2", "3"]
        assert find(engine, all_of([parse("contract"), of_kind("other"), on_card("deal-42")])) == []

    def test_deals_and_clients_are_found_by_words_of_their_titles(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("deal", cards=(deal("Постачання сервера", "42"), firm("Рогаль", kind="contact"))),
                entry("client", cards=(deal("Ремонт", "7"), firm("Сервер Плюс", "8"))),
                entry("lead", cards=(firm("Сервер", "9", kind="lead"),)),
                entry("two", cards=(deal("постачання"), deal("сервера"))),
                entry("text", "сервер", title="сервер"),
            ],
        )
        assert sorted(find(engine, "deal:сервери")) == ["deal", "two"]
        assert find(engine, 'deal:"постачання серверів"') == ["deal"]
        assert find(engine, 'deal:"сервера постачання"') == []
        assert find(engine, "client:сервером") == ["client"]
        assert find(engine, "client:рогалем") == ["deal"]
        assert sorted(find(engine, "deal:серв*")) == ["deal", "two"]
        assert find(engine, "client:с*") == ["client"]
        assert find(engine, "deal:42") == ["deal"]
        assert find(engine, "client:8") == ["client"]
        assert len(find(engine, "сервер")) == 5

    def test_formats_and_years(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("1", format="pdf", uploaded_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
                entry("2", format="docx", uploaded_at=datetime(2026, 1, 1, tzinfo=UTC)),
            ],
        )
        assert find(engine, "format:PDF") == ["1"]
        assert find(engine, "year:2026") == ["2"]
        assert find(engine, "format:(pdf OR docx) year:2025") == ["1"]

    def test_days_are_included_and_in_utc(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("last second", uploaded_at=datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
                entry("midnight", uploaded_at=datetime(2026, 1, 2, tzinfo=UTC)),
                entry("evening", uploaded_at=datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC)),
                entry("next", uploaded_at=datetime(2026, 1, 3, tzinfo=UTC)),
            ],
        )
        assert find(engine, "from:2026-01-02 to:2026-01-02") == ["evening", "midnight"]
        assert find(engine, "to:2026-01-01") == ["last second"]
        assert find(engine, "from:2026-01-03") == ["next"]
        assert find(engine, uploaded(date(2026, 1, 2), date(2026, 1, 2))) == ["evening", "midnight"]
        assert len(find(engine, uploaded(date.min, date.max))) == 4

    @settings(
        max_examples=60,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,  # every engine inherits it
        ],
    )
    @given(ENTRIES, ENTRIES, st.lists(st.integers(0, 5).map(str), max_size=2), st.lists(QUERIES, min_size=1))
    def test_an_index_answers_as_reading_everything_would(
        self,
        place: Place,
        first: list[Entry],
        second: list[Entry],
        removed: list[str],
        queries: list[Query],
    ) -> None:
        engine = place.open()
        engine.drop(COMPANY)
        engine.write(COMPANY, first)
        engine.write(COMPANY, second, removed)
        known = {one.id: one for one in first if one.id not in removed} | {one.id: one for one in second}
        for query in queries:
            expected = {one.id for one in known.values() if is_found_by_reading(query, one, place.analyzer)}
            assert set(find(engine, query)) == expected

    # Order and pages

    def test_a_word_in_the_title_says_more_than_one_in_the_text(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("text", "договір постачання обладнання", uploaded_at=NOON + timedelta(days=9)),
                entry("title", "інше " * 3000, title="Договір"),
                entry("often", "договір " * 5 + "інше " * 300, uploaded_at=NOON + timedelta(days=8)),
            ],
        )
        assert find(engine, "договір")[0] == "title"

    def test_a_rare_word_and_a_frequent_mention_say_more(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [entry(str(number), "договір про справи") for number in range(8)]
            + [entry("rare", "унікальність про справи"), entry("often", "договір договір договір справи")],
        )
        assert find(engine, "договір OR унікальність")[0] == "rare"
        assert find(engine, "договір")[0] == "often"

    def test_relevance_ties_are_broken_by_time_then_id(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("b", "договір"), entry("c", "договір")])
        engine.write(
            COMPANY,
            [
                entry("a", "договір"),
                entry("new", "договір", uploaded_at=NOON + timedelta(microseconds=1)),
            ],
        )
        assert find(engine, "договір") == ["new", "a", "b", "c"]
        scores = {hit.score for hit in engine.search(COMPANY, parse("договір"), visible_to=EVERYBODY).items}
        assert len(scores) == 1

    def test_of_documents_alike_the_newer_is_a_little_more_relevant(self, engine: SearchEngine) -> None:
        def years_ago(years: int) -> datetime:
            return NOON - timedelta(days=365.25 * years)

        engine.write(
            COMPANY,
            [
                entry("new", "договір"),
                entry("older", "договір", uploaded_at=years_ago(3)),
                entry("old", "договір", uploaded_at=years_ago(6)),
                entry("old but apt", "договір договір", uploaded_at=years_ago(6)),
                entry("before all", "договір", uploaded_at=datetime(1950, 1, 1, tzinfo=UTC)),
            ],
        )
        assert find(engine, "договір") == ["old but apt", "new", "older", "old", "before all"]
        hits = engine.search(COMPANY, parse("договір"), visible_to=EVERYBODY).items
        score = {hit.id: hit.score for hit in hits}
        assert score["new"] / score["older"] == pytest.approx(1.02**3, rel=1e-3)

    def test_sorting_by_time(self, engine: SearchEngine) -> None:
        days = (2, 0, 3, 1)
        engine.write(
            COMPANY, [entry(str(day), "акт", uploaded_at=NOON + timedelta(days=day)) for day in days]
        )
        engine.write(COMPANY, [entry("same", "акт", uploaded_at=NOON), entry("x", "акт акт акт")])
        assert find(engine, "акт", sort="newest") == ["3", "2", "1", "0", "same", "x"]
        assert find(engine, "акт", sort="oldest") == ["0", "same", "x", "1", "2", "3"]

    @pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
    def test_pages_neither_overlap_nor_leave_gaps(self, engine: SearchEngine, sort: Sort) -> None:
        for batch in range(5):
            times = [NOON + timedelta(minutes=number % 3) for number in range(10)]
            engine.write(
                COMPANY,
                [
                    entry(f"{batch}-{number}", "акт " * (number % 4 + 1), uploaded_at=time)
                    for number, time in enumerate(times)
                ],
            )
        pages = [find(engine, "акт", sort=sort, offset=offset, limit=7) for offset in range(0, 56, 7)]
        paged = [found for page in pages for found in page]
        assert paged == find(engine, "акт", sort=sort)
        assert len(set(paged)) == 50
        assert find(engine, "акт", offset=50) == []
        assert engine.search(COMPANY, parse("акт"), visible_to=EVERYBODY, limit=0).total == 50

    # Facets, spellings, frequencies

    def test_facets_count_the_values_among_all_hits(self, engine: SearchEngine) -> None:
        january = datetime(2026, 1, 1, tzinfo=UTC)
        engine.write(
            COMPANY,
            [
                entry("1", "акт", kind="act", format="pdf", tags=("Терміново", "a"), uploaded_by="7"),
                entry("2", "акт", kind="act", format="docx", tags=("a",), uploaded_at=january),
                entry("3", "акт", kind="letter", format="pdf", uploaded_at=january - timedelta(seconds=1)),
                entry("4", "інше", kind="photo", format="jpg", tags=("b",)),
            ],
        )
        engine.write(COMPANY, [entry("5", "акт", kind="act", format="pdf"), entry("6", "акт", kind="old")])
        engine.write(COMPANY, removed=["6"])
        hits = engine.search(COMPANY, parse("акт"), visible_to=EVERYBODY, limit=1, facets=FACETS)
        assert hits.total == 4
        assert self._counts(hits.facets) == {
            "kind": [("act", 3), ("letter", 1)],
            "year": [("2026", 3), ("2025", 1)],
            "format": [("pdf", 3), ("docx", 1)],
            "by": [("user-1", 3), ("7", 1)],
            "tag": [("a", 2), ("Терміново", 1)],
        }
        nothing = engine.search(COMPANY, parse("відсутнє"), visible_to=EVERYBODY, facets=("tag", "year"))
        assert nothing.facets == {"tag": (), "year": ()}
        assert engine.search(COMPANY, parse("акт"), visible_to=EVERYBODY).facets == {}
        missing = engine.search("nobody", parse(""), visible_to=EVERYBODY, facets=("kind",))
        assert missing.facets == {"kind": ()}

    def test_facets_tell_nothing_of_what_one_may_not_see(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [entry("1", kind="act"), entry("2", kind="secret", visible_to=frozenset({"user:1"}))],
        )
        hits = engine.search(COMPANY, All(), visible_to=EVERYBODY, facets=("kind",))
        assert self._counts(hits.facets) == {"kind": [("act", 1)]}

    def test_tags_in_upper_and_lower_case_are_one_value(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", tags=("VIP", "vip")), entry("2", tags=("Vip",)), entry("3")])
        hits = engine.search(COMPANY, All(), visible_to=EVERYBODY, facets=("tag",))
        ((value, count),) = self._counts(hits.facets)["tag"]
        assert (value.casefold(), count) == ("vip", 2)

    def test_a_facet_has_no_more_values_than_people_read(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY, [entry(str(number), tags=(f"t{number:03}",)) for number in range(MAX_FACET_VALUES + 9)]
        )
        hits = engine.search(COMPANY, All(), visible_to=EVERYBODY, facets=("tag",))
        values = [value.value for value in hits.facets["tag"]]
        assert values == [f"t{number:03}" for number in range(MAX_FACET_VALUES)]

    @staticmethod
    def _counts(facets: Mapping[Facet, tuple[FacetValue, ...]]) -> dict[Facet, list[tuple[str, int]]]:
        return {facet: [(one.value, one.count) for one in values] for facet, values in facets.items()}

    def test_spellings_are_near_forms_that_the_asker_may_see(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("1", "рахунок рахунки", title="Рахунок"),
                entry("2", "рахунок рахунків", filename="рахунка.pdf"),
                entry("3", "рахуночок", visible_to=frozenset({"user:1"})),
            ],
        )
        engine.write(COMPANY, [entry("4", "рахунки малюнок"), entry("5", "рахунох")])
        engine.write(COMPANY, removed=["5"])

        def spellings(word: str, *visible_to: str, limit: int = 5) -> list[tuple[str, int]]:
            found = engine.spellings(COMPANY, word, visible_to=visible_to or EVERYBODY, limit=limit)
            assert all(isinstance(one, Spelling) for one in found)
            return [(one.form, one.entries) for one in found]

        assert spellings("рахунок") == [("рахунок", 2), ("рахунки", 2), ("рахунка", 1)]
        assert spellings("рахнок", limit=1) == [("рахунок", 2)]
        assert spellings("рахуонк", limit=1) == [("рахунок", 2)]
        assert spellings("зовсімінше") == []
        assert spellings("рахуночок") == [("рахунок", 2)]
        assert spellings("рахуночок", "user:1") == [("рахуночок", 1)]
        assert engine.spellings("nobody", "рахунок", visible_to=EVERYBODY) == ()

    def test_frequencies_tell_in_how_many_entries_lemmas_stand(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договори договір"), entry("2", "акт", title="Договором")])
        engine.write(COMPANY, [entry("3", "договір"), entry("4", "інше")])
        engine.write(COMPANY, removed=["3"])
        found = engine.frequencies(COMPANY, ["договір", "акт", "відсутнє"])
        assert found == Frequencies(3, {"договір": 2, "акт": 1, "відсутнє": 0})
        assert engine.frequencies("nobody", ["акт"]) == Frequencies(0, {"акт": 0})

    # Who may see what

    def test_what_one_may_not_see_is_not_even_counted(self, engine: SearchEngine) -> None:
        engine.write(
            COMPANY,
            [
                entry("all", "договір"),
                entry("card", "договір", visible_to=frozenset({"card:7", "user:1"})),
                entry("user", "договір", visible_to=frozenset({"user:1"})),
                entry("nobody", "договір", visible_to=frozenset()),
            ],
        )
        engine.write(COMPANY, [entry("hidden", "договір", visible_to=frozenset({"user:2"}))])
        for query in ("договір", "", "NOT відсутнє", "договір OR акт", "дог*"):
            assert find(engine, query) == ["all"]
            assert sorted(find(engine, query, visible_to=frozenset({"company", "card:7"}))) == ["all", "card"]
            assert sorted(find(engine, query, visible_to=frozenset({"user:1"}))) == ["card", "user"]
            assert find(engine, query, visible_to=frozenset({"user:3"})) == []
            assert find(engine, query, visible_to=frozenset()) == []

    def test_who_may_see_changes_with_the_entry(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договір"), entry("2", "договір")])
        assert len(find(engine, "договір")) == 2
        engine.write(COMPANY, [entry("1", "договір", visible_to=frozenset({"user:1"}))])
        assert find(engine, "договір") == ["2"]
        assert find(engine, "договір", visible_to=frozenset({"user:1"})) == ["1"]

    @pytest.mark.parametrize("other", ["company-2", "COMPANY-1", "../company-1", "company-1/x", ".", "", "ї"])
    def test_companies_know_nothing_of_each_other(
        self, place: Place, engine: SearchEngine, other: str
    ) -> None:
        engine.write(COMPANY, [entry("1", "договір")])
        engine.write(other, [entry("1", "рахунок"), entry("2", "рахунок")])
        assert find(engine, "рахунок") == []
        assert find(engine, "договір", company=other) == []
        assert sorted(find(engine, "рахунок", company=other)) == ["1", "2"]
        assert set(place.files(COMPANY)).isdisjoint(place.files(other))
        engine.write(other, removed=["1"])
        assert list(engine.ids(COMPANY)) == ["1"]
        engine.drop(other)
        assert find(engine, "договір") == ["1"]
        assert find(engine, "", company=other) == []

    # Several at once

    def test_an_open_engine_sees_what_another_has_committed(self, place: Place, engine: SearchEngine) -> None:
        other = place.open()
        for number in range(12):
            other.write(COMPANY, [entry(str(number), "договір")])
            assert len(find(engine, "договір")) == number + 1
        other.drop(COMPANY)
        assert find(engine, "договір") == []
        other.write(COMPANY, [entry("new", "договір")])
        assert find(engine, "договір") == ["new"]

    def test_a_second_writer_gets_index_busy_while_readers_go_on(
        self, place: Place, engine: SearchEngine
    ) -> None:
        engine.write(COMPANY, [entry("1", "договір")])
        writing, may_end = threading.Event(), threading.Event()

        def entries() -> Iterator[Entry]:
            yield entry("2", "договір")
            writing.set()
            assert may_end.wait(30)

        with ThreadPoolExecutor() as pool:
            writer = pool.submit(engine.write, COMPANY, entries())
            try:
                assert writing.wait(30)
                for second in (engine, place.open()):
                    with pytest.raises(IndexBusy):
                        second.write(COMPANY, [entry("3", "договір")])
                    with pytest.raises(IndexBusy):
                        second.drop(COMPANY)
                    second.write("another company", [entry("3", "договір")])
                    assert find(second, "договір") == ["1"]
                    second.check(COMPANY)
                assert self._run(place, WRITE_ONCE) == "IndexBusy"
            finally:
                may_end.set()
            writer.result(30)
        assert find(engine, "договір") == ["1", "2"]
        assert self._run(place, WRITE_ONCE) == "written"

    def test_a_write_waits_its_turn_as_long_as_it_was_told(self, place: Place) -> None:
        patient = place.open(lock_timeout_s=30)
        with ThreadPoolExecutor(4) as pool:
            done = [
                pool.submit(patient.write, COMPANY, [entry(str(number), "договір")]) for number in range(12)
            ]
            for one in done:
                one.result(60)
        assert len(find(patient, "договір")) == 12

    def test_readers_see_whole_commits_while_another_process_writes(
        self, place: Place, engine: SearchEngine
    ) -> None:
        seen, stop = [], threading.Event()

        def read() -> None:
            mine = place.open()
            while not stop.is_set():
                totals = {
                    mine.search(COMPANY, parse(f"пара{number}"), visible_to=EVERYBODY).total
                    for number in range(25)
                }
                assert totals <= {0, 2}
                seen.append(mine.search(COMPANY, parse("договір"), visible_to=EVERYBODY, limit=100).total)

        command = [sys.executable, "-c", place.code + WRITE_PAIRS]
        with (
            ThreadPoolExecutor(2) as pool,
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer,
        ):
            readers = [pool.submit(read) for _ in range(2)]
            assert writer.stdout is not None
            lines = [line.strip() for line in writer.stdout]
            stop.set()
            for reader in readers:
                reader.result(60)
        assert writer.returncode == 0
        assert lines == [str(number) for number in range(25)]
        assert all(total % 2 == 0 for total in seen)
        assert len(find(engine, "договір")) == 50
        engine.check(COMPANY)

    def test_threads_share_one_engine(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry(str(number), f"договір слово{number % 5}") for number in range(50)])
        queries = [f'"договір слово{number}" -рахунок' for number in range(5)]
        expected = {query: find(engine, query) for query in queries}
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: find(engine, queries[number % 5]), range(400)))
        assert found == [expected[queries[number % 5]] for number in range(400)]

    # Damage

    @pytest.mark.parametrize("harm", ["flip", "cut", "lose", "append"])
    def test_damage_to_any_file_is_noticed(self, place: Place, harm: str) -> None:
        for batch in range(3):
            entries = [
                entry(f"{batch}-{number}", f"договір слово{batch}", title="Акт") for number in range(9)
            ]
            place.open().write(COMPANY, entries)
        place.open().write(COMPANY, removed=["0-0"])
        files = place.files(COMPANY)
        assert files
        for path in files:
            whole = path.read_bytes()
            places = range(0, len(whole), max(1, len(whole) // 7)) if harm == "flip" else [len(whole) // 2]
            for at in places:
                HARM[harm](path, whole, at)
                with pytest.raises(IndexDamaged) as raised:
                    place.open().check(COMPANY)
                assert raised.value.company == COMPANY
                path.write_bytes(whole)
        place.open().check(COMPANY)

    def test_a_damaged_index_answers_rightly_or_with_index_damaged(self, place: Place) -> None:
        engine = place.open()
        engine.write(COMPANY, [entry(str(number), f"договір слово{number} акт") for number in range(40)])
        engine.write(COMPANY, removed=["7"])
        queries = ["договір", '"слово3 акт"', "слово*", "", "NOT слово5", "сл*"]
        expected = {query: sorted(find(engine, query)) for query in queries}
        noticed = 0
        for path in place.files(COMPANY):
            whole = path.read_bytes()
            for at in range(0, len(whole), max(1, len(whole) // 60)):
                HARM["flip"](path, whole, at)
                opened = place.open()
                for query in queries:
                    try:
                        hits = opened.search(COMPANY, parse(query), visible_to=EVERYBODY, limit=1000)
                    except IndexDamaged:
                        noticed += 1
                    else:
                        noticed += hits.incomplete
                        assert len(hits.items) == hits.total <= len(expected[""])
                path.write_bytes(whole)
        assert noticed
        assert {query: sorted(find(place.open(), query)) for query in queries} == expected

    def test_a_salvaged_index_is_written_again_whatever_was_damaged(self, place: Place) -> None:
        for files in range(2):  # none, then the first, which may be of one part of the index alone
            engine = place.open()
            engine.write(COMPANY, [entry("1", "договір")])
            engine.write(COMPANY, [entry("2", "договір")])
            for path in place.files(COMPANY)[:files]:
                path.write_bytes(b"noise")
            engine = place.open()
            engine.salvage(COMPANY)
            engine.check(COMPANY)
            assert set(engine.ids(COMPANY)) <= {"1", "2"}
            engine.write(COMPANY, [entry("1", "договір"), entry("2", "рахунок")])
            assert find(engine, "договір") == ["1"]
            assert find(engine, "рахунок") == ["2"]
            engine.check(COMPANY)
        engine.salvage("never-was")
        assert find(engine, "", company="never-was") == []

    def test_a_damaged_index_is_dropped_and_made_anew(self, place: Place, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договір")])
        for path in place.files(COMPANY):
            path.write_bytes(b"noise")
        damaged = place.open()
        for use in (
            lambda: damaged.check(COMPANY),
            lambda: find(damaged, "договір"),
            lambda: damaged.write(COMPANY, [entry("2", "договір")]),
            lambda: list(damaged.ids(COMPANY)),
        ):
            with pytest.raises(IndexDamaged):
                use()
        damaged.drop(COMPANY)
        assert place.files(COMPANY) == []
        damaged.write(COMPANY, [entry("2", "договір")])
        assert find(engine, "договір") == ["2"]
        damaged.check(COMPANY)

    # Ends

    def test_dropping_is_idempotent_and_open_searchers_survive_it(
        self, place: Place, engine: SearchEngine
    ) -> None:
        engine.write(COMPANY, [entry(str(number), "договір") for number in range(10)])
        ids = engine.ids(COMPANY)
        first = next(ids)
        place.open().drop(COMPANY)
        assert {first, *ids} == {str(number) for number in range(10)}
        assert place.files(COMPANY) == []
        assert find(engine, "договір") == []
        engine.drop(COMPANY)
        engine.drop(COMPANY)

    def test_a_closed_engine_may_be_used_again(self, engine: SearchEngine) -> None:
        engine.write(COMPANY, [entry("1", "договір")])
        engine.close()
        engine.close()
        assert find(engine, "договір") == ["1"]
        engine.write(COMPANY, [entry("2", "договір")])
        assert find(engine, "договір") == ["1", "2"]

    @staticmethod
    def _run(place: Place, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", place.code + code], capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout.strip()


def _flip(path: Path, whole: bytes, at: int) -> None:
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])


HARM: dict[str, Callable[[Path, bytes, int], object]] = {
    "flip": _flip,
    "cut": lambda path, whole, at: path.write_bytes(whole[:at]),
    "lose": lambda path, whole, at: path.unlink(),
    "append": lambda path, whole, at: path.write_bytes(whole + b"\0"),
}

# Each runs in a process of its own, after the place's own code.
WRITE_ONCE = """
from ecm.search.errors import IndexBusy
from tests.contracts.engine_contract import COMPANY, entry
try:
    engine.write(COMPANY, [entry("from elsewhere", "акт")])
    print("written")
except IndexBusy:
    print("IndexBusy")
"""

WRITE_PAIRS = """
from tests.contracts.engine_contract import COMPANY, entry
for number in range(25):
    engine.write(COMPANY, [entry(f"{number}-{one}", f"договір пара{number}") for one in "ab"])
    print(number, flush=True)
"""
