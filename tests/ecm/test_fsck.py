"""Every damage is done for real, found, mended where it can be, and then nothing is found any more."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

import ecm
from ecm import Ecm, clock, fsck
from ecm.errors import NotFound
from ecm.fsck import CODES, Finding, Fsck
from ecm.models import CompanyUsage, Document, Intent, OutboxTask, UserUsage, Version
from ecm.search.analysis import Analyzer
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.storage.errors import Unavailable
from ecm.storage.interface import BlobInfo, BlobReader
from ecm.wiring import ChildPools
from tests.blocking import await_blocked
from tests.firms import Firm, make_firm, put, usage
from tests.servers.s3 import S3Server

CONTENT = b"content of a document " * 1000


@pytest.fixture(autouse=True)
def look_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks wrong is looked at again without a pause: nobody works meanwhile."""
    monkeypatch.setattr(fsck, "SECOND_LOOK_AFTER_S", 0.0)


@pytest.fixture(params=["local", "s3"])
def place(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    migrated_sqlite: Path,
    analyzer: Analyzer,
    child_pools: ChildPools,
) -> Iterator[Ecm]:
    """The library on each kind of storage."""
    local = request.param == "local"
    storage = f"file:{tmp_path / 'files'}" if local else request.getfixturevalue("s3_url")
    shutil.copyfile(migrated_sqlite, tmp_path / "place.db")
    with ecm.open(
        database=f"sqlite:///{tmp_path / 'place.db'}",
        storage=storage,
        search=f"whoosh:{tmp_path / 'index'}",
        analyzer=analyzer,
        child_pools=child_pools,
    ) as app:
        yield app


def check(app: Ecm, company_id: int | None = None, **options: Any) -> list[Finding]:
    return list(app.fsck(company_id, **options))


def codes(findings: list[Finding]) -> list[str]:
    return sorted(finding.code for finding in findings)


def fill(app: Ecm, firm: Firm) -> list[Document]:
    """Some documents of two people, one with two versions, one in the trash; all of them indexed."""
    documents = [
        put(app, firm.olena, firm.deal, CONTENT + b"1"),
        put(app, firm.petro, firm.deal, CONTENT + b"2"),
        put(app, firm.olena, firm.deal, b""),
    ]
    staged = app.stage(firm.petro, io.BytesIO(CONTENT + b"3"), filename="б.txt")
    with app.begin(firm.petro) as tx:
        tx.documents.add_version(tx.documents.get(documents[0].id), staged)
    with app.begin(firm.olena) as tx:
        tx.documents.trash(tx.documents.get(documents[1].id))
    app.work_off()
    return documents


def versions_of(app: Ecm, document: Document) -> list[Version]:
    with app.begin() as tx:
        query = select(Version).where(Version.document_id == document.id).order_by(Version.number)
        return list(tx.session.scalars(query))


def overwrite(app: Ecm, version: Version, content: bytes) -> None:
    app.storage.delete(version.storage_key)
    app.storage.put(version.storage_key, io.BytesIO(content))


# Storage, of each kind.


def test_a_sound_installation_has_nothing_to_find(place: Ecm) -> None:
    fill(place, make_firm(place, "Альфа"))
    fill(place, make_firm(place, "Бета"))
    make_firm(place, "Гамма")
    assert check(place) == []
    assert check(place, quick=True) == []
    assert check(place, repair=True) == []


@pytest.mark.parametrize("quick", [False, True])
def test_content_that_is_gone_is_told_of_and_its_document_stays(place: Ecm, quick: bool) -> None:
    firm = make_firm(place, "Альфа")
    documents = fill(place, firm)
    lost = versions_of(place, documents[0])[0]
    place.storage.delete(lost.storage_key)
    for repair in (False, True, True):
        (finding,) = check(place, quick=quick, repair=repair)
        assert (finding.code, finding.company_id, finding.subject) == (
            "blob_missing", firm.company.id, lost.storage_key
        )  # fmt: skip
        assert f"document {documents[0].id}, version 1" in str(finding)
        assert not finding.repaired
    with place.begin(firm.olena) as tx:
        assert tx.documents.get(documents[0].id).current.number == 2
        assert len(tx.documents.versions.list(documents[0]).items) == 2


def test_one_flipped_bit_is_found_by_reading(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    documents = fill(place, firm)
    (version,) = versions_of(place, documents[1])  # in the trash
    with place.storage.open(version.storage_key) as reader:
        content = bytearray(reader.read())
    content[12345] ^= 1
    overwrite(place, version, bytes(content))
    assert check(place, quick=True) == []
    (finding,) = check(place, repair=True)
    assert (finding.code, finding.subject, finding.repaired) == ("blob_corrupt", version.storage_key, False)


@pytest.mark.parametrize("quick", [False, True])
def test_content_of_another_size_is_found(place: Ecm, quick: bool) -> None:
    firm = make_firm(place, "Альфа")
    documents = fill(place, firm)
    short, long = versions_of(place, documents[0])
    overwrite(place, short, CONTENT[:-1])
    overwrite(place, long, CONTENT + b"33")
    findings = check(place, quick=quick, repair=True)
    assert codes(findings) == ["blob_size", "blob_size"]
    assert {finding.subject for finding in findings} == {short.storage_key, long.storage_key}


def test_a_blob_that_no_row_knows_is_deleted(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    fill(place, firm)
    before = usage(place, firm.admin)
    key = f"c{firm.company.id}/ab/abcdef"
    place.storage.put(key, io.BytesIO(CONTENT))
    (finding,) = check(place)
    assert (finding.code, finding.subject, finding.repaired) == ("blob_orphan", key, False)
    assert place.storage.stat(key).size_bytes == len(CONTENT)
    (finding,) = check(place, repair=True)
    assert finding.repaired
    with pytest.raises(BlobNotFound):
        place.storage.stat(key)
    assert check(place) == []
    assert usage(place, firm.admin) == before


def test_a_blob_of_no_company_here_is_left_alone(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    fill(place, firm)
    for key in (f"c{firm.company.id + 7}/ab/abcdef", "backup/2026"):
        place.storage.put(key, io.BytesIO(CONTENT))
    for repair in (False, True, True):
        findings = check(place, repair=repair)
        assert codes(findings) == ["blob_foreign", "blob_foreign"]
        assert not any(finding.repaired or finding.company_id for finding in findings)
    assert check(place, firm.company.id) == []


def test_uploads_under_way_are_no_orphans(place: Ecm) -> None:
    firm = make_firm(place, "Альфа")
    upload = place.uploads.create(firm.olena, card=firm.deal, size_bytes=12_000_000, filename="a")
    place.uploads.append(firm.olena, upload.id, 0, io.BytesIO(b"x" * 9_000_000))
    staged = place.stage(firm.olena, io.BytesIO(CONTENT), filename="a.txt")
    assert check(place, repair=True) == []
    place.uploads.append(firm.olena, upload.id, 9_000_000, io.BytesIO(b"x" * 3_000_000))
    with place.begin(firm.olena) as tx:
        tx.documents.add(staged, card=firm.deal)
    assert check(place, repair=True) == []
    assert usage(place, firm.admin) == (12_000_000 + len(CONTENT), 0)


def test_storage_that_is_away_is_no_damage(tmp_path: Path) -> None:
    with S3Server() as server:
        server.create_bucket("files")
        check_with_a_server_that_goes_away(server, tmp_path)


def check_with_a_server_that_goes_away(server: S3Server, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        with ecm.open(
            database=f"sqlite:///{folder / 'ecm.db'}",
            storage=server.storage_url("files"),
            search=f"whoosh:{folder / 'index'}",
        ) as app:
            app.migrate()
            fill(app, make_firm(app, "Альфа"))
            server.kill()
            with pytest.raises(Unavailable):
                check(app, repair=True)
            server.start()
            assert check(app) == []


# Counters and the order of things, on each database.


def test_counters_that_are_wrong_are_counted_anew(app: Ecm, alfa: Firm, beta: Firm) -> None:
    fill(app, alfa)
    fill(app, beta)
    app.stage(alfa.petro, io.BytesIO(CONTENT), filename="a.txt")
    right = [usage(app, firm.admin) for firm in (alfa, beta)]
    with app.begin() as tx:
        of_alfa = CompanyUsage.company_id == alfa.company.id
        tx.session.execute(update(CompanyUsage).where(of_alfa).values(held_bytes=5))
        of_petro = UserUsage.user_id == alfa.petro.user_id
        tx.session.execute(update(UserUsage).where(of_petro).values(held_bytes=UserUsage.held_bytes + 1))
        of_admin = UserUsage.user_id == alfa.admin.user_id
        tx.session.execute(update(UserUsage).where(of_admin).values(held_bytes=-3))
    assert check(app, beta.company.id) == []
    findings = check(app, alfa.company.id)
    assert codes(findings) == ["company_counter", "user_counter", "user_counter"]
    assert [each.subject for each in findings[1:]] == [str(alfa.admin.user_id), str(alfa.petro.user_id)]
    assert "-3 bytes" in str(findings[1])
    assert codes(check(app, quick=True, repair=True)) == codes(findings)
    assert check(app) == []
    assert [usage(app, firm.admin) for firm in (alfa, beta)] == right
    with app.begin() as tx:
        held = dict(tx.session.execute(select(UserUsage.user_id, UserUsage.held_bytes)).all())  # type: ignore[arg-type]
    assert held[alfa.admin.user_id] == 0
    assert held[alfa.petro.user_id] == 3 * len(CONTENT) + 2


def test_a_hold_of_the_dead_counts_until_its_bytes_are_gone(app: Ecm, alfa: Firm) -> None:
    app.stage(alfa.olena, io.BytesIO(CONTENT), filename="a.txt")
    with app.begin() as tx:
        tx.session.execute(update(Intent).values(state="dead"))
    assert check(app, repair=True) == []
    app.sweep()
    assert check(app, repair=True) == []


def test_counting_anew_waits_for_a_reserve_that_is_under_way(postgres_url: str, tmp_path: Path) -> None:
    where = {"storage": f"file:{tmp_path / 'files'}", "search": f"whoosh:{tmp_path / 'index'}"}
    with ecm.open(database=postgres_url, **where) as app, ThreadPoolExecutor(1) as threads:
        app.migrate()
        firm = make_firm(app, "Альфа")
        put(app, firm.olena, firm.deal, CONTENT)
        with app.begin() as tx:
            tx.session.execute(update(CompanyUsage).values(held_bytes=CompanyUsage.held_bytes + 7))
        with app.begin() as tx:
            for table in (CompanyUsage, UserUsage):
                counters = update(table).where(table.company_id == firm.company.id)
                if table is UserUsage:
                    counters = counters.where(UserUsage.user_id == firm.olena.user_id)
                tx.session.execute(counters.values(held_bytes=table.held_bytes + 100))
            now = clock.now()
            tx.session.add(
                Intent(
                    company_id=firm.company.id,
                    user_id=firm.olena.user_id,
                    storage_key="c1/aa/reserved",
                    size_bytes=100,
                    state="open",
                    receiving_until=now,
                    attach_until=now,
                )
            )
            tx.session.flush()
            checking = threads.submit(check, app, repair=True, quick=True)
            await_blocked(app.database)
        assert "company_counter" in codes(checking.result(20))
        assert not {"company_counter", "user_counter"} & set(codes(check(app, quick=True)))
        assert usage(app, firm.admin) == (len(CONTENT), 100)


class Meddling:
    """A storage in which something happens just when its blobs have been listed, or one is looked at."""

    def __init__(self, app: Ecm, *, listed: Callable[[], None], asked: Callable[[], None]) -> None:
        self._storage = app.storage
        self._listed, self._asked = listed, asked

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        yield from list(self._storage.list(prefix))
        self._listed()

    def stat(self, key: str) -> BlobInfo:
        self._asked()
        return self._storage.stat(key)

    def open(self, key: str) -> BlobReader:
        self._asked()
        return self._storage.open(key)

    def delete(self, key: str) -> None:
        raise AssertionError(f"{key} is to be deleted")


def check_meddled(
    app: Ecm, *, listed: Callable[[], None] = lambda: None, asked: Callable[[], None] = lambda: None
) -> list[Finding]:
    meddling = Meddling(app, listed=listed, asked=asked)
    checking = Fsck(app.database, meddling, app.indexing._engine, app.indexing)  # type: ignore[arg-type]
    return list(checking.check(repair=True))


def test_what_is_purged_while_it_is_checked_is_no_damage(app: Ecm, alfa: Firm) -> None:
    documents = fill(app, alfa)

    def purge() -> None:
        with app.begin(alfa.admin) as tx:
            for document in documents:
                tx.documents.purge(tx.documents.get(document.id))
        documents.clear()

    assert check_meddled(app, listed=purge) == []
    documents += fill(app, alfa)
    assert check_meddled(app, asked=purge) == []


def test_what_is_stored_while_it_is_checked_is_no_damage(app: Ecm, alfa: Firm) -> None:
    fill(app, alfa)
    assert check_meddled(app, listed=lambda: put_another(app, alfa)) == []
    assert check_meddled(app, asked=lambda: put_another(app, alfa, at_most=12)) == []


def put_another(app: Ecm, firm: Firm, *, at_most: int = 100) -> None:
    with app.begin(firm.olena) as tx:
        total = tx.documents.of_card(firm.deal).total
    if total < at_most:
        put(app, firm.olena, firm.deal, CONTENT)


# Index.


def test_entries_that_search_should_not_have_are_taken_out(app: Ecm, alfa: Firm) -> None:
    documents = fill(app, alfa)
    with app.begin(alfa.admin) as tx:
        tx.documents.trash(tx.documents.get(documents[0].id))
        tx.documents.purge(tx.documents.get(documents[2].id))
    assert check(app) == []  # the outbox knows
    with app.begin() as tx:
        for task in tx.session.scalars(select(OutboxTask)):
            tx.session.delete(task)
    findings = check(app, repair=True)
    assert codes(findings) == ["index_stale", "index_stale"]
    assert [finding.subject for finding in findings] == [str(documents[0].id), str(documents[2].id)]
    assert all(finding.repaired for finding in findings)
    assert check(app) == []
    app.work_off()
    assert check(app) == []
    assert list(app.indexing._engine.ids(str(alfa.company.id))) == []


def test_documents_that_search_lacks_are_given_to_it(app: Ecm, alfa: Firm) -> None:
    documents = fill(app, alfa)
    app.indexing._engine.write(str(alfa.company.id), removed=[str(documents[0].id)])
    (finding,) = check(app)
    assert (finding.code, finding.subject, finding.repaired) == ("index_missing", str(documents[0].id), False)
    assert check(app, repair=True) != []
    assert check(app) == []
    app.work_off()
    assert check(app) == []
    assert [hit.document.id for hit in app.search(alfa.olena, "document")] == [documents[0].id]


def test_an_index_whose_folder_is_gone_is_made_anew(app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    documents = fill(app, alfa)
    shutil.rmtree(tmp_path / "index" / str(alfa.company.id))
    findings = check(app, repair=True)
    assert findings
    assert all(finding.code.startswith("index_") and finding.repaired for finding in findings)
    app.work_off()
    assert check(app) == []
    assert [hit.document.id for hit in app.search(alfa.olena, "document")] == [documents[0].id]


def test_a_damaged_index_is_made_anew(app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    documents = fill(app, alfa)
    folder = tmp_path / "index" / str(alfa.company.id)
    largest = max(
        (file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    (finding,) = check(app)
    assert (finding.code, finding.repaired) == ("index_damaged", False)
    (finding,) = check(app, repair=True)
    assert finding.repaired
    assert str(finding).endswith("(mended)")
    app.work_off()
    assert check(app) == []
    assert [hit.document.id for hit in app.search(alfa.olena, "document")] == [documents[0].id]


def test_indexing_that_goes_on_meanwhile_is_no_damage(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries are listed first: what is added and worked off after that shows in the second look."""
    fill(app, alfa)
    engine = app.indexing._engine
    list_ids = engine.ids

    def list_then_work(company: str) -> Iterator[str]:
        ids = list(list_ids(company))
        monkeypatch.setattr(engine, "ids", list_ids)
        put(app, alfa.olena, alfa.deal, CONTENT)
        with app.begin(alfa.olena) as tx:
            for document in tx.documents.trashed():
                tx.documents.restore(document)
        app.work_off()
        return iter(ids)

    monkeypatch.setattr(engine, "ids", list_then_work)
    assert check(app, repair=True) == []


# All together.


def test_all_damages_at_once_are_found_and_told_apart(app: Ecm, alfa: Firm, beta: Firm) -> None:
    documents = fill(app, alfa)
    fill(app, beta)
    first, second = versions_of(app, documents[0])
    app.storage.delete(first.storage_key)
    overwrite(app, second, b"x" * second.size_bytes)
    app.storage.put(f"c{beta.company.id}/ff/orphan", io.BytesIO(b"x"))
    app.indexing._engine.write(str(alfa.company.id), removed=[str(documents[0].id)])
    with app.begin() as tx:
        tx.session.execute(update(CompanyUsage).values(held_bytes=CompanyUsage.held_bytes + 1))
    mended = ["blob_orphan", "company_counter", "company_counter", "index_missing"]
    wanted = ["blob_corrupt", "blob_missing", *mended]
    assert codes(check(app)) == wanted
    assert codes(check(app, repair=True)) == wanted
    assert codes(check(app)) == ["blob_corrupt", "blob_missing"]
    assert check(app, beta.company.id) == []


def test_progress_ends_with_all_bytes(app: Ecm, alfa: Firm, beta: Firm) -> None:
    fill(app, alfa)
    fill(app, beta)
    for company_id, quick in ((None, False), (None, True), (alfa.company.id, False)):
        told: list[tuple[int, int]] = []
        check(
            app, company_id, quick=quick, progress=lambda done, total, told=told: told.append((done, total))
        )
        total = (3 * len(CONTENT) + 3) * (1 if company_id else 2)
        assert told == sorted(told)
        assert told[-1] == (total, total)


def test_a_company_that_there_is_not_is_not_found(app: Ecm, alfa: Firm) -> None:
    with pytest.raises(NotFound):
        check(app, alfa.company.id + 1)


def test_a_task_for_a_document_that_never_was_is_worked_off(app: Ecm, alfa: Firm) -> None:
    """A repair may ask for what is gone by then."""
    with app.begin() as tx:
        task = {"company_id": alfa.company.id, "document_id": 999, "created_at": clock.now()}
        tx.session.execute(insert(OutboxTask), [task])
    app.work_off()
    assert check(app) == []


def test_the_command_says_by_its_exit_code_whether_something_is_left(tmp_path: Path) -> None:
    environment = {**os.environ, "ECM_DATA_DIR": str(tmp_path)}
    with ecm.open_settings(ecm.Settings.from_env(environment)) as app:
        app.migrate()
        firm = make_firm(app, "Альфа")
        documents = fill(app, firm)
        app.storage.put(f"c{firm.company.id}/ff/orphan", io.BytesIO(b"x"))

        def run(*options: str) -> tuple[int, list[str]]:
            command = [sys.executable, "-m", "ecm.cli", "fsck", *options]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
            return done.returncode, [line.partition("\t")[0] for line in done.stdout.splitlines()]

        assert run("--quick") == (1, ["blob_orphan", "1 found, 0 mended"])
        assert run("--repair") == (0, ["blob_orphan", "1 found, 1 mended"])
        assert run() == (0, ["0 found, 0 mended"])
        app.storage.delete(versions_of(app, documents[0])[0].storage_key)
        assert run("--repair", "--company", str(firm.company.id)) == (
            1,
            ["blob_missing", "1 found, 0 mended"],
        )


def test_every_code_is_explained_in_the_guide() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text()
    assert [code for code in CODES if f"`{code}`" not in guide] == []
