"""The check runs with repairs, again and again, while people upload, purge and give up: it finds nothing."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import ecm
from ecm import Ecm
from ecm.errors import ChangedMeanwhile
from ecm.fsck import Finding
from tests.firms import Firm, make_firm, put

CHECKS = 6
WORKERS = 3


@pytest.fixture(params=["sqlite-local", "sqlite-s3", "postgresql-local"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ecm]:
    """The library on databases and storages that differ in what they promise."""
    database, storage = request.param.split("-")
    url = f"sqlite:///{tmp_path / 'ecm.db'}"
    files = f"file:{tmp_path / 'files'}"
    with ecm.open(
        database=url if database == "sqlite" else request.getfixturevalue("postgres_url"),
        storage=files if storage == "local" else request.getfixturevalue("s3_url"),
        search=f"whoosh:{tmp_path / 'index'}",
    ) as app:
        app.migrate()
        yield app


def test_work_under_way_is_never_taken_for_damage(app: Ecm) -> None:
    firm = make_firm(app, "Альфа", tariff="extended")
    stop = threading.Event()
    with ThreadPoolExecutor(WORKERS + 1) as threads:
        working = [threads.submit(work, app, firm, seed, stop) for seed in range(WORKERS)]
        working.append(threads.submit(app.worker.run, stop))
        try:
            found = [finding for _ in range(CHECKS) for finding in app.fsck(repair=True)]
        finally:
            stop.set()
        done = [each.result(60) for each in working[:WORKERS]]
    assert found == []
    assert all(done)
    app.work_off()
    assert list(app.fsck()) == []


def work(app: Ecm, firm: Firm, seed: int, stop: threading.Event) -> int:
    """Do at random what people do, until told to stop. Returns how much was done."""
    dice = random.Random(seed)
    deeds: list[Callable[[], None]] = [
        lambda: store(app, firm, dice),
        lambda: store(app, firm, dice),
        lambda: upload(app, firm, dice),
        lambda: give_up(app, firm, dice),
        lambda: purge(app, firm, dice),
        lambda: trash(app, firm, dice),
    ]
    done = 0
    while not stop.is_set():
        dice.choice(deeds)()
        done += 1
    return done


def make_content(dice: random.Random) -> bytes:
    return b"word " + dice.randbytes(dice.choice((10, 1000, 100_000)))


def store(app: Ecm, firm: Firm, dice: random.Random) -> None:
    put(app, firm.olena, firm.deal, make_content(dice))


def upload(app: Ecm, firm: Firm, dice: random.Random) -> None:
    content = make_content(dice)
    begun = app.uploads.create(firm.petro, card=firm.deal, size_bytes=len(content), filename="a.txt")
    half = len(content) // 2
    app.uploads.append(firm.petro, begun.id, 0, io.BytesIO(content[:half]))
    if dice.random() < 0.3:
        app.uploads.terminate(firm.petro, begun.id)
    else:
        app.uploads.append(firm.petro, begun.id, half, io.BytesIO(content[half:]))


def give_up(app: Ecm, firm: Firm, dice: random.Random) -> None:
    app.discard(app.stage(firm.olena, io.BytesIO(make_content(dice)), filename="a.txt"))


def purge(app: Ecm, firm: Firm, dice: random.Random) -> None:
    with suppress(ChangedMeanwhile), app.begin(firm.admin) as tx:  # another one was faster
        documents = tx.documents.of_card(firm.deal).items
        if documents:
            tx.documents.purge(dice.choice(documents))


def trash(app: Ecm, firm: Firm, dice: random.Random) -> None:
    with suppress(ChangedMeanwhile), app.begin(firm.admin) as tx:
        documents = tx.documents.of_card(firm.deal).items
        if documents:
            tx.documents.trash(dice.choice(documents))


def test_what_a_killed_process_leaves_is_mended(app: Ecm) -> None:
    """Bytes that were published just when their hold was swept away, and a counter that nobody corrected."""
    firm = make_firm(app, "Альфа")
    document = put(app, firm.olena, firm.deal, b"content")
    app.work_off()
    app.storage.put(f"c{firm.company.id}/00/left", io.BytesIO(b"left"))
    found: list[Finding] = list(app.fsck(repair=True))
    assert [finding.code for finding in found] == ["blob_orphan"]
    assert list(app.fsck()) == []
    with app.read(firm.olena, document.id) as reader:
        assert reader.read() == b"content"
