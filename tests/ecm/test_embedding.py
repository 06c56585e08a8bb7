"""Inside an application: its engine, its transaction, its users and deals."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, String, create_engine, func, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import ecm
from ecm import Actor, Ecm
from ecm.cards.conversion_drafts import Target
from ecm.cards.kinds import KINDS
from ecm.cards.pipelines import NewStage
from ecm.errors import Invalid, ManagedByApplication, SessionRefused, StagedFileExpired
from ecm.models import Company, Deal, Document, Lead
from ecm.passwords import Passwords
from ecm.unit_of_work import UnitOfWork
from tests.firms import usage
from tests.servers.postgres import PostgresServer


class ApplicationBase(DeclarativeBase):
    pass


class Order(ApplicationBase):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))


def prepare(database_url: str, folder: Path) -> None:
    """Make an application's tables, some of the names that ours might have had, and then ours."""
    engine = ecm.prepare_engine(create_engine(database_url))
    ApplicationBase.metadata.create_all(engine)
    with engine.begin() as connection:
        for table in ("users", "companies", "documents", "alembic_version"):
            connection.execute(text(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, theirs VARCHAR(10))"))
            connection.execute(text(f"INSERT INTO {table} VALUES (1, 'kept')"))
    with ecm.open(database=engine, storage=f"file:{folder}/files", search=f"whoosh:{folder}/index") as app:
        app.migrate()
    engine.dispose()


@pytest.fixture(scope="module")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy, nobody's to open: an application's database with our tables in it."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(f"sqlite:///{folder / 'crm.db'}", folder)
    return folder / "crm.db"


@pytest.fixture(scope="module")
def prepared_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database to copy, nobody's to open: an application's, with our tables in it."""
    url = postgres_server.create_database()
    prepare(url, tmp_path_factory.mktemp("prepared"))
    return url.rsplit("/", 1)[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An application's engine, in a database that has its tables and ours."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("prepared_sqlite"), tmp_path / "crm.db")
        engine = ecm.prepare_engine(create_engine(f"sqlite:///{tmp_path / 'crm.db'}"))
        yield engine
        engine.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(template=request.getfixturevalue("prepared_postgres"))
    engine = ecm.prepare_engine(create_engine(url))
    yield engine
    engine.dispose()
    server.drop_database(url)


@pytest.fixture
def app(engine: Engine, tmp_path: Path, passwords: Passwords) -> Iterator[Ecm]:
    with ecm.open(
        database=engine,
        storage=f"file:{tmp_path / 'files'}",
        search=f"whoosh:{tmp_path / 'index'}",
        passwords=passwords,
    ) as app:
        yield app


@pytest.fixture
def company(app: Ecm) -> Company:
    with app.begin() as tx:
        return tx.companies.add("Застосунок")


@pytest.fixture
def me(app: Ecm, company: Company) -> Actor:
    with app.begin() as tx:
        return app.actor(tx.users.ref(company, "crm:7", name="Олена", role="admin"))


def stage(app: Ecm, me: Actor, content: bytes = b"content") -> ecm.StagedFile:
    return app.stage(me, io.BytesIO(content), filename="Рахунок.pdf")


def attach(app: Ecm, me: Actor, session: Session, staged: ecm.StagedFile) -> Document:
    with app.begin(me, session=session) as tx:
        return tx.documents.add(staged, card=tx.cards.ref("deal", "crm:42", title="Замовлення 42"))


def count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_applications_commit_makes_all_of_it(app: Ecm, engine: Engine, me: Actor) -> None:
    staged = stage(app, me)
    with Session(engine) as session:
        session.add(Order(title="42"))
        document_id = attach(app, me, session, staged).id
        session.commit()
    app.sweep()
    assert (count(engine, Order), usage(app, me)) == (1, (7, 0))
    with app.read(me, document_id) as reader:
        assert reader.read() == b"content"


def test_the_applications_rollback_makes_none_of_it_and_the_sweep_gives_the_bytes_back(
    app: Ecm, engine: Engine, me: Actor
) -> None:
    staged = stage(app, me)
    with Session(engine) as session:
        session.add(Order(title="42"))
        attach(app, me, session, staged)
        session.rollback()
    assert (count(engine, Order), count(engine, Document)) == (0, 0)
    assert usage(app, me) == (0, 7)
    app.discard(staged)
    assert usage(app, me) == (0, 0)
    assert list(app.storage.list()) == []


def test_a_file_can_be_attached_after_a_rollback(app: Ecm, engine: Engine, me: Actor) -> None:
    staged = stage(app, me)
    with Session(engine) as session:
        attach(app, me, session, staged)
        session.rollback()
        document_id = attach(app, me, session, staged).id
        session.commit()
    with app.read(me, document_id) as reader:
        assert reader.read() == b"content"


def test_a_rolled_back_savepoint_takes_its_documents_and_no_others(
    app: Ecm, engine: Engine, me: Actor
) -> None:
    kept, dropped = stage(app, me, b"kept"), stage(app, me, b"dropped")
    with Session(engine) as session:
        session.add(Order(title="42"))
        kept_id = attach(app, me, session, kept).id
        savepoint = session.begin_nested()
        attach(app, me, session, dropped)
        savepoint.rollback()
        session.commit()
    assert (count(engine, Document), usage(app, me)) == (1, (4, 7))
    app.discard(dropped)
    with app.read(me, kept_id) as reader:
        assert reader.read() == b"kept"
    with pytest.raises(StagedFileExpired), Session(engine) as session:
        attach(app, me, session, dropped)


def test_a_committed_savepoint_inside_a_rolled_back_transaction_keeps_nothing(
    app: Ecm, engine: Engine, me: Actor
) -> None:
    staged = stage(app, me)
    with Session(engine) as session:
        with session.begin_nested():
            attach(app, me, session, staged)
        session.rollback()
    assert (count(engine, Document), usage(app, me)) == (0, (0, 7))


def test_a_purge_in_the_applications_transaction_deletes_bytes_only_after_its_commit(
    app: Ecm, engine: Engine, me: Actor
) -> None:
    staged = stage(app, me)
    with Session(engine) as session:
        document_id = attach(app, me, session, staged).id
        session.commit()
        for end in (session.rollback, session.commit):
            with app.begin(me, session=session) as tx:
                tx.documents.purge(tx.documents.get(document_id))
            assert app.storage.stat(staged.key).size_bytes == 7
            end()
    assert app.sweep() == 7
    assert (usage(app, me), list(app.storage.list())) == ((0, 0), [])


def test_users_and_cards_by_reference_are_made_once(app: Ecm, company: Company, me: Actor) -> None:
    with app.begin() as tx:
        again = tx.users.ref(company, "crm:7", name="Олена Коваль", role="member")
    assert (again.id, again.name, again.role) == (me.user_id, "Олена Коваль", "member")
    with app.begin(me) as tx:
        first = tx.cards.ref("deal", "crm:42", title="Старий заголовок")
        second = tx.cards.ref("deal", "crm:42", title="Новий заголовок")
        assert (first.id, second.title) == (second.id, "Новий заголовок")


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_of_each_kind_is_the_applications_and_leads_back_to_it(
    app: Ecm, engine: Engine, me: Actor, kind: str
) -> None:
    """Listed with its documents; but only `ref` changes it, and such a lead is not converted."""
    staged = stage(app, me, b"content")
    with Session(engine) as session:
        with app.begin(me, session=session) as tx:
            card = tx.cards.ref(kind, "crm:1", title="Перша", url="https://crm.example/1")
            card_id, document_id = card.id, tx.documents.add(staged, card=card).id
        session.commit()
        with app.begin(me, session=session) as tx:
            again = tx.cards.ref(kind, "crm:1", title="Друга", url="https://crm.example/2")
            assert again.id == card_id
        session.commit()
    with app.begin(me) as tx:
        (listed,) = tx.lists.find(kind).items
        assert (listed.id, listed.title, listed.external_url) == (card_id, "Друга", "https://crm.example/2")
        assert [each.id for each in tx.documents.of_card(listed)] == [document_id]
        with pytest.raises(ManagedByApplication) as refused:
            tx.cards.rename(listed, "Чужа")
        assert refused.value.url == "https://crm.example/2"
        if kind == "lead":
            with pytest.raises(ManagedByApplication):
                tx.conversions.convert(tx.leads.get(card_id), {"contact": Target()})
        if isinstance(listed, Deal | Lead):
            with pytest.raises(ManagedByApplication):
                tx.stages.move(listed, "won" if kind == "deal" else "contacted")
        with pytest.raises(Invalid, match="http"):
            tx.cards.ref(kind, "crm:2", title="Ні", url="javascript:alert(1)")


def test_the_applications_own_tables_are_not_touched(app: Ecm, engine: Engine, me: Actor) -> None:
    app.migrate()
    tables = set(inspect(engine).get_table_names())
    theirs = {"users", "companies", "documents", "alembic_version", "orders"}
    assert theirs <= tables
    assert all(name.startswith("ecm_") for name in tables - theirs)
    with engine.connect() as connection:
        for table in ("users", "companies", "documents", "alembic_version"):
            assert connection.execute(text(f"SELECT theirs FROM {table}")).scalar_one() == "kept"


def test_an_sqlite_engine_that_was_not_prepared_is_refused_with_the_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    with ecm.open(database=url, storage=f"file:{tmp_path}/f", search=f"whoosh:{tmp_path}/i") as app:
        app.migrate()
        bare = create_engine(url)
        with (
            Session(bare) as session,
            pytest.raises(SessionRefused, match="prepare_engine"),
            app.begin(session=session),
        ):
            pass
        bare.dispose()


def test_a_session_on_another_database_is_refused(app: Ecm, tmp_path: Path) -> None:
    other = ecm.prepare_engine(create_engine(f"sqlite:///{tmp_path / 'other.db'}"))
    with (
        Session(other) as session,
        pytest.raises(SessionRefused, match="another database"),
        app.begin(session=session),
    ):
        pass
    other.dispose()


def change_fields(tx: UnitOfWork) -> None:
    field = tx.fields.add("deal", "Колір", "list", options=["синій"], required=True)
    tx.fields.update(field, name="Барва")
    tx.fields.order("deal", [field.id])
    tx.fields.archive(field)
    tx.fields.restore(field)


def change_options(tx: UnitOfWork) -> None:
    option_set = tx.option_sets.add("Кольори", ["синій"])
    option = tx.option_sets.add_option(option_set, "жовтий")
    tx.option_sets.rename_option(option, "золотий")
    tx.option_sets.archive_option(option)
    tx.option_sets.restore_option(option)
    tx.option_sets.order(option_set, [each.id for each in tx.option_sets.options(option_set)])
    tx.option_sets.delete_option(option)
    tx.option_sets.rename(option_set, "Барви")
    tx.option_sets.delete(tx.option_sets.add("Зайвий"))


def fill_in(tx: UnitOfWork, document: Document) -> None:
    tx.fields.add("deal", "Договір", "file")
    deal = tx.deals.add("Нова", fields={"договір": document.id})
    tx.deals.update(deal, fields={"договір": None})
    tx.deals.update(deal, fields={"договір": document.id})
    tx.documents.purge(document)


def change_clients(tx: UnitOfWork) -> None:
    firm = tx.organizations.add("ТОВ «Мрія»", tax_number="32855961")
    tx.organizations.update(firm, title="Мрія")
    person = tx.contacts.add(last_name="Коваль", phones=["044 123 45 67"], organizations=[firm.id])
    tx.contacts.update(person, first_name="Олена", emails=["olena@k.example"])
    tx.contacts.join(person, firm, "директорка")
    tx.contacts.leave(person, firm)
    tx.timeline.comment(person, "Любить каву")


def change_leads(tx: UnitOfWork) -> None:
    tx.stages.move(tx.leads.add("Спам"), "junk", reason="реклама")
    lead = tx.leads.add("Лід", last_name="Коваль", organization_name="Мрія")
    tx.leads.update(lead, amount="10.00")
    tx.products.set(lead, [{"name": "Сервер", "price": "10.00"}])
    targets = {"contact": Target(), "organization": Target(), "deal": Target(pipeline="sales")}
    tx.conversions.convert(lead, targets)


def set_up(tx: UnitOfWork) -> None:
    made = tx.pipelines.add(
        "deal", "Друга", [NewStage("Нова"), NewStage("Так", outcome="won"), NewStage("Ні", outcome="lost")]
    )
    tx.requirements.require("deal", "source", made.stages[1])
    tx.requirements.release("deal", "source", made.stages[1])
    team = tx.teams.add("Захід")
    tx.teams.rename(team, "Схід")
    saved = tx.saved_filters.add("deal", "Мої", [])
    tx.saved_filters.delete(saved)
    tx.users.forbid_creating(tx.users.get(tx.require_actor().user_id), ["lead"])


def import_table(tx: UnitOfWork) -> None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write("Назва\nАльфа\nБета\n".encode())
        file.flush()
        made = tx.imports.read("organization", Path(file.name), "фірми.csv")
    tx.imports.update(made, duplicates="update")
    assert [row.outcome.state for row in tx.imports.preview(made)] == ["made", "made"]
    tx.imports.start(made)
    tx.imports.stop(made)
    tx.imports.delete(made)


MUTATORS: dict[str, Callable[[ecm.app.UnitOfWork, Document, ecm.StagedFile], object]] = {  # type: ignore[name-defined]
    "deals.add": lambda tx, d, s: tx.deals.add("Нова"),
    "deals.update": lambda tx, d, s: tx.deals.update(tx.deals.add("Нова"), stage="won"),
    "cards.ref": lambda tx, d, s: tx.cards.ref("deal", "new", title="Нова"),
    "cards.ref of other kinds": lambda tx, d, s: [
        tx.cards.ref(kind, "new", title="Нова", url="https://crm.example/new") for kind in KINDS
    ],
    "contacts and organizations": lambda tx, d, s: change_clients(tx),
    "leads and conversions": lambda tx, d, s: change_leads(tx),
    "pipelines, requirements, teams, filters, rights": lambda tx, d, s: set_up(tx),
    "imports": lambda tx, d, s: import_table(tx),
    "cards.rename": lambda tx, d, s: tx.cards.rename(tx.deals.add("Нова"), "Інша"),
    "cards.unref": lambda tx, d, s: tx.cards.unref(
        "deal", d.cards[0].external_ref or "", trash_documents=True
    ),
    "cards.delete": lambda tx, d, s: tx.cards.delete(tx.deals.add("Нова")),
    "documents.add": lambda tx, d, s: tx.documents.add(s, card=d.cards[0]),
    "documents.add_version": lambda tx, d, s: tx.documents.add_version(d, s),
    "documents.restore_version": lambda tx, d, s: tx.documents.restore_version(d, 1),
    "documents.update": lambda tx, d, s: tx.documents.update(d, title="Інша"),
    "documents.link": lambda tx, d, s: tx.documents.link(d, tx.deals.add("Друга")),
    "documents.trash": lambda tx, d, s: tx.documents.trash(d),
    "documents.purge": lambda tx, d, s: tx.documents.purge(d),
    "documents.remember": lambda tx, d, s: tx.documents.remember("k", "f" * 64, d),
    "documents.empty_trash": lambda tx, d, s: (tx.documents.trash(d), tx.documents.empty_trash()),
    "users.add": lambda tx, d, s: tx.users.add(tx.companies.get(d.company_id), "new@a.example"),
    "users.ref": lambda tx, d, s: tx.users.ref(tx.companies.get(d.company_id), "crm:8", name="Нова"),
    "users.set_password": lambda tx, d, s: tx.users.set_password(
        tx.users.get(tx.actor.user_id), "new password"
    ),
    "tokens.add": lambda tx, d, s: tx.tokens.add(tx.users.get(tx.actor.user_id)),
    "fields": lambda tx, d, s: change_fields(tx),
    "option_sets": lambda tx, d, s: change_options(tx),
    "field_values": lambda tx, d, s: fill_in(tx, d),
    "tariffs.change": lambda tx, d, s: tx.tariffs.change("extended"),
}


@pytest.mark.parametrize("name", MUTATORS)
def test_no_mutator_commits_the_applications_transaction(
    app: Ecm, engine: Engine, me: Actor, name: str
) -> None:
    first, second = stage(app, me, b"first"), stage(app, me, b"second")
    with Session(engine) as session:
        document_id = attach(app, me, session, first).id
        session.commit()
    before = dump(engine)
    with Session(engine) as session:
        with app.begin(me, session=session) as tx:
            MUTATORS[name](tx, tx.documents.get(document_id), second)
        assert session.in_transaction()
        session.rollback()
    assert dump(engine) == before


def dump(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all our tables."""
    with engine.connect() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=repr
            )
            for table in inspect(connection).get_table_names()
            if table.startswith("ecm_")
        }
