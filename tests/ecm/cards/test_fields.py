"""Custom fields: who defines them, how they are called, and what becomes of those that are not wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text

from ecm import Ecm
from ecm.cards import fields as custom_fields
from ecm.cards.fields import make_key
from ecm.errors import Forbidden, Invalid, MissingFields, NotFound, Taken
from ecm.models import Contact
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Джерело", "джерело"),
        ("  Сума, грн (без ПДВ) ", "сума_грн_без_пдв"),
        ("Ім'я", "імя"),
        ("Ім’я", "імя"),
        ("Ґанок Їжака", "ґанок_їжака"),
        ("e-mail 2", "e_mail_2"),
        ("№ %", "field"),
        ("_x_", "x"),
        ("я" * 100, "я" * 60),
    ],
)
def test_a_key_is_made_of_the_name(name: str, key: str) -> None:
    assert make_key(name) == key
    assert make_key(key) == key


@ON_SQLITE
def test_fields_of_every_type_and_kind_are_defined_by_administrators(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        for kind in ("deal", "lead", "contact", "organization"):
            for type in ("text", "number", "money", "date", "boolean", "list", "user", "link", "file"):
                tx.fields.add(kind, f"Поле {type}", type)
        assert [field.key for field in tx.fields.list("lead")][:2] == ["поле_text", "поле_number"]
        with pytest.raises(Invalid, match="type"):
            tx.fields.add("deal", "Колір", "colour")
        with pytest.raises(Invalid, match="kind"):
            tx.fields.add("car", "Колір", "text")
        with pytest.raises(Invalid, match="multiple"):
            tx.fields.add("deal", "Колір", "text", multiple=True)
        with pytest.raises(Invalid, match="option_set"):
            tx.fields.add("deal", "Колір", "text", options=["синій"])


@ON_SQLITE
def test_members_change_no_definitions(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("deal", "Колір", "list", options=["синій"])
        option_set = tx.option_sets.list()[0]
        option = tx.option_sets.options(option_set)[0]
    with app.begin(alfa.olena) as tx:
        sets = tx.option_sets
        refused: list[Callable[[], object]] = [
            lambda: tx.fields.add("deal", "Розмір", "text"),
            lambda: tx.fields.update(field, name="Барва"),
            lambda: tx.fields.order("deal", [field.id]),
            lambda: tx.fields.archive(field),
            lambda: tx.fields.restore(field),
            lambda: tx.fields.require(field),
            lambda: tx.fields.release(field),
            lambda: sets.add("Кольори"),
            lambda: sets.rename(option_set, "Барви"),
            lambda: sets.delete(option_set),
            lambda: sets.add_option(option_set, "жовтий"),
            lambda: sets.rename_option(option, "блакитний"),
            lambda: sets.archive_option(option),
            lambda: sets.restore_option(option),
            lambda: sets.delete_option(option),
            lambda: sets.order(option_set, [option.id]),
        ]
        for each in refused:
            with pytest.raises(Forbidden):
                each()
        assert [found.name for found in tx.fields.list("deal")] == ["Колір"]
        assert [found.name for found in sets.options(option_set)] == ["синій"]


@ON_SQLITE
def test_names_and_keys_are_a_kinds_own(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        first = tx.fields.add("deal", "Джерело", "text")
        assert tx.fields.add("lead", "Джерело", "text").key == first.key == "джерело"
        with pytest.raises(Taken):
            tx.fields.add("deal", "джерело", "number")
        assert tx.fields.add("deal", "Джерело!", "text").key == "джерело_2"
        assert tx.fields.add("deal", "Бюджет", "money", key="budget").key == "budget"
        with pytest.raises(Taken):
            tx.fields.add("deal", "Кошти", "money", key="budget")
        for wrong in ("Budget", "a b", "", "fields.a"):
            with pytest.raises(Invalid, match="key"):
                tx.fields.add("deal", "Кошти", "money", key=wrong)


def test_of_two_who_add_the_same_field_one_is_told(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as slow:
        assert slow.fields.list("deal") == ()
        with app.begin(alfa.admin) as fast:
            fast.fields.add("deal", "Колір", "text")
        with pytest.raises(Taken):
            slow.fields.add("deal", "Колір", "list", options=["синій"])
        assert slow.option_sets.list() == ()
        assert [field.type for field in slow.fields.list("deal")] == ["text"]


@ON_SQLITE
def test_a_name_can_change_and_the_type_cannot(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("deal", "Джерело", "text")
        tx.fields.update(field, name="Звідки", type="text", key="джерело")
        assert (field.name, field.key) == ("Звідки", "джерело")
        for fact, value in (("type", "number"), ("key", "звідки"), ("multiple", True), ("option_set", 1)):
            with pytest.raises(Invalid, match=fact):
                tx.fields.update(field, **{fact: value})
        with pytest.raises(Invalid, match="colour"):
            tx.fields.update(field, colour="red")
        assert (field.type, field.is_multiple) == ("text", False)


@ON_SQLITE
def test_fields_are_put_in_order(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        first, second, third = (tx.fields.add("deal", name, "text") for name in ("А", "Б", "В"))
        tx.fields.archive(second)
        tx.fields.order("deal", [third.id, str(first.id)])
        assert [field.name for field in tx.fields.list("deal")] == ["В", "А"]
        with pytest.raises(Invalid):
            tx.fields.order("deal", [third.id, third.id])


@ON_SQLITE
def test_an_archived_field_keeps_its_values(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("contact", "Хобі", "text")
        contact = tx.cards.add(Contact(country="UA"), title="Олена", fields={"хобі": "шахи"})
        tx.fields.archive(field)
    with app.begin(alfa.admin) as tx:
        assert tx.fields.list("contact") == ()
        assert tx.field_values.of([contact.id]) == {contact.id: {}}
        assert tx.field_values.of([contact.id], archived=True) == {contact.id: {"хобі": "шахи"}}
        with pytest.raises(Invalid, match=r"fields\.хобі"):
            tx.field_values.parse("contact", {"хобі": "шашки"})
        with pytest.raises(NotFound):
            tx.fields.by_key("contact", "хобі")
        assert tx.fields.by_key("contact", "хобі", archived=True).id == field.id
        tx.fields.restore(tx.fields.get(field.id))
        assert tx.field_values.of([contact.id]) == {contact.id: {"хобі": "шахи"}}


@ON_SQLITE
def test_an_archived_fields_name_is_free_and_its_key_is_not(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("contact", "Хобі", "text")
        tx.fields.archive(field)
        assert tx.fields.add("contact", "Хобі", "number").key == "хобі_2"
        with pytest.raises(Taken):
            tx.fields.restore(field)


@ON_SQLITE
def test_an_archived_field_is_required_no_longer(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        always = tx.fields.add("deal", "Завжди", "text", required=True)
        later = tx.fields.add("deal", "Згодом", "text")
        tx.fields.require(later, tx.pipelines.default("deal").stages[0])
        with pytest.raises(MissingFields) as refused:
            tx.deals.add("Без полів")
        assert {each.field for each in refused.value.missing} == {"fields.завжди", "fields.згодом"}
        tx.fields.archive(always)
        tx.fields.archive(later)
        assert tx.deals.add("Без полів").id


@ON_SQLITE
def test_a_field_is_required_from_a_stage_on(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("deal", "Договір підписано", "boolean")
        stages = tx.pipelines.default("deal").stages
        tx.fields.require(field, stages[1])
        deal = tx.deals.add("Угода")
        for stage in stages[1:3]:
            with pytest.raises(MissingFields) as refused:
                tx.deals.update(deal, stage=stage.code)
            assert [each.name for each in refused.value.missing] == ["Договір підписано"]
        tx.deals.update(deal, fields={"договір_підписано": "так"}, stage=stages[2].code)
        tx.fields.release(field, stages[1])
        assert tx.deals.add("Інша", stage=stages[2].code).id


@ON_SQLITE
def test_a_kind_has_so_many_fields_at_most(app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert custom_fields.FIELDS_MOST == 100
    monkeypatch.setattr(custom_fields, "FIELDS_MOST", 2)
    with app.begin(alfa.admin) as tx:
        first = tx.fields.add("deal", "А", "text")
        tx.fields.add("deal", "Б", "text")
        with pytest.raises(Invalid, match="fields"):
            tx.fields.add("deal", "В", "text")
        tx.fields.add("lead", "В", "text")
        tx.fields.archive(first)
        tx.fields.add("deal", "В", "text")
        with pytest.raises(Invalid, match="fields"):
            tx.fields.restore(first)


@ON_SQLITE
def test_definitions_are_read_once_in_a_unit_of_work(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.fields.add("deal", "А", "text")
    statements = []

    def note(*facts: object) -> None:
        statements.append(str(facts[2]))

    with app.begin(alfa.olena) as tx:
        tx.session.execute(text("SELECT 1"))
        event.listen(app.database.engine, "before_cursor_execute", note)
        for kind in ("deal", "lead", "deal"):
            tx.fields.list(kind)
        tx.fields.by_key("deal", "а")
        event.remove(app.database.engine, "before_cursor_execute", note)
    assert len(statements) == 1


@ON_SQLITE
def test_another_company_has_no_such_field(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        field = tx.fields.add("deal", "Колір", "list", options=["синій"])
        option_set = tx.option_sets.list()[0]
        option = tx.option_sets.options(option_set)[0]
    with app.begin(beta.admin) as tx:
        assert (tx.fields.list("deal"), tx.option_sets.list()) == ((), ())
        sets = tx.option_sets
        assert sets.options(option_set) == ()
        absent: list[Callable[[], object]] = [
            lambda: tx.fields.get(field.id),
            lambda: tx.fields.by_key("deal", "колір"),
            lambda: tx.fields.update(field, name="Барва"),
            lambda: tx.fields.archive(field),
            lambda: tx.fields.require(field),
            lambda: tx.fields.add("deal", "Барва", "list", option_set=option_set),
            lambda: sets.get(option_set.id),
            lambda: sets.get_option(option.id),
            lambda: sets.rename(option_set, "Барви"),
            lambda: sets.delete(option_set),
            lambda: sets.add_option(option_set, "жовтий"),
            lambda: sets.rename_option(option, "блакитний"),
            lambda: sets.archive_option(option),
            lambda: sets.delete_option(option),
            lambda: sets.order(option_set, [option.id]),
        ]
        for each in absent:
            with pytest.raises(NotFound):
                each()
        assert tx.fields.list("deal") == ()


@ON_SQLITE
def test_the_example_of_the_documentation_runs(
    app: Ecm, alfa: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[3] / "docs/custom-fields.md").read_text()
    example = page.partition("```python\n")[2].partition("```")[0]
    exec(compile(example, "custom-fields.md", "exec"), {"app": app, "admin": alfa.admin, "olena": alfa.olena})
    assert capsys.readouterr().out == "Пошта 125000.50\n"
