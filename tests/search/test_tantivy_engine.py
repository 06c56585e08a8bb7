"""The contract of engines, kept by tantivy; and the same hits as Whoosh's."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from ecm.search import tantivy_index
from ecm.search.analysis import Analyzer
from ecm.search.errors import IndexDamaged, IndexUnavailable
from ecm.search.interface import Entry
from ecm.search.query import And, Exact, Not, Or, Phrase, Prefix, Query, Term, Uploaded, Word, all_of
from ecm.search.tantivy_engine import TantivyEngine
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, EVERYBODY, NOON, EngineContract, Place, deal, entry, find
from tests.search.places import TantivyPlace


class TestTantivyEngine(EngineContract):
    @pytest.fixture
    def place(self, tmp_path: Path, analyzer: Analyzer) -> Place:
        return TantivyPlace(tmp_path / "index", analyzer)


COMMON = ("договір", "рахунок", "акт", "постачання", "сервер", "обладнання", "оплата", "послуга", "клієнт")
RARE = ("звіт", "контракт", "поставка", "счет", "письмо", "пеня", "сторона", "invoice", "12/2026-К", "2026")
WORDS = COMMON + RARE


def text(draw: random.Random, words: int) -> str:
    """Words of which the first are much more frequent than the last."""
    return " ".join(WORDS[int(len(WORDS) * draw.random() ** 2)] for _ in range(words))


def varied(draw: random.Random, number: int) -> Entry:
    return entry(
        str(number),
        text(draw, draw.choice([5, 30, 100, 400])),
        title=text(draw, draw.randrange(4)),
        filename=text(draw, draw.randrange(2)),
        cards=(deal(text(draw, 2)),) if draw.random() < 0.4 else (),
        kind=draw.choice(["contract", "invoice"]),
        uploaded_at=NOON - timedelta(days=draw.randrange(3000), seconds=number),
    )


def tree(draw: random.Random, depth: int) -> Query:
    if depth and draw.random() < 0.75:
        if draw.random() < 0.3:
            return Not(tree(draw, depth - 1))
        return draw.choice([And, Or])((tree(draw, depth - 1), tree(draw, depth - 1)))
    word, other = draw.choice(WORDS), draw.choice(WORDS)
    scope = draw.choice(["everywhere", "everywhere", "title", "deal"])
    return draw.choice(
        [
            Word(word, scope),
            Phrase(f"{word} {other}", scope),
            Prefix(word[: draw.randrange(1, 5)], scope),
            Exact(word, scope),
            Exact(f"{word} {other}", scope),
            Term("kind", "contract"),
            Uploaded(date(2023, 1, 1), None),
        ]
    )


def test_both_engines_find_the_same_and_put_the_same_on_the_first_page(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    draw = random.Random(5)
    entries = [varied(draw, number) for number in range(300)]
    engines = (WhooshEngine(tmp_path / "whoosh", analyzer), TantivyEngine(tmp_path / "tantivy", analyzer))
    for engine in engines:
        engine.write(COMPANY, entries)
    for _ in range(300):
        query = tree(draw, 2)
        one, other = (engine.search(COMPANY, query, visible_to=EVERYBODY, limit=300) for engine in engines)
        assert one.total == other.total, query
        assert {hit.id for hit in one.items} == {hit.id for hit in other.items}, query
    shares = []
    for _ in range(100):
        query = all_of(Word(word) for word in draw.sample(WORDS, draw.choice([1, 2, 3])))
        one, other = (engine.search(COMPANY, query, visible_to=EVERYBODY) for engine in engines)
        if one.total > 20:
            shares.append(len({hit.id for hit in one.items} & {hit.id for hit in other.items}) / 20)
    assert len(shares) > 30
    assert min(shares) >= 0.8
    assert sum(shares) / len(shares) >= 0.95


def test_the_short_way_to_the_first_hits_and_the_exact_one_meet(tmp_path: Path, analyzer: Analyzer) -> None:
    draw = random.Random(6)
    engine = TantivyEngine(tmp_path, analyzer)
    engine.write(COMPANY, [varied(draw, number) for number in range(600)])
    index = engine._index(COMPANY)
    assert index is not None
    short = 0
    for _ in range(60):
        query = all_of(Word(word) for word in draw.sample(COMMON, draw.choice([1, 2, 3])))
        part = index._translator.translate(query)
        exact = index._exact(index._translator.visible(part, EVERYBODY, True), part.base, 10)
        found = index._lean(part, 10)
        if found is not None and found.total > len(found.ranked):
            assert [hit.id for hit in index._page(found, 0, 10)] == [
                hit.id for hit in index._page(exact, 0, 10)
            ]
            assert found.total == exact.total
            short += 1
    assert short > 30


@pytest.mark.parametrize("suffix", [".term", ".idx", ".pos", ".store", ".fast"])
def test_an_open_index_notices_that_a_file_was_changed(
    tmp_path: Path, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(tantivy_index, "_LOOK_EVERY_S", 0.0)
    engine = TantivyEngine(tmp_path, analyzer)
    engine.write(COMPANY, [entry("1", "договір")])
    assert find(engine, "договір") == ["1"]
    (path,) = engine.folder_of(COMPANY).glob(f"*{suffix}")
    path.touch()
    assert find(engine, "договір") == ["1"], "the same bytes are no damage"
    with path.open("r+b") as file:  # which is mapped: it may change, but not be cut
        byte = file.read(1)[0]
        file.seek(0)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(IndexDamaged, match=f"{path.name} is damaged"):
        find(engine, "договір")
    path.unlink()
    with pytest.raises(IndexDamaged, match=f"{path.name} is missing"):
        find(engine, "договір")
    engine.drop(COMPANY)
    engine.write(COMPANY, [entry("2", "договір")])
    assert find(engine, "договір") == ["2"]


def test_what_cannot_be_read_is_damaged_only_if_its_files_are(tmp_path: Path, analyzer: Analyzer) -> None:
    engine = TantivyEngine(tmp_path, analyzer)
    engine.write(COMPANY, [entry("1", "договір")])

    def fail() -> None:
        with engine._translated(COMPANY):
            raise tantivy_index.ReadingError("too many open files")

    with pytest.raises(IndexUnavailable, match="too many open files"):
        fail()
    (path,) = engine.folder_of(COMPANY).glob("*.term")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexDamaged, match="term is damaged"):
        fail()
