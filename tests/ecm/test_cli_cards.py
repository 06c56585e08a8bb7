"""The commands of cards, as scripts use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ecm import Ecm, Settings
from ecm.cli import cards, fields, importing
from tests.firms import Firm

Run = Callable[..., str]

pytestmark = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


@pytest.fixture
def run(app: Ecm, alfa: Firm, tmp_path: Path) -> Run:
    """Runs a command as the company's administrator, and gives what it prints."""
    settings = Settings(
        data_dir=tmp_path,
        database_url=str(app.database.engine.url),
        storage_url=f"file:{tmp_path / 'files'}",
        search_url=f"whoosh:{tmp_path / 'index'}",
        secret_key="test",
    )
    commands = click.Group(commands=(cards.card, importing.import_table, fields.pipeline, fields.field))

    def run_it(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(commands, [*arguments, "--as", str(alfa.admin.email)], obj=settings)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    return run_it


def test_cards_are_added_shown_listed_moved_and_converted(run: Run) -> None:
    lead = run("card", "add", "lead", "--set", "title=Лід", "--set", "last_name=Коваль").strip()
    run("card", "move", lead, "contacted")
    shown = json.loads(run("card", "show", lead, "--json"))
    assert (shown["kind"], shown["title"], shown["last_name"]) == ("lead", "Лід", "Коваль")
    assert run("card", "list", "lead", "--filter", "title:contains:лід") == f"{lead}\tЛід\n"
    made = json.loads(
        run("card", "convert", lead, "--to", "contact", "--to", "deal", "--pipeline", "sales", "--json",
            "--set", "contact.phones=044 123 45 67")
    )  # fmt: skip
    assert made.keys() == {"contact", "deal"}
    assert json.loads(run("card", "show", made["contact"], "--json"))["phones"] == ["044 123 45 67"]


def test_cards_are_changed_commented_told_of_and_deleted(run: Run) -> None:
    contact = run("card", "add", "contact", "--set", "last_name=Коваль").strip()
    run("card", "change", contact, "--set", "first_name=Іван", "--set", "phones=044 123 45 67")
    shown = json.loads(run("card", "show", contact, "--json"))
    assert (shown["first_name"], shown["phones"]) == ("Іван", ["044 123 45 67"])
    run("card", "comment", contact, "Передзвонити")
    told = json.loads(run("card", "timeline", contact, "--json"))
    newest = told["items"][0]
    assert (newest["kind"], newest["facts"]) == ("comment", {"text": "Передзвонити"})
    older = run("card", "timeline", contact, "--before", newest["id"])
    assert "field.changed" in older
    assert "comment" not in older
    assert "Коваль" in run("card", "list", "contact", "--filter", "anywhere:contains:1234567")
    run("card", "delete", contact)
    run("card", "show", contact, code=1)


def test_a_conversion_is_tried_first_uses_what_is_there_and_is_done_once(run: Run) -> None:
    contact = run("card", "add", "contact", "--set", "last_name=Коваль", "--set", "phones=0441234567").strip()
    lead = run(
        "card", "add", "lead", "--set", "title=Лід", "--set", "last_name=Коваль", "--set", "phones=0441234567"
    ).strip()
    tried = json.loads(run("card", "convert", lead, "--to", "contact", "--to", "deal", "--dry-run", "--json"))
    assert tried["missing"] == ["deal.pipeline"]
    assert tried["duplicates"] == [{"kind": "contact", "id": contact, "title": "Коваль"}]
    told = run("card", "convert", lead, "--to", "contact", "--dry-run")
    assert told == f"there already\tcontact {contact} Коваль\n"
    whole = ("card", "convert", lead, "--use", f"contact={contact}", "--to", "deal", "--pipeline", "sales",
             "--stage", "offer", "--key", "once", "--json")  # fmt: skip
    made = json.loads(run(*whole))
    assert made["contact"] == contact
    assert json.loads(run(*whole)) == made
    deal = json.loads(run("card", "show", made["deal"], "--json"))
    assert str(deal["contact"]) == contact
    run("card", "convert", lead, "--use", "car=1", code=1)


def test_fields_are_required_from_a_stage_on_released_put_away_and_brought_back(run: Run) -> None:
    key = run("field", "add", "Тендер", "--kind", "deal", "--type", "text").strip()
    deal = run("card", "add", "deal", "--set", "title=Угода").strip()
    run("field", "require", f"fields.{key}", "--kind", "deal", "--stage", "sales/offer")
    run("card", "move", deal, "offer", code=1)
    run("field", "release", f"fields.{key}", "--kind", "deal", "--stage", "offer")
    run("card", "move", deal, "offer")
    run("field", "archive", key, "--kind", "deal")
    assert key not in run("field", "list", "--kind", "deal")
    run("field", "restore", f"fields.{key}", "--kind", "deal")
    assert key in run("field", "list", "--kind", "deal")


def test_pipelines_and_fields_are_added_and_listed(run: Run) -> None:
    code = run(
        "pipeline", "add", "deal", "Сервіс", "--stage", "Нова", "--stage", "Так=won", "--stage", "Ні=lost"
    )
    assert f"deal\t{code.strip()}\tСервіс\t" in run("pipeline", "list")
    key = run("field", "add", "Колір", "--kind", "deal", "--type", "list", "--option", "синій").strip()
    assert run("field", "list", "--kind", "deal") == f"{key}\tlist\tКолір\n"
    deal = run("card", "add", "deal", "--set", "title=А", "--set", f"fields.{key}=синій").strip()
    assert deal.isdigit()


def test_a_table_is_tried_and_imported(run: Run, app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    table = tmp_path / "фірми.csv"
    table.write_text("Назва;ЄДРПОУ;Дивне\nАльфа;32855961;044 123 45 67\nБета;1;\n")
    how = ("import", str(table), "--kind", "organization", "--map", "Дивне=phones")
    assert run(*how, "--dry-run", code=1) == "2\t1\t0\t0\t1\n"
    with app.begin(alfa.admin) as tx:
        assert tx.organizations.list().total == tx.imports.list().total == 0
    told = json.loads(run(*how, "--json", code=1))
    assert (told["made"], told["refused"]) == (1, 1)
    assert [(each["row"], each["column"]) for each in told["errors"]] == [(3, "ЄДРПОУ")]
    with app.begin(alfa.admin) as tx:
        (firm,) = tx.organizations.list()
        assert [each.normalized for each in tx.contact_points.of([firm.id])[firm.id]] == ["+380441234567"]
