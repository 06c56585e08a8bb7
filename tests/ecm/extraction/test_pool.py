"""The pool: what callers rely on, whatever the format."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from ecm.extraction import Extraction, ExtractionPool, ExtractionPoolClosed

Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_bytes("Оплата за рахунками".encode("cp1251"))
    return path


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive


def test_text_comes_back(pool: ExtractionPool, letter: Path) -> None:
    assert pool.extract(letter, "text/plain", "Лист.txt") == Extraction("done", "Оплата за рахунками")


def test_a_file_without_text_is_empty(pool: ExtractionPool, tmp_path: Path) -> None:
    path = tmp_path / "blank.txt"
    path.write_text(" \n\n\t ")
    assert pool.extract(path, "text/plain", "blank.txt") == Extraction("empty")


def test_a_type_that_no_reader_takes_is_unsupported(pool: ExtractionPool, letter: Path) -> None:
    extraction = pool.extract(letter, "video/mp4", "clip.mp4")
    assert (extraction.state, extraction.reason, extraction.text) == ("unsupported", "unsupported", "")
    assert extraction.detail


def test_text_beyond_the_output_limit_is_cut_and_said(letter: Path) -> None:
    with ExtractionPool(output_limit_chars=6) as pool:
        extraction = pool.extract(letter, "text/plain", "letter.txt")
    assert (extraction.state, extraction.text, extraction.reason) == ("done", "Оплата", "truncated")


def test_a_missing_file_is_the_callers_error(pool: ExtractionPool, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pool.extract(tmp_path / "nothing.txt", "text/plain", "nothing.txt")


def test_one_child_serves_many_files_and_is_replaced_after_so_many(letter: Path, children: Children) -> None:
    pids = []
    with ExtractionPool(files_per_process=2) as pool:
        for _ in range(5):
            pool.extract(letter, "text/plain", "letter.txt")
            pids.append(tuple(child.pid for child in children()))
    # It is replaced when its last file is done, so that none is there until the next is asked for.
    assert [len(running) for running in pids] == [1, 0, 1, 0, 1]
    assert len({*pids}) == 4


def test_a_relative_path_is_read_from_the_callers_folder(
    pool: ExtractionPool, letter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(letter.parent)
    assert pool.extract(Path("letter.txt"), "text/plain", "letter.txt").state == "done"


def test_threads_share_a_pool(letter: Path) -> None:
    with ExtractionPool(processes=2, files_per_process=7) as pool, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: pool.extract(letter, "text/plain", "l.txt").text, range(60)))
    assert found == ["Оплата за рахунками"] * 60


def test_a_child_outlives_the_thread_that_asked_first(
    pool: ExtractionPool, letter: Path, children: Children
) -> None:
    thread = threading.Thread(target=pool.extract, args=(letter, "text/plain", "l.txt"))
    thread.start()
    thread.join()
    (child,) = children()
    time.sleep(0.2)  # the kernel's signal, were it sent for the thread, would be here by now
    assert pool.extract(letter, "text/plain", "l.txt").state == "done"
    assert [again.pid for again in children()] == [child.pid]


def test_closing_ends_children_and_removes_their_folders(
    letter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with ExtractionPool() as pool:
        pool.extract(letter, "text/plain", "l.txt")
        running = children()
        assert len(running) == len(list(folder.iterdir())) == 1
    wait_until_gone(running)
    assert not list(folder.iterdir())
    pool.close()
    with pytest.raises(ExtractionPoolClosed):
        pool.extract(letter, "text/plain", "l.txt")


def test_closing_ends_a_call_under_way(tmp_path: Path, children: Children) -> None:
    endless = tmp_path / "endless.txt"
    os.mkfifo(endless)  # opening it waits for a writer, as a reader that hangs would
    pool = ExtractionPool()
    with ThreadPoolExecutor(1) as threads:
        writer = os.open(endless, os.O_RDWR)  # lets the pool's own look at the file pass
        call = threads.submit(pool.extract, endless, "text/plain", "endless.txt")
        while not children():
            time.sleep(0.01)
        pool.close()
        with pytest.raises(ExtractionPoolClosed):
            call.result(timeout=20)
        os.close(writer)


def test_a_child_has_no_credentials_and_does_not_load_the_library(
    pool: ExtractionPool, letter: Path, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    pool.extract(letter, "text/plain", "l.txt")
    (child,) = children()
    assert "AWS_SECRET_ACCESS_KEY" not in child.environ()
    loaded = " ".join(mapped.path for mapped in child.memory_maps())
    assert "lxml" in loaded
    assert "sqlalchemy" not in loaded.lower()
    assert "_psycopg" not in loaded


@pytest.mark.parametrize(
    "wrong",
    [{"processes": 0}, {"files_per_process": 0}, {"time_limit_s": 0}, {"output_limit_chars": -1}],
)
def test_limits_of_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="more than zero"):
        ExtractionPool(**wrong)
