"""Imports: columns guessed, rows tried, cards made of them, each once."""

from __future__ import annotations

import datetime
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select, update

from ecm import Actor, Ecm, clock
from ecm.errors import Forbidden, ImportStarted, Invalid, NotFound
from ecm.importing import running
from ecm.importing.imports import PreviewedRow, Progress
from ecm.importing.rows import RowReader
from ecm.importing.running import ImportRunner
from ecm.models import Card, Import
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
PEOPLE = """ПІБ;Телефон;Телефон 2;E-mail;Посада;Відповідальний;Коментар
Коваль Олена Іванівна;044 123 45 67;050 111 22 33;olena@k.example;директорка;Olena;Любить каву
Шевченко Петро;067 765 43 21;;petro@k.example;;;
"""


class Table:
    """Tables as files in a folder of the test's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def csv(self, text: str) -> Path:
        """As CSV."""
        path = self._folder / "таблиця.csv"
        path.write_text(text)
        return path

    def xlsx(self, *rows: Sequence[object]) -> Path:
        """As a workbook."""
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        path = self._folder / "таблиця.xlsx"
        book.save(path)
        return path


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Where a test's tables are."""
    return Table(tmp_path)


def read(app: Ecm, actor: Actor, kind: str, path: Path) -> int:
    """Read a table; the import's id."""
    with app.begin(actor) as tx:
        return tx.imports.read(kind, path, path.name).id


def preview(app: Ecm, actor: Actor, id: int, **how: int) -> list[PreviewedRow]:
    """What would become of its rows."""
    with app.begin(actor) as tx:
        return list(tx.imports.preview(tx.imports.get(id), **how))


def errors(rows: list[PreviewedRow]) -> dict[int, tuple[tuple[str, str], ...]]:
    """What is wrong, by row."""
    return {row.number: row.outcome.errors for row in rows if row.outcome.errors}


def run(app: Ecm, actor: Actor, id: int, **how: str) -> Progress:
    """Start an import and let it come to its end."""
    with app.begin(actor) as tx:
        found = tx.imports.get(id)
        tx.imports.update(found, **how)
        tx.imports.start(found)
    app.work_off()
    with app.begin(actor) as tx:
        found = tx.imports.get(id)
        assert found.state == "done"
        return tx.imports.progress(found)


def count(app: Ecm, firm: Firm) -> int:
    """How many cards the company has, but for the deal of its beginning."""
    with app.begin(firm.admin) as tx:
        return (tx.session.scalar(select(func.count()).where(Card.company_id == tx.company_id)) or 0) - 1


def test_contacts_are_made_of_a_table(app: Ecm, alfa: Firm, table: Table) -> None:
    with app.begin() as tx:
        tx.users.get(alfa.olena.user_id).name = "Olena"
    id = read(app, alfa.petro, "contact", table.csv(PEOPLE))
    rows = preview(app, alfa.petro, id)
    assert [(row.number, row.outcome.state) for row in rows] == [(2, "made"), (3, "made")]
    assert count(app, alfa) == 0
    assert run(app, alfa.petro, id) == Progress(2, waiting=0, made=2, updated=0, skipped=0, refused=0)
    with app.begin(alfa.petro) as tx:
        petro, olena = tx.contacts.list()
        assert (olena.title, olena.job_title, olena.owner_id) == (
            "Коваль Олена Іванівна",
            "директорка",
            alfa.olena.user_id,
        )
        assert petro.owner_id == alfa.petro.user_id
        points = [each.normalized for each in tx.contact_points.of([olena.id])[olena.id]]
        assert points == ["+380441234567", "+380501112233", "olena@k.example"]
        assert tx.timeline.list(olena).items[0].facts == {"text": "Любить каву"}
        made = tx.imports.rows(tx.imports.get(id), "made").items
        assert [(row.number, row.card_id, row.cells) for row in made] == [
            (2, olena.id, []),
            (3, petro.id, []),
        ]


@ON_SQLITE
def test_columns_are_guessed_by_their_names(app: Ecm, alfa: Firm, table: Table) -> None:
    with app.begin(alfa.admin) as tx:
        tx.fields.add("organization", "Галузь", "text", key="branch")
    header = "Назва;ЄДРПОУ;Телефон;Телефон (2);Електронна пошта;Юридична адреса;Сайт;Галузь;Дивне;Назва"
    id = read(app, alfa.olena, "organization", table.csv(header + "\nА;;;;;;;;;"))
    with app.begin(alfa.olena) as tx:
        assert tx.imports.get(id).mapping == [
            "title", "tax_number", "phones", "phones", "emails", "address", "website", "fields.branch", None,
            None,
        ]  # fmt: skip
    english = "Last name;First name;Company;Close date;Amount\nА;;;;"
    id = read(app, alfa.olena, "lead", table.csv(english))
    with app.begin(alfa.olena) as tx:
        assert tx.imports.get(id).mapping == ["last_name", "first_name", "organization_name", None, "amount"]


@ON_SQLITE
def test_a_mapping_is_checked(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "organization", table.csv("А;Б\n1;2"))
    with app.begin(alfa.olena) as tx:
        found = tx.imports.get(id)
        for wrong, reason in (
            (["title"], "for each of the 2 columns"),
            (["title", "title"], "one column only"),
            (["title", "no_such"], "no such field"),
            ([None, "phones"], "a column for title"),
        ):
            with pytest.raises(Invalid, match=reason):
                tx.imports.update(found, mapping=wrong)
        with pytest.raises(Invalid, match="a column for title"):
            tx.imports.preview(found)
        with pytest.raises(Invalid, match="duplicates"):
            tx.imports.update(found, duplicates="ignore")
        tx.imports.update(found, mapping=["title", None])
        assert [row.outcome.state for row in tx.imports.preview(found)] == ["made"]


@ON_SQLITE
def test_errors_are_told_by_row_and_column_all_at_once(app: Ecm, alfa: Firm, table: Table) -> None:
    text = """Назва;ЄДРПОУ;Телефон;Пошта;Відповідальний;Країна
Альфа;12345678;12;not an address;Nobody;Україна
;32855961;;;;
Бета;32855961;;;;
"""
    id = read(app, alfa.olena, "organization", table.csv(text))
    found = errors(preview(app, alfa.olena, id))
    assert {field for field, _ in found[2]} == {"phones", "emails", "owner"}
    assert found[3] == (("title", "some text"),)
    assert 4 not in found
    assert run(app, alfa.olena, id) == Progress(3, waiting=0, made=1, updated=0, skipped=0, refused=2)
    with app.begin(alfa.olena) as tx:
        refused = tx.imports.rows(tx.imports.get(id)).items
        assert [(row.number, row.cells[0]) for row in refused] == [(2, "Альфа"), (3, "")]
        assert ["owner", "Nobody: there is no such one"] in refused[0].errors


@ON_SQLITE
def test_a_preview_leaves_nothing_behind(app: Ecm, alfa: Firm, table: Table) -> None:
    text = "Назва;Телефон\nАльфа;044 123 45 67\nАльфа;0441234567\nБета;xx\n"
    with app.begin(alfa.olena) as tx:
        known = tx.organizations.add("Відома", phones=["044 123 45 67"])
    id = read(app, alfa.olena, "organization", table.csv(text))
    with app.begin(alfa.olena) as tx:
        found = tx.imports.get(id)
        tx.imports.update(found, duplicates="update")
        before = tx.organizations.get(known.id)
        rows = tx.imports.preview(found)
        assert [row.outcome.state for row in rows] == ["updated", "updated", "refused"]
        assert before.title == "Відома"
        tx.imports.update(found, duplicates="create")
        rows = tx.imports.preview(found)
        assert [row.outcome.state for row in rows] == ["made", "made", "refused"]
        assert [each.title for each in tx.organizations.list()] == ["Відома"]
        assert not [each for each in tx.session if isinstance(each, Card) and each.title != "Відома"]
        assert [each.kind for each in tx.timeline.list(before).items] == ["card.created"]
        added = tx.organizations.add("Після")  # the transaction goes on
    with app.begin(alfa.olena) as tx:
        assert [each.id for each in tx.organizations.list()] == [added.id, known.id]
        assert tx.imports.progress(tx.imports.get(id)).waiting == 3


@ON_SQLITE
def test_a_preview_goes_on_after_a_row(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА\n\nБ\nВ\n"))
    assert [row.number for row in preview(app, alfa.olena, id, limit=2)] == [2, 4]
    assert [row.number for row in preview(app, alfa.olena, id, after=4)] == [5]


@pytest.mark.parametrize("duplicates", ["skip", "update", "create"])
@ON_SQLITE
def test_duplicates_are_skipped_updated_or_made_anyway(
    app: Ecm, alfa: Firm, table: Table, duplicates: str
) -> None:
    """Also those of each other in one table."""
    with app.begin(alfa.olena) as tx:
        known = tx.contacts.add(
            last_name="Коваль", phones=[{"value": "044 1234567", "label": "робочий"}], job_title="директорка"
        )
    text = """Прізвище;Ім'я;Телефон
Коваль;Олена;+380441234567, 050 111 22 33
Коваль;Олена Іванівна;(050)1112233
Шевченко;Петро;067 765 43 21
Шевченко;Петро Петрович;067 7654321
"""
    id = read(app, alfa.petro, "contact", table.csv(text))
    progress = run(app, alfa.petro, id, duplicates=duplicates)
    with app.begin(alfa.olena) as tx:
        titles = {each.title for each in tx.contacts.list()}
        known = tx.contacts.get(known.id)
        points = tx.contact_points.of([known.id])[known.id]
    told = [(each.value, each.label) for each in points]
    assert (known.job_title, known.owner_id) == ("директорка", alfa.olena.user_id)
    match duplicates:
        case "skip":
            # The second row matches the first, of which nothing was made.
            assert (progress.skipped, progress.made) == (2, 2)
            assert titles == {"Коваль", "Коваль Олена Іванівна", "Шевченко Петро"}
        case "update":
            assert (progress.updated, progress.made) == (3, 1)
            assert titles == {"Коваль Олена Іванівна", "Шевченко Петро Петрович"}
            assert told == [("044 1234567", "робочий"), ("050 111 22 33", None)]
        case "create":
            assert progress.made == 4
            assert len(titles) == 5
            assert told == [("044 1234567", "робочий")]


@ON_SQLITE
def test_a_contact_of_a_table_belongs_to_the_organization_there(app: Ecm, alfa: Firm, table: Table) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("ТОВ «Мрія»", tax_number="32855961")
    id = read(
        app, alfa.olena, "contact", table.csv("Прізвище;Компанія\nКоваль;тов «мрія»\nБондар;32855961\nШум;Ні")
    )
    assert run(app, alfa.olena, id).refused == 1
    with app.begin(alfa.olena) as tx:
        assert [each.contact.title for each in tx.organizations.contacts(firm)] == ["Бондар", "Коваль"]


@ON_SQLITE
def test_a_deal_finds_its_client_stage_and_fields_by_what_they_are_called(
    app: Ecm, alfa: Firm, table: Table
) -> None:
    with app.begin(alfa.admin) as tx:
        firm = tx.organizations.add("ТОВ «Мрія»", tax_number="00032112")
        olena = tx.contacts.add(last_name="Коваль", first_name="Олена", emails=["olena@k.example"])
        tx.fields.add("deal", "Регіон", "list", key="region", multiple=True, options=["Київ", "Львів"])
        tx.fields.add("deal", "Початок", "date", key="begins")
    header = [
        "Угода",
        "Сума",
        "Валюта",
        "Етап",
        "Контакт",
        "Організація",
        "Дата закриття",
        "Регіон",
        "Початок",
    ]
    day = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC).replace(tzinfo=None)
    path = table.xlsx(
        header,
        ["Сервери", 1250.5, "EUR", "offer", "olena@k.example", 32112, day, "Київ; львів", day],
        ["Мережа", "1 250,50", None, "Negotiation", "Коваль Олена", "тов «мрія»", "1.03.2026", None, None],
        ["Хибна", "багато", None, "Далі", "Хтось", None, "колись", "Одеса", None],
    )
    id = read(app, alfa.olena, "deal", path)
    found = errors(preview(app, alfa.olena, id))
    assert [field for field, _ in found.pop(4)] == ["amount", "contact", "fields.region", "stage"]
    assert found == {}
    assert run(app, alfa.olena, id).made == 2
    with app.begin(alfa.olena) as tx:
        network, servers, _ = tx.deals.list()
        assert (servers.amount, servers.currency, servers.stage.code) == (Decimal("1250.50"), "EUR", "offer")
        assert (network.amount, network.currency, network.stage.code) == (
            Decimal("1250.50"),
            "UAH",
            "negotiation",
        )
        assert {(each.contact_id, each.organization_id) for each in (network, servers)} == {
            (olena.id, firm.id)
        }
        assert network.expected_close == servers.expected_close == datetime.date(2026, 3, 1)
        values = tx.field_values.of([servers.id])[servers.id]
        assert [each.name for each in values["region"]] == ["Київ", "Львів"]  # type: ignore[union-attr]
        assert values["begins"] == datetime.date(2026, 3, 1)


@ON_SQLITE
def test_what_is_required_is_asked_of_rows_too(app: Ecm, alfa: Firm, table: Table) -> None:
    with app.begin(alfa.admin) as tx:
        tx.requirements.require("lead", "phones")
        tx.requirements.require("lead", "source")
    id = read(app, alfa.olena, "lead", table.csv("Назва;Телефон\nЛід;044 123 45 67"))
    assert errors(preview(app, alfa.olena, id)) == {2: (("source", "required"),)}


@ON_SQLITE
def test_numbers_of_a_workbook_keep_the_zeros_that_it_drops(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(
        app, alfa.olena, "organization", table.xlsx(["Назва", "ЄДРПОУ", "Телефон"], ["А", 32112, 441234567])
    )
    assert run(app, alfa.olena, id).made == 1
    with app.begin(alfa.olena) as tx:
        (firm,) = tx.organizations.list()
        assert firm.tax_number == "00032112"
        assert tx.contact_points.of([firm.id])[firm.id][0].normalized == "+380441234567"


@ON_SQLITE
def test_only_who_may_make_such_cards_imports_them(app: Ecm, alfa: Firm, table: Table) -> None:
    path = table.csv("Назва\nА\nБ")
    id = read(app, alfa.olena, "organization", path)
    with app.begin(alfa.admin) as tx:
        tx.users.get(alfa.olena.user_id).may_not_create = ["organization"]
    olena = app.actor(alfa.olena.user_id)
    with app.begin(olena) as tx:
        with pytest.raises(Forbidden):
            tx.imports.read("organization", path, "a.csv")
        with pytest.raises(Forbidden):
            tx.imports.preview(tx.imports.get(id))
        with pytest.raises(Forbidden):
            tx.imports.start(tx.imports.get(id))
        with pytest.raises(Invalid, match="kind"):
            tx.imports.read("document", path, "a.csv")
    assert count(app, alfa) == 0


@ON_SQLITE
def test_an_import_is_ones_own_and_an_administrators(app: Ecm, alfa: Firm, beta: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА"))
    for actor in (alfa.petro, beta.admin):
        with app.begin(actor) as tx, pytest.raises(NotFound):
            tx.imports.get(id)
    for actor in (alfa.olena, alfa.admin):
        with app.begin(actor) as tx:
            assert tx.imports.get(id).id == id
    with app.begin(alfa.olena) as tx:
        assert [each.id for each in tx.imports.list()] == [id]


@ON_SQLITE
def test_a_started_import_is_changed_no_more_but_stopped_and_forgotten(
    app: Ecm, alfa: Firm, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK_ROWS", 2)
    monkeypatch.setattr(running, "CHUNK_S", 60)
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА\nБ\nВ\n"))
    with app.begin(alfa.olena) as tx:
        tx.imports.start(tx.imports.get(id))
    assert ImportRunner(app.database).work()
    with app.begin(alfa.olena) as tx:
        found = tx.imports.get(id)
        for change in (
            lambda: tx.imports.start(found),
            lambda: tx.imports.update(found, duplicates="create"),
            lambda: tx.imports.preview(found),
            lambda: tx.imports.delete(found),
        ):
            with pytest.raises(ImportStarted):
                change()
        progress = tx.imports.progress(found)
        assert (progress.made, progress.waiting, progress.done) == (2, 1, 2)
        tx.imports.stop(found)
    assert not ImportRunner(app.database).work()
    assert count(app, alfa) == 2
    with app.begin(alfa.olena) as tx:
        tx.imports.delete(tx.imports.get(id))
    with app.begin(alfa.olena) as tx, pytest.raises(NotFound):
        tx.imports.get(id)
    assert count(app, alfa) == 2


@ON_SQLITE
def test_a_worker_runs_imports_beside_all_else(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА\nБ\n"))
    stop = Event()
    worker = Thread(target=app.worker.run, args=[stop])
    worker.start()
    try:
        with app.begin(alfa.olena) as tx:
            tx.imports.start(tx.imports.get(id))
        end = time.monotonic() + 30
        while ImportRunner(app.database).has_work() and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        stop.set()
        worker.join(30)
    assert count(app, alfa) == 2


@ON_SQLITE
def test_imports_take_turns(
    app: Ecm, alfa: Firm, beta: Firm, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK_ROWS", 1)
    path = table.csv("Назва\nА\nБ\nВ\n")
    for firm in (alfa, beta):
        id = read(app, firm.olena, "organization", path)
        with app.begin(firm.olena) as tx:
            tx.imports.start(tx.imports.get(id))
    runner = ImportRunner(app.database)
    for _ in range(4):
        assert runner.work()
    assert (count(app, alfa), count(app, beta)) == (2, 2)


@ON_SQLITE
def test_the_import_of_somebody_who_left_stops(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА"))
    with app.begin(alfa.olena) as tx:
        tx.imports.start(tx.imports.get(id))
    with app.begin() as tx:
        tx.users.get(alfa.olena.user_id).disabled_at = clock.now()
    app.work_off()
    with app.begin(alfa.admin) as tx:
        found = tx.imports.get(id)
        assert (found.state, tx.imports.progress(found).waiting) == ("done", 1)


def test_two_runners_at_once_make_each_row_once(
    app: Ecm, open_library: Callable[..., Ecm], alfa: Firm, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when one comes although the lease of the other has not ended: the database keeps them apart."""
    monkeypatch.setattr(running, "CHUNK_ROWS", 5)
    monkeypatch.setattr(running, "LEASE", datetime.timedelta(0))
    id = read(
        app, alfa.olena, "organization", table.csv("Назва\n" + "".join(f"Фірма {n}\n" for n in range(30)))
    )
    with app.begin(alfa.olena) as tx:
        tx.imports.start(tx.imports.get(id))
    runners = [ImportRunner(app.database), ImportRunner(open_library().database)]
    together = Barrier(2)

    def work(runner: ImportRunner) -> None:
        together.wait(20)
        end = time.monotonic() + 60
        while runner.has_work() and time.monotonic() < end:
            runner.work()

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(work, runner) for runner in runners]:
            each.result()
    with app.begin(alfa.olena) as tx:
        assert tx.imports.progress(tx.imports.get(id)).made == 30
        assert len({each.title for each in tx.organizations.list()}) == 30
    assert count(app, alfa) == 30


KILLED = """
import os, signal, sys
import ecm
from ecm.importing import running, rows
app = ecm.open(database=sys.argv[1], storage="file:" + sys.argv[2], search="whoosh:" + sys.argv[2])
running.CHUNK_ROWS, running.CHUNK_S = 4, 60
take, taken = rows.RowReader.take, []
def take_and_die(self, cells):
    taken.append(take(self, cells))
    if len(taken) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return taken[-1]
rows.RowReader.take = take_and_die
while running.ImportRunner(app.database).work():
    pass
"""


def test_a_runner_that_is_killed_in_mid_run_leaves_each_row_to_be_made_once(
    app: Ecm, alfa: Firm, table: Table, tmp_path: Path, migrated_database_url: str
) -> None:
    id = read(app, alfa.olena, "organization", table.csv("Назва\n" + "".join(f"Ф{n}\n" for n in range(10))))
    with app.begin(alfa.olena) as tx:
        tx.imports.start(tx.imports.get(id))
    died = subprocess.run(
        [sys.executable, "-c", KILLED, migrated_database_url, str(tmp_path / "other")],
        check=False,
        timeout=60,
    )
    assert died.returncode == -signal.SIGKILL
    assert count(app, alfa) == 4
    assert not ImportRunner(app.database).work()  # the one that died holds it, for a while
    with app.begin() as tx:
        tx.session.execute(update(Import).values(lease_until=clock.now()))
    app.work_off()
    with app.begin(alfa.olena) as tx:
        assert tx.imports.progress(tx.imports.get(id)).made == 10
        assert [each.title for each in tx.organizations.list()] == [f"Ф{n}" for n in reversed(range(10))]
    assert count(app, alfa) == 10


@ON_SQLITE
def test_a_row_with_an_unexpected_error_is_refused_and_does_not_stop_the_others(
    app: Ecm, alfa: Firm, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = RowReader._make

    def make(self: RowReader, values: dict[str, Any]) -> Card:
        card = taken(self, values)
        if card.title == "Б":
            raise RuntimeError("a defect")
        return card

    monkeypatch.setattr(RowReader, "_make", make)
    id = read(app, alfa.olena, "organization", table.csv("Назва\nА\nБ\nВ\n"))
    assert run(app, alfa.olena, id) == Progress(3, waiting=0, made=2, updated=0, skipped=0, refused=1)
    assert count(app, alfa) == 2
    with app.begin(alfa.olena) as tx:
        [row] = tx.imports.rows(tx.imports.get(id)).items
        assert (row.number, row.errors) == (3, [["", "an unexpected error: make this card by hand"]])


@ON_SQLITE
def test_a_country_is_told_by_its_name_and_its_phones_are_of_it(app: Ecm, alfa: Firm, table: Table) -> None:
    rows = "А;Україна;044 123 45 67\nБ;Польща;22 123 45 67\nВ;Poland;22 123 45 68\nГ;Нарнія;044 123 45 69\n"
    id = read(app, alfa.olena, "contact", table.csv("Прізвище;Країна;Телефон\n" + rows))
    assert [field for field, _ in errors(preview(app, alfa.olena, id))[5]] == ["country"]
    assert run(app, alfa.olena, id).made == 3
    with app.begin(alfa.olena) as tx:
        contacts = tx.contacts.list().items
        points = tx.contact_points.of([each.id for each in contacts])
        assert {(each.title, each.country, points[each.id][0].normalized) for each in contacts} == {
            ("А", "UA", "+380441234567"),
            ("Б", "PL", "+48221234567"),
            ("В", "PL", "+48221234568"),
        }


@ON_SQLITE
def test_only_ukrainian_tax_numbers_get_their_zeros_back(app: Ecm, alfa: Firm, table: Table) -> None:
    # 131954 is a firm's code of Ukraine with two zeros before it.
    id = read(app, alfa.olena, "organization", table.csv("Назва;Країна;Код\nА;PL;131954\nБ;UA;131954\n"))
    assert run(app, alfa.olena, id).made == 2
    with app.begin(alfa.olena) as tx:
        numbers = {each.title: each.tax_number for each in tx.organizations.list().items}
    assert numbers == {"А": "131954", "Б": "00131954"}


@ON_SQLITE
def test_a_full_name_and_a_part_of_it_are_not_taken_both(app: Ecm, alfa: Firm, table: Table) -> None:
    id = read(app, alfa.olena, "contact", table.csv("ПІБ;Прізвище\nАнтоненко Ігор;Б\n"))
    with pytest.raises(Invalid, match="the full name has it already"):
        preview(app, alfa.olena, id)
