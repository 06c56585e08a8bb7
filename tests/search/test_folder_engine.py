"""What the contract of engines does not tell: how an index is kept small, open and of one making."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from ecm.search import commits, folder_engine, whoosh_engine, whoosh_terms
from ecm.search.analysis import Analyzer
from ecm.search.commits import choose_merged
from ecm.search.errors import IndexDamaged
from ecm.search.interface import FACETS
from ecm.search.manifest import Manifest, SegmentRecord
from ecm.search.query import parse
from ecm.search.whoosh_engine import WhooshEngine
from tests.contracts.engine_contract import COMPANY, HARM, entry, find


@pytest.fixture
def engine(tmp_path: Path, analyzer: Analyzer) -> WhooshEngine:
    return WhooshEngine(tmp_path / "index", analyzer)


TREE = parse("договір")


def manifest_of(engine: WhooshEngine) -> Manifest:
    return engine._snapshot(COMPANY).manifest


def record(documents: int, deleted: int = 0) -> SegmentRecord:
    return SegmentRecord(f"{documents}-{deleted}", documents, frozenset(range(deleted)))


def test_segments_stay_few_and_old_documents_are_seldom_written_anew() -> None:
    sizes: list[int] = []
    rewritten = 0
    for number in range(5_000):
        records = [SegmentRecord(str(at), size, frozenset()) for at, size in enumerate([*sizes, 1])]
        merged = choose_merged(records)
        rewritten += sum(one.documents for one in merged)
        sizes = [one.documents for one in records if one not in merged]
        if merged:
            sizes.append(sum(one.documents for one in merged))
        assert len(sizes) <= 10
        assert sum(sizes) == number + 1
    assert rewritten < 5_000 * 6


def test_a_segment_full_of_deleted_documents_is_written_anew() -> None:
    assert choose_merged([record(100, 10), record(10)]) == []
    assert choose_merged([record(100, 40), record(10)]) == [record(100, 40)]


def test_a_segment_of_deleted_documents_alone_vanishes(engine: WhooshEngine) -> None:
    engine.write(COMPANY, [entry("1", "договір"), entry("2", "договір")])
    engine.write(COMPANY, [entry("3", "договір")])
    engine.write(COMPANY, removed=["1", "2"])
    assert len(manifest_of(engine).segments) == 1
    engine.write(COMPANY, removed=["3"])
    assert manifest_of(engine).segments == ()
    assert manifest_of(engine).files == {}


def test_the_folder_holds_what_the_manifest_names_and_no_more(engine: WhooshEngine) -> None:
    for number in range(30):
        engine.write(COMPANY, [entry(str(number % 20), f"договір {number}")])
    names = {path.name for path in engine._path(COMPANY).iterdir()}
    assert names == {"manifest", *manifest_of(engine).files}
    assert len(manifest_of(engine).segments) <= 10


def test_a_large_write_becomes_several_segments_in_one_commit(
    engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "_MAX_WORDS", 100)
    entries = [entry(str(number % 35), f"договір слово{number} {number}") for number in range(50)]
    engine.write(COMPANY, entries)
    assert 1 < len(manifest_of(engine).segments) <= 10
    assert sorted(find(engine, "договір")) == sorted({one.id for one in entries})
    assert find(engine, "слово3") == []
    assert find(engine, "слово38") == ["3"]
    assert find(engine, '"слово49 49"') == ["14"]


def test_merging_keeps_all_that_can_be_found(engine: WhooshEngine) -> None:
    for number in range(40):
        text = "договір постачання " * 3 + f"слово{number}"
        tags = ("urgent",) if number % 2 else ()
        engine.write(COMPANY, [entry(str(number), text, title=f"Акт {number}", tags=tags)])
        if number % 5 == 0:
            engine.write(COMPANY, removed=[str(number)])
    there = {str(number) for number in range(40) if number % 5}
    assert set(find(engine, '"договору постачання"')) == there
    assert set(find(engine, "tag:urgent")) == {one for one in there if int(one) % 2}
    assert set(find(engine, "title:ак*")) == there
    assert set(find(engine, "сло*")) == there
    assert find(engine, '"постачання слово7"') == ["7"]
    scores = {round(hit.score, 4) for hit in engine.search(COMPANY, TREE, visible_to=["company"]).items}
    assert len(scores) == 1, "a weight is no other after merging"


def test_an_index_of_another_making_is_to_be_made_anew(tmp_path: Path, analyzer: Analyzer) -> None:
    class NewerAnalyzer(Analyzer):
        version = "words 2"

    WhooshEngine(tmp_path, analyzer).write(COMPANY, [entry("1", "договір")])
    newer = WhooshEngine(tmp_path, NewerAnalyzer())
    for use in (
        lambda: newer.check(COMPANY),
        lambda: newer.write(COMPANY),
        lambda: list(newer.ids(COMPANY)),
    ):
        with pytest.raises(IndexDamaged, match="words 2"):
            use()
    hits = newer.search(COMPANY, TREE, visible_to=["company"])
    assert (hits.total, hits.incomplete) == (1, True), "it answers until it is made anew"
    newer.salvage(COMPANY)
    newer.write(COMPANY, [entry("2", "договір")])
    hits = newer.search(COMPANY, TREE, visible_to=["company"])
    assert (hits.total, hits.incomplete) == (2, False)


def test_an_index_of_another_format_answers_nothing(
    engine: WhooshEngine, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write(COMPANY, [entry("1", "договір")])
    monkeypatch.setattr(whoosh_engine, "_FORMAT_NAME", "whoosh 9")
    newer = WhooshEngine(engine.folder_of(COMPANY).parent, analyzer)
    with pytest.raises(IndexDamaged, match="whoosh 9"):
        find(newer, "договір")
    newer.salvage(COMPANY)
    newer.write(COMPANY, [entry("2", "договір")])
    assert find(newer, "") == ["2"]


def test_few_snapshots_are_kept_and_an_unchanged_index_is_opened_once(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    engine = WhooshEngine(tmp_path, analyzer, open_indexes=3)
    for company in "abcdef":
        engine.write(company, [entry("1", "договір")])
        assert find(engine, "договір", company=company) == ["1"]
    assert list(engine._snapshots) == ["d", "e", "f"]
    opened = engine._snapshot("e")
    assert engine._snapshot("e") is opened
    engine.write("e", [entry("2", "договір")])
    assert engine._snapshot("e").segments[0].opened is opened.segments[0].opened, "what is known is shared"
    engine.close()
    assert not engine._snapshots


def test_what_is_kept_open_has_a_bound_in_bytes_and_in_files_of_the_system(
    tmp_path: Path, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = WhooshEngine(tmp_path, analyzer)
    first.write("a", [entry("1", "договір")])
    size_bytes = first._snapshot("a").held_bytes
    assert size_bytes > 1000
    engine = WhooshEngine(tmp_path, analyzer, open_bytes=size_bytes * 5 // 2)
    for company in "bcd":
        engine.write(company, [entry("1", "договір")])
        assert find(engine, "договір", company=company) == ["1"]
    assert list(engine._snapshots) == ["c", "d"]
    mapping = WhooshEngine(tmp_path, analyzer)
    monkeypatch.setattr(folder_engine, "_LEAST_DESCRIPTORS", 5)
    monkeypatch.setattr(folder_engine, "open_files_limit", lambda: 12)
    monkeypatch.setattr(whoosh_engine, "_MAPPED_BYTES", 1)
    for company in "abcd":
        assert find(mapping, "договір", company=company) == ["1"]
    assert list(mapping._snapshots) == ["c", "d"]
    assert sum(snapshot.descriptors for snapshot in mapping._snapshots.values()) == 4


def test_what_was_read_of_an_index_once_for_all_counts_as_held(engine: WhooshEngine) -> None:
    engine.write(COMPANY, [entry("1", "договір рахунок", tags=("a",))])
    find(engine, "договір")
    held = [engine._snapshot(COMPANY).held_bytes]
    engine.spellings(COMPANY, "рахунк", visible_to=["company"])
    held.append(engine._snapshot(COMPANY).held_bytes)
    engine.search(COMPANY, TREE, visible_to=["company"], facets=FACETS)
    held.append(engine._snapshot(COMPANY).held_bytes)
    assert held[0] < held[1] < held[2]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are told by Linux")
def test_what_is_closed_is_closed_at_once(engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoosh_engine, "_MAPPED_BYTES", 1)
    engine.write(COMPANY, [entry("1", "договір", tags=("a",))])
    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        engine.search(COMPANY, TREE, visible_to=["company"], facets=FACETS)
        engine.close()
        assert len(os.listdir("/proc/self/fd")) <= before
    finally:
        gc.enable()


def test_all_files_are_durable_before_the_commit_shows(
    engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write(COMPANY, [entry("1", "договір")])
    synced: set[str] = set()
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def watched_replace(path: Path, target: Path) -> Path:
        manifest = Manifest.from_bytes(path.read_bytes())
        new = {name for name in manifest.files if name not in before}
        assert new
        assert new | {engine._path(COMPANY).name} <= synced
        assert before <= {other.name for other in path.parent.iterdir()}, "the older commit is there still"
        return replace(path, target)

    before = set(manifest_of(engine).files)
    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    engine.write(COMPANY, [entry("2", "договір")])


@pytest.mark.parametrize("harm", ["lose", "cut", "flip"])
@pytest.mark.parametrize("ending", [".trm", ".pst", ".row.col"])
def test_search_answers_from_the_segments_that_are_whole_and_says_so(
    engine: WhooshEngine, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, harm: str, ending: str
) -> None:
    monkeypatch.setattr(whoosh_terms, "_INLINED_BYTES", 0)
    engine.write(COMPANY, [entry("1", "договір рахунок")])
    record = manifest_of(engine).segments[0]
    engine.write(COMPANY, [entry("2", "договір акт")])
    path = engine._path(COMPANY) / f"{record.id}{ending}"
    whole = path.read_bytes()
    HARM[harm](path, whole, len(whole) // 2)
    opened = WhooshEngine(engine.folder_of(COMPANY).parent, analyzer)
    hits = opened.search(COMPANY, TREE, visible_to=["company"], facets=FACETS)
    assert ([hit.id for hit in hits.items], hits.total, hits.incomplete) == (["2"], 1, True)
    assert [value.count for value in hits.facets["kind"]] == [1]
    assert [found.form for found in opened.spellings(COMPANY, "актт", visible_to=["company"])] == ["акт"]
    assert opened.frequencies(COMPANY, ["договір"]).having == {"договір": 1}
    for use in (
        lambda: opened.check(COMPANY),
        lambda: list(opened.ids(COMPANY)),
        lambda: opened.write(COMPANY, [entry("3", "договір")]),
    ):
        with pytest.raises(IndexDamaged, match=record.id):
            use()
    opened.salvage(COMPANY)
    opened.check(COMPANY)
    hits = opened.search(COMPANY, TREE, visible_to=["company"])
    assert ([hit.id for hit in hits.items], hits.incomplete) == (["2"], False)
    opened.write(COMPANY, [entry("1", "договір")])
    assert sorted(find(opened, "договір")) == ["1", "2"]


@pytest.mark.parametrize("ending", [".pst", ".row.col"])
def test_damage_that_shows_only_in_reading_leaves_a_segment_out_as_well(
    engine: WhooshEngine, analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(whoosh_terms, "_INLINED_BYTES", 0)
    monkeypatch.setattr(whoosh_engine, "_MAPPED_BYTES", 1)
    engine.write(COMPANY, [entry("1", "договір рахунок")])
    path = engine._path(COMPANY) / f"{manifest_of(engine).segments[0].id}{ending}"
    engine.write(COMPANY, [entry("2", "договір акт")])
    path.write_bytes(b"\xff" * path.stat().st_size)
    opened = WhooshEngine(engine.folder_of(COMPANY).parent, analyzer)
    for _ in range(2):
        hits = opened.search(COMPANY, TREE, visible_to=["company"])
        assert ([hit.id for hit in hits.items], hits.incomplete) == (["2"], True)
    with pytest.raises(IndexDamaged):
        opened.write(COMPANY, [entry("3", "договір")])
