"""The demo company: made once and found again, with documents that other programs open and search finds."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest
from lxml import etree
from odf.opendocument import load as load_open_document
from odf.text import P
from sqlalchemy import select

import ecm
from ecm import Actor, Ecm
from ecm.demo import DemoLogin, make_demo
from ecm.demo.company import COMPANY
from ecm.errors import Taken
from ecm.models import Document, Version
from ecm.passwords import Passwords
from ecm.search.analysis import Analyzer
from ecm.wiring import ChildPools
from tests.firms import usage

NO_TEXT = {"image/png"}


@dataclass(frozen=True)
class Demo:
    """The demo company that tests look at and do not change."""

    app: Ecm
    login: DemoLogin
    actor: Actor


@pytest.fixture(scope="module")
def made(
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    analyzer: Analyzer,
    child_pools: ChildPools,
    passwords: Passwords,
) -> Path:
    """A folder to copy, with a demo company just made, which takes some seconds: nobody's to open."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copyfile(migrated_sqlite, folder / "ecm.db")
    with open_folder(folder, analyzer, child_pools, passwords) as app:
        make_demo(app, folder)
    return folder


@pytest.fixture(scope="module")
def demo(
    made: Path,
    tmp_path_factory: pytest.TempPathFactory,
    analyzer: Analyzer,
    child_pools: ChildPools,
    passwords: Passwords,
) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(made, folder, dirs_exist_ok=True)
    with open_folder(folder, analyzer, child_pools, passwords) as app:
        login = make_demo(app, folder)
        yield Demo(app, login, log_in(app, login))


@pytest.fixture
def own_demo(
    made: Path, tmp_path: Path, analyzer: Analyzer, child_pools: ChildPools, passwords: Passwords
) -> Iterator[Ecm]:
    """The demo company in the test's own folder, to be changed."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with open_folder(tmp_path, analyzer, child_pools, passwords) as app:
        yield app


def open_folder(folder: Path, analyzer: Analyzer, child_pools: ChildPools, passwords: Passwords) -> Ecm:
    return ecm.open(
        database=f"sqlite:///{folder}/ecm.db",
        storage=f"file:{folder}/files",
        search=f"whoosh:{folder}/index",
        analyzer=analyzer,
        child_pools=child_pools,
        passwords=passwords,
    )


def log_in(app: Ecm, login: DemoLogin) -> Actor:
    """The demo's administrator, by the password that was told."""
    account = login.accounts[0]
    return app.log_in(account.email, account.password, address="127.0.0.1")


def find(app: Ecm, actor: Actor, words: str) -> set[str]:
    return {found.document.current.filename for found in app.search(actor, words)}


def contents(app: Ecm, actor: Actor) -> dict[str, bytes]:
    """The content of every version that there is, by file name and number."""
    with app.begin(actor) as tx:
        versions = tx.session.scalars(select(Version)).all()
    read = {}
    for version in versions:
        with app.read_version(actor, version) as reader:
            read[f"{version.number} {version.filename}"] = reader.read(version.size_bytes)
    return read


def test_a_second_call_finds_what_the_first_made(app: Ecm, tmp_path: Path) -> None:
    first = make_demo(app, tmp_path)
    actor = log_in(app, first)
    used = usage(app, actor)
    assert make_demo(app, tmp_path) == first
    assert usage(app, actor) == used
    with app.begin() as tx:
        assert [company.name for company in tx.companies.list().items] == [COMPANY]
    assert (first.company, first.deals, first.documents) == (COMPANY, 7, 12)


def test_everybody_can_log_in_with_the_role_that_is_told(demo: Demo) -> None:
    accounts = demo.login.accounts
    assert [account.role for account in accounts] == ["admin", "member", "operator"]
    for account in accounts:
        actor = demo.app.log_in(account.email, account.password, address="127.0.0.1")
        assert actor.role == account.role
        assert re.fullmatch(r"([a-z][aeiou]){4}-\d{4}", account.password)


def test_passwords_are_kept_for_their_owner_alone(own_demo: Ecm, tmp_path: Path) -> None:
    accounts = make_demo(own_demo, tmp_path / "new").accounts
    kept = tmp_path / "new" / "demo.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == {account.email: account.password for account in accounts}
    assert [path.name for path in kept.parent.iterdir()] == ["demo.json"]


def test_a_password_that_was_changed_is_set_to_what_is_told(own_demo: Ecm, tmp_path: Path) -> None:
    email = list(json.loads((tmp_path / "demo.json").read_text()))[1]
    with own_demo.begin() as tx:
        tx.users.set_password(tx.users.by_email(email), "another password")
    told = make_demo(own_demo, tmp_path).accounts[1]
    assert told.email == email
    assert own_demo.log_in(told.email, told.password, address="127.0.0.1").role == "member"


@pytest.mark.parametrize("left", [None, "not JSON", "[]"])
def test_lost_passwords_are_made_anew(own_demo: Ecm, tmp_path: Path, left: str | None) -> None:
    first = json.loads((tmp_path / "demo.json").read_text())
    (tmp_path / "demo.json").unlink()
    if left is not None:
        (tmp_path / "demo.json").write_text(left)
    second = make_demo(own_demo, tmp_path)
    assert (second.deals, second.documents) == (7, 12)
    assert second.accounts[0].password != first[second.accounts[0].email]
    assert log_in(own_demo, second).role == "admin"


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_a_call_that_was_cut_off_is_finished_by_the_next(
    app: Ecm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("ecm.demo.documents.make_photo", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_demo(app, tmp_path)
    login = make_demo(app, tmp_path)
    assert (login.deals, login.documents) == (7, 12)


def test_another_companys_user_is_left_alone(app: Ecm, tmp_path: Path) -> None:
    with app.begin() as tx:
        other = tx.companies.add("Бета")
        tx.users.add(other, "petro.shevchuk@alfa.example", password="his own password")
    with pytest.raises(Taken):
        make_demo(app, tmp_path)
    assert app.log_in("petro.shevchuk@alfa.example", "his own password", address="127.0.0.1")
    with app.begin() as tx:
        assert [company.name for company in tx.companies.list().items] == ["Бета"]


def test_text_is_read_of_all_that_has_text(demo: Demo) -> None:
    app, actor = demo.app, demo.actor
    app.work_off()  # pictures too
    with app.begin(actor) as tx:
        versions = tx.session.scalars(
            select(Version)
            .join(
                Document,
                (Document.id == Version.document_id) & (Document.current_version == Version.number),
            )
            .where(Document.trashed_at.is_(None))
        ).all()
        for version in versions:
            expected = "empty" if version.media_type in NO_TEXT else "done"
            assert version.text_state == expected, version.filename
            assert bool(tx.documents.text(version)) == (expected == "done"), version.filename
    assert len(versions) == 12
    assert len({version.media_type for version in versions}) == 10


def test_a_word_finds_its_forms_in_every_format(demo: Demo) -> None:
    app, actor = demo.app, demo.actor
    assert app.search(actor).pending == 0
    bills = {"Нагадування про оплату.txt", "Договір постачання № 17-П.docx", "Рахунок № 214.pdf"}
    assert bills <= find(app, actor, "рахунок")
    switches = {"Прайс-лист, весна 2026.xlsx", "Лист про перенесення строку.odt"}
    assert switches | {"Комерційна пропозиція № 58.html"} <= find(app, actor, "комутатор")
    assert find(app, actor, "заземлення") == {"Специфікація кабельної мережі.csv"}
    assert find(app, actor, "сповіщувач") == {"План сповіщувачів.svg"}
    assert find(app, actor, "щит") == {"Фото щита до монтажу.png"}
    assert find(app, actor, "printer") == {"Kick-off meeting notes.md"}
    assert find(app, actor, "terminate breach") == {"Maintenance agreement NW-2026-03.pdf"}
    assert "Чернетка пропозиції.txt" not in find(app, actor, "пропозиція")


def test_documents_have_versions_and_stand_on_cards_of_each_kind_and_one_is_in_the_trash(demo: Demo) -> None:
    app, actor = demo.app, demo.actor
    with app.begin(actor) as tx:
        documents = [found.document for found in app.search(actor, per_page=100)]
        assert len(documents) == 12
        assert [each.title for each in documents if each.current_version == 2] == [
            "Договір постачання № 17-П.docx"
        ]
        assert {
            each.title: [card.kind for card in each.cards] for each in documents if len(each.cards) == 2
        } == {
            "Прайс-лист, весна 2026.xlsx": ["deal", "deal"],
            "Договір постачання № 17-П.docx": ["deal", "organization"],
            "Kick-off meeting notes.md": ["deal", "contact"],
        }
        assert [each.title for each in tx.documents.trashed().items] == ["Чернетка пропозиції.txt"]
        assert len(set(tx.session.scalars(select(Version.uploaded_by_id)))) == 2


def test_deals_stand_in_two_pipelines_and_have_clients_and_products(demo: Demo) -> None:
    with demo.app.begin(demo.actor) as tx:
        deals = tx.deals.list().items
        assert {each.pipeline.code for each in deals} == {"sales", "service"}
        assert sum(each.organization_id is not None and each.contact_id is not None for each in deals) == 6
        servers = next(each for each in deals if each.title.startswith("Постачання серверів"))
        assert len(tx.products.of(servers).lines) == 3
        assert tx.products.of(servers).total == servers.amount
        assert tx.contacts.list().total == tx.organizations.list().total == 5
        kinds = {entry.kind for entry in tx.timeline.list(servers).items}
        assert {"comment", "field.changed", "document.added"} <= kinds


def test_leads_are_in_each_state(demo: Demo) -> None:
    with demo.app.begin(demo.actor) as tx:
        leads = tx.leads.list().items
        assert sorted(each.stage.code for each in leads) == ["contacted", "junk", "new", "new", "quality"]
        assert [each.junk_reason for each in leads if each.stage.code == "junk"] == ["Реклама, не клієнт"]
        assert [each.title for each in leads if tx.leads.is_repeat(each) and each.converted_at is None] == [
            "Ще два комутатори для ліцею"
        ]
        converted = next(each for each in leads if each.converted_at is not None)
        made = tx.conversions.of(converted)
        assert made is not None
        deal = tx.deals.get(made.deal_id or 0)
        assert (deal.lead_id, deal.contact_id, deal.organization_id) == (
            converted.id,
            made.contact_id,
            made.organization_id,
        )
        branches = [tx.field_values.of([id])[id]["branch"] for id in (converted.id, deal.id)]
        assert branches[0] == branches[1]
        assert {each.field for each in tx.requirements.list("deal")} == {"expected_close"}


def test_every_byte_is_counted(demo: Demo) -> None:
    app, actor = demo.app, demo.actor
    read = contents(app, actor)
    assert len(read) == 14
    assert usage(app, actor) == (sum(map(len, read.values())), 0)


def test_other_programs_open_the_documents(demo: Demo) -> None:
    read = contents(demo.app, demo.actor)
    contract = docx.Document(io.BytesIO(read["2 Договір постачання № 17-П.docx"]))
    assert contract.core_properties.title == "Договір постачання № 17-П"
    assert contract.paragraphs[0].style.name == "Heading 1"
    assert contract.tables[0].rows[1].cells[3].text == "894 000,00"

    sheet = openpyxl.load_workbook(io.BytesIO(read["1 Прайс-лист, весна 2026.xlsx"])).active
    assert (sheet.title, sheet.max_row) == ("Обладнання", 10)
    assert [cell.value for cell in sheet[2]][2:] == [5, 298000]
    assert sheet["A1"].font.b

    letter = load_open_document(io.BytesIO(read["1 Лист про перенесення строку.odt"]))
    assert "Шановна пані Тетяно!" in [str(each) for each in letter.getElementsByType(P)]

    for name, word in (
        ("Рахунок № 214.pdf", "Постачальник"),
        ("Maintenance agreement NW-2026-03.pdf", "Nordwind"),
    ):
        pdf = pypdfium2.PdfDocument(read[f"1 {name}"])
        assert len(pdf) == 1
        assert word in pdf[0].get_textpage().get_text_range()
        pdf.close()

    assert etree.fromstring(read["1 План сповіщувачів.svg"]).tag.endswith("}svg")
    assert read["1 Фото щита до монтажу.png"].startswith(b"\x89PNG")
    assert "рахунками" in read["1 Нагадування про оплату.txt"].decode("cp1251")
