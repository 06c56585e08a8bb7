"""From an upload to a hit: the outbox, the worker, the index, the rows."""

from __future__ import annotations

import io
import json
import shutil
from importlib.resources import files
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner, Result
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import delete, func, select

from ecm import Ecm
from ecm.cli import cli
from ecm.errors import Invalid
from ecm.models import IndexQueue, OutboxTask
from ecm.search.errors import BadQuery
from ecm.search.interface import FACETS
from tests.firms import Firm, index, put


def found(app: Ecm, firm: Firm, q: str = "", **filters: object) -> list[str]:
    return sorted(hit.document.title for hit in app.search(firm.olena, q, **filters))  # type: ignore[arg-type]


def test_a_colleague_finds_a_document_in_any_form_of_the_word_and_another_company_does_not(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    put(app, alfa.olena, alfa.deal, "Оплата за рахунками постачальника".encode("cp1251"), "лист.txt")
    index(app)
    for query in ("рахунок", "рахунків постачальник", '"рахунок постачальника"', "рахунк*", "РАХУНКАМИ"):
        (hit,) = app.search(alfa.petro, query)
        assert hit.document.title == "лист.txt"
        assert "<mark>рахунками" in hit.snippet
        assert app.search(beta.olena, query).total == 0


def test_one_form_of_a_word_finds_another_in_cp1251_text_docx_and_pdf(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    sentence = "Розрахунки за рахунками постачальника"
    word, pdf = io.BytesIO(), io.BytesIO()
    letter = docx.Document()
    letter.add_paragraph(sentence)
    letter.save(word)
    font = files("fontpkg_pt_sans").joinpath("files", "PT_Sans-Web-Regular.ttf")
    pdfmetrics.registerFont(TTFont("PT Sans", str(font)))
    canvas = Canvas(pdf)
    canvas.setFont("PT Sans", 12)
    canvas.drawString(72, 720, sentence)
    canvas.save()
    put(app, alfa.olena, alfa.deal, sentence.encode("cp1251"), "a.txt")
    put(app, alfa.olena, alfa.deal, word.getvalue(), "b.docx")
    put(app, alfa.olena, alfa.deal, pdf.getvalue(), "c.pdf")
    index(app)
    hits = app.search(alfa.petro, "рахунок")
    assert sorted(hit.document.title for hit in hits) == ["a.txt", "b.docx", "c.pdf"]
    assert all("<mark>рахунками</mark>" in hit.snippet for hit in hits)
    assert app.search(beta.petro, "рахунок").total == 0


def test_lag_is_told_and_ends(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, b"words", "a.txt")
    page = app.search(alfa.olena, "words")
    assert (page.total, page.pending) == (0, 1)
    index(app)
    later = app.search(alfa.olena, "words")
    assert (later.total, later.pending) == (1, 0)
    assert later.indexed_up_to > page.indexed_up_to


def test_the_trash_is_not_found_and_a_restored_document_is(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    for change in ("trash", "restore", "purge"):
        index(app)
        assert found(app, alfa, "договором") == (["a.txt"] if change != "restore" else [])
        with app.begin(alfa.olena) as tx:
            getattr(tx.documents, change)(tx.documents.get(document.id))
        index(app)
    assert found(app, alfa, "договором") == []


def test_only_the_current_versions_text_is_found(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, "перший".encode(), "a.txt")
    index(app)
    staged = app.stage(alfa.olena, io.BytesIO("другий".encode()), filename="a.txt")
    with app.begin(alfa.olena) as tx:
        tx.documents.add_version(tx.documents.get(document.id), staged)
    index(app)
    assert (found(app, alfa, "перший"), found(app, alfa, "другий")) == ([], ["a.txt"])
    with app.begin(alfa.olena) as tx:
        tx.documents.restore_version(tx.documents.get(document.id), 1)
    index(app)
    assert (found(app, alfa, "перший"), found(app, alfa, "другий")) == (["a.txt"], [])


def test_filters_and_fields_narrow(app: Ecm, alfa: Firm) -> None:
    put(
        app, alfa.olena, alfa.deal, "постачання".encode(), "contract.txt", kind="contract", tags=["Терміново"]
    )
    with app.begin(alfa.olena) as tx:
        other = tx.deals.add("Ремонт даху")
    put(app, alfa.olena, other, "постачання".encode(), "invoice.txt", kind="invoice")
    index(app)
    assert found(app, alfa, "постачання") == ["contract.txt", "invoice.txt"]
    assert found(app, alfa, "постачання kind:contract") == ["contract.txt"]
    assert found(app, alfa, "постачання", kind="invoice") == ["invoice.txt"]
    assert found(app, alfa, f"deal:{other.id}") == found(app, alfa, deal=other.id) == ["invoice.txt"]
    assert found(app, alfa, "tag:терміново") == found(app, alfa, tag="Терміново") == ["contract.txt"]
    assert found(app, alfa, "терміново") == []
    assert found(app, alfa, "from:2020-01-01 to:2020-12-31") == []
    assert found(app, alfa, "", from_="2020-01-01") == ["contract.txt", "invoice.txt"]
    assert found(app, alfa, "дах") == ["invoice.txt"]  # the card's title
    assert found(app, alfa, "title:дах") == []
    assert found(app, alfa, "title:invoice") == ["invoice.txt"]


def test_renaming_a_card_makes_its_documents_found_by_the_new_title(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, b"x", "a.txt")
    index(app)
    with app.begin(alfa.petro) as tx:
        tx.deals.update(tx.deals.get(alfa.deal.id), title="Модернізація котельні")
    index(app)
    assert (found(app, alfa, "котельня"), found(app, alfa, "сервер")) == (["a.txt"], [])


def test_wrong_queries_and_filters_are_told_apart(app: Ecm, alfa: Firm) -> None:
    with pytest.raises(BadQuery) as refused:
        app.search(alfa.olena, 'договір "постачання')
    assert refused.value.position == 8
    with pytest.raises(BadQuery):
        app.search(alfa.olena, "from:yesterday")
    with pytest.raises(Invalid) as invalid:
        app.search(alfa.olena, "", from_="yesterday")
    assert invalid.value.field == "from"


def test_a_corrupt_file_stands_with_its_state_and_the_worker_goes_on(app: Ecm, alfa: Firm) -> None:
    broken = put(app, alfa.olena, alfa.deal, b"%PDF-1.7\nnot a pdf at all", "зламаний.pdf")
    put(app, alfa.olena, alfa.deal, "цілий".encode(), "цілий.txt")
    index(app)
    with app.begin(alfa.olena) as tx:
        version = tx.documents.get(broken.id).current
    assert version.text_state == "failed"
    assert version.text_reason
    assert found(app, alfa, "цілий") == ["цілий.txt"]
    assert found(app, alfa, "зламаний") == ["зламаний.pdf"]


def test_an_index_that_was_deleted_is_rebuilt_from_the_database(
    app: Ecm, alfa: Firm, open_library: object, tmp_path: Path
) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    shutil.rmtree(tmp_path / "index")
    later = open_library()  # type: ignore[operator]
    while later.indexing.rebuilding.verify_next():
        pass
    index(later)
    assert found(later, alfa, "договором") == ["a.txt"]


def test_two_workers_share_the_work_without_losing_any(app: Ecm, alfa: Firm, open_library: object) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for n in range(10):
        put(app, alfa.olena, alfa.deal, f"договір номер{n}".encode(), f"{n}.txt")
    other = open_library()  # type: ignore[operator]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda each: each.work_off(), (app, other)))
    assert app.search(alfa.olena, "договір", per_page=100).total == 10


def test_a_worker_that_died_leaves_its_work_to_others(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    assert app.indexing.turns.take("a worker that is gone") == alfa.company.id
    assert app.indexing.work() is False
    with app.begin() as tx:
        row = tx.session.get_one(IndexQueue, alfa.company.id)
        row.lease_until = row.served_at
    index(app)
    assert found(app, alfa, "договір") == ["a.txt"]


def test_tasks_are_gone_when_done(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, b"x", "a.txt")
    index(app)
    with app.begin() as tx:
        assert tx.session.scalar(select(func.count()).select_from(OutboxTask)) == 0
        tx.session.execute(delete(OutboxTask))


def test_facets_count_all_hits_and_name_the_uploaders(app: Ecm, alfa: Firm, beta: Firm) -> None:
    text = "постачання".encode()
    put(app, alfa.olena, alfa.deal, text, "a.txt", kind="contract", tags=["Терміново", "2026"])
    put(app, alfa.petro, alfa.deal, text, "b.txt", kind="contract", tags=["терміново"])
    put(app, alfa.petro, alfa.deal, text, "c.csv", kind="act")
    put(app, beta.olena, beta.deal, text, "d.txt", kind="photo", tags=["чуже"])
    index(app)
    facets = app.search(alfa.olena, "постачання", per_page=1, facets=FACETS).facets
    assert set(facets) == set(FACETS)
    assert [(each.value, each.count) for each in facets["kind"]] == [("contract", 2), ("act", 1)]
    assert {each.value.lower(): each.count for each in facets["tag"]} == {"терміново": 2, "2026": 1}
    assert sum(each.count for each in facets["format"]) == 3
    assert [(each.name, each.count) for each in facets["by"]] == [("petro", 2), ("olena", 1)]
    assert [each.count for each in facets["year"]] == [3]
    assert app.search(alfa.olena, "постачання").facets == {}


def test_facets_and_totals_show_nothing_of_another_company(app: Ecm, alfa: Firm, beta: Firm) -> None:
    put(app, beta.olena, beta.deal, "таємне".encode(), "d.txt", kind="photo", tags=["чуже"])
    index(app)
    page = app.search(alfa.olena, "", facets=FACETS)
    assert page.total == 0
    assert all(values == () for values in page.facets.values())


def test_a_value_of_a_facet_is_a_filter_that_finds_as_many(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, "постачання".encode(), "a.txt", kind="contract", tags=["Терміново"])
    put(app, alfa.petro, alfa.deal, b"a,b\n1,2\n", "c.csv", kind="act")
    index(app)
    facets = app.search(alfa.olena, "", facets=FACETS).facets
    for name, values in facets.items():
        for each in values:
            assert app.search(alfa.olena, "", **{name: each.value}).total == each.count, (name, each)  # type: ignore[arg-type]


def test_uploaders_are_found_by_id_name_and_email_of_the_own_company(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    with app.begin(alfa.admin) as tx:
        tx.users.get(alfa.olena.user_id).name = "Олена Д'Арк"
    put(app, alfa.olena, alfa.deal, b"x", "a.txt")
    put(app, alfa.petro, alfa.deal, b"x", "b.txt")
    index(app)
    for who in (alfa.olena.user_id, "Олена", "дарк оле", str(alfa.olena.email), "OLENA"):
        assert found(app, alfa, f'by:"{who}"') == found(app, alfa, by=who) == ["a.txt"], who
    assert found(app, alfa, "by:(олена OR petro)") == ["a.txt", "b.txt"]
    assert found(app, alfa, "-by:олена") == ["b.txt"]
    assert found(app, alfa, "by:хтось") == found(app, alfa, "by:%") == []
    assert app.search(beta.olena, "by:олена").total == 0
    assert found(app, alfa, f"by:{beta.olena.email}") == []


def test_a_client_narrows_as_the_field_does(app: Ecm, alfa: Firm, beta: Firm) -> None:
    put(app, alfa.olena, alfa.deal, b"x", "a.txt")
    put(app, beta.olena, beta.deal, b"x", "b.txt")
    index(app)
    assert found(app, alfa, client=alfa.deal.id) == found(app, alfa, f"client:{alfa.deal.id}") == ["a.txt"]
    assert found(app, alfa, client=beta.deal.id) == []
    # A deal is no client: it is found by its id, as any card, and not by its title.
    assert found(app, alfa, deal=alfa.deal.id, client="постачання") == []


def test_a_year_and_a_format_narrow(app: Ecm, alfa: Firm) -> None:
    put(app, alfa.olena, alfa.deal, b"x", "a.txt")
    index(app)
    year = app.search(alfa.olena, "").items[0].document.current.uploaded_at.year
    assert found(app, alfa, year=year) == found(app, alfa, f"year:{year}") == ["a.txt"]
    assert found(app, alfa, year="1999") == found(app, alfa, format="pdf") == []
    assert found(app, alfa, format="txt") == ["a.txt"]
    for year in ("26", "0000", "MMXX"):
        with pytest.raises(Invalid):
            app.search(alfa.olena, "", year=year)


def test_a_damaged_index_answers_what_it_has_says_so_and_is_rebuilt(
    app: Ecm, alfa: Firm, tmp_path: Path
) -> None:
    put(app, alfa.olena, alfa.deal, "договір".encode(), "a.txt")
    index(app)
    assert app.search(alfa.olena, "договір").rebuilding is False
    for file in (tmp_path / "index").rglob("*"):
        if file.is_file() and not file.name.endswith(".lock"):
            file.write_bytes(b"\xff" * max(1, file.stat().st_size))
    app.close()
    page = app.search(alfa.olena, "договір", facets=FACETS)
    assert (page.total, page.rebuilding) == (0, True)
    assert app.suggest(alfa.olena, "a").documents == []
    index(app)
    page = app.search(alfa.olena, "договір")
    assert (page.total, page.rebuilding) == (1, False)


def test_the_command_tells_totals_and_what_was_meant(app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    put(app, alfa.olena, alfa.deal, "постачання обладнання".encode(), "a.txt")
    index(app)
    settings = {
        "ECM_DATA_DIR": str(tmp_path),
        "ECM_DATABASE_URL": app.database.engine.url.render_as_string(hide_password=False),
    }

    def run(*arguments: str) -> Result:
        command = ["search", *arguments, "--as", str(alfa.olena.email)]
        result = CliRunner().invoke(cli, command, env=settings, catch_exceptions=False)
        assert result.exit_code == 0
        return result

    (line, told) = run("обладнанням").output.splitlines()
    assert line.split("\t")[1:] == ["a.txt", "Постачання сервера"]
    assert told == "1 found"
    assert run("абладнання").output.splitlines() == ["did you mean: обладнання", "0 found"]
    found = json.loads(run("обладнання", "--json").output)
    assert (found["total"], found["did_you_mean"], found["rebuilding"]) == (1, None, False)
    assert found["facets"]["format"] == [{"value": "txt", "count": 1, "name": None}]
