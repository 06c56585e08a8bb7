"""Where new cards begin, what administrators may make of pipelines and teams, and two who do it at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecm import Ecm
from ecm.cards.pipelines import NewStage
from ecm.errors import Invalid, NotFound, Taken
from ecm.unit_of_work import UnitOfWork
from tests.firms import Firm
from tests.two_at_once import change_meanwhile

ENDS = [NewStage("Закрито", outcome="won"), NewStage("Відмова", outcome="lost")]

only_sqlite = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


@only_sqlite
def test_new_cards_begin_in_the_first_stage_that_is_not_archived(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.stages.move(tx.deals.get(alfa.deal.id), "offer")
        tx.pipelines.archive_stage(tx.pipelines.default("deal").stages[0])
        tx.pipelines.archive_stage(tx.pipelines.default("lead").stages[0])
    with app.begin(alfa.olena) as tx:
        assert tx.deals.add("Нова").stage.code == "offer"
        assert tx.leads.add("Новий").stage.code == "contacted"
        theirs = tx.cards.ref("deal", "crm:7", title="Замовлення")
        assert tx.deals.get(theirs.id).stage.code == "offer"


@only_sqlite
def test_final_stages_stay_behind_those_that_are_not(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        sales = tx.pipelines.default("deal")
        before = [each.id for each in sales.stages]
        first, won = sales.stages[0], sales.stages[-2]
        for change in (
            lambda: tx.pipelines.order_stages(sales, [*before[-1:], *before[:-1]]),
            lambda: tx.pipelines.add_stage(sales, NewStage("Виграш", outcome="won"), before=first),
            lambda: tx.pipelines.add_stage(sales, NewStage("Після"), before=sales.stages[-1]),
            lambda: tx.pipelines.add("deal", "Друга", [*ENDS, NewStage("Нова")]),
        ):
            with pytest.raises(Invalid, match="not final"):
                change()
        assert [each.id for each in tx.pipelines.default("deal").stages] == before
        tx.pipelines.add_stage(sales, NewStage("Оплата"), before=won)
        tx.pipelines.add_stage(sales, NewStage("Перемога", outcome="won"), before=won)
        codes = [each.code for each in tx.pipelines.default("deal").stages]
        assert codes[-5:] == ["contract", "оплата", "перемога", "won", "lost"]


@only_sqlite
def test_a_pipeline_that_is_refused_leaves_nothing(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        for wrong in (NewStage("2026"), NewStage(" "), NewStage("Нова", "з пробілом")):
            with pytest.raises(Invalid):
                tx.pipelines.add("deal", "Друга", [wrong, *ENDS])
    with app.begin(alfa.admin) as tx:
        assert [each.code for each in tx.pipelines.list("deal")] == ["sales"]


@only_sqlite
def test_pipelines_teams_and_stages_of_another_company_are_not_found(
    app: Ecm, alfa: Firm, beta: Firm
) -> None:
    with app.begin(alfa.admin) as tx:
        pipeline = tx.pipelines.default("deal")
        stage, team = pipeline.stages[1], tx.teams.add("Продажі")
        tx.teams.set_members(team, [alfa.olena.user_id])
        tx.requirements.require("deal", "source", stage)
    with app.begin(beta.admin) as tx:
        for change in (
            lambda: tx.pipelines.rename(pipeline, "Чужа"),
            lambda: tx.pipelines.archive(pipeline),
            lambda: tx.pipelines.restore(pipeline),
            lambda: tx.pipelines.add_stage(pipeline, NewStage("Чужа")),
            lambda: tx.pipelines.order_stages(pipeline, [each.id for each in pipeline.stages]),
            lambda: tx.pipelines.rename_stage(stage, "Чужа"),
            lambda: tx.pipelines.archive_stage(stage),
            lambda: tx.pipelines.restore_stage(stage),
            lambda: tx.requirements.require("deal", "amount", stage),
            lambda: tx.requirements.release("deal", "source", stage),
            lambda: tx.teams.rename(team, "Чужа"),
            lambda: tx.teams.set_members(team, [beta.olena.user_id]),
        ):
            with pytest.raises(NotFound):
                change()
        assert tx.teams.members(team) == []
    with app.begin(alfa.admin) as tx:
        found = tx.pipelines.default("deal")
        assert (found.name, found.stages[1].name, found.archived_at) == ("Sales", "Offer", None)
        assert [user.id for user in tx.teams.members(tx.teams.get(team.id))] == [alfa.olena.user_id]
        assert [each.field for each in tx.requirements.list("deal")] == ["source"]


@only_sqlite
def test_what_an_earlier_transaction_read_is_changed_in_a_later_one(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        pipeline, team = tx.pipelines.default("deal"), tx.teams.add("Продажі")
        stage = pipeline.stages[1]
    with app.begin(alfa.admin) as tx:
        tx.pipelines.rename(pipeline, "Збут")
        tx.pipelines.rename_stage(stage, "Пропозиція")
        tx.pipelines.add_stage(pipeline, NewStage("Оплата"), before=stage)
        tx.teams.rename(team, "Схід")
        tx.requirements.require("deal", "source", stage)
        tx.stages.move(tx.deals.add("Нова", source="сайт"), stage)
    with app.begin(alfa.admin) as tx:
        found = tx.pipelines.default("deal")
        assert (found.name, [each.name for each in found.stages][1:3]) == ("Збут", ["Оплата", "Пропозиція"])
        assert [each.name for each in tx.teams.list()] == ["Схід"]


def add_team(tx: UnitOfWork) -> None:
    tx.teams.add("Продажі")


def rename_team(tx: UnitOfWork) -> None:
    tx.teams.rename(tx.teams.list()[0], "Продажі")


def add_pipeline(tx: UnitOfWork) -> None:
    tx.pipelines.add("deal", "Сервіс", [NewStage("Нова"), *ENDS])


def add_stage(tx: UnitOfWork) -> None:
    tx.pipelines.add_stage(tx.pipelines.default("deal"), NewStage("Оплата"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (add_pipeline, add_pipeline),
        (add_stage, add_stage),
        (add_team, add_team),
        (add_team, rename_team),
    ],
)
def test_of_two_who_take_one_name_at_once_the_second_is_refused_and_goes_on(
    app: Ecm, alfa: Firm, first: Callable[[UnitOfWork], None], second: Callable[[UnitOfWork], None]
) -> None:
    with app.begin(alfa.admin) as tx:
        tx.teams.add("Захід")

    def try_it(tx: UnitOfWork) -> None:
        with pytest.raises(Taken):
            second(tx)
        tx.deals.add("Нова")

    change_meanwhile(app, (alfa.admin, alfa.admin), first, try_it)
    with app.begin(alfa.olena) as tx:
        assert [each.title for each in tx.deals.list()] == ["Нова", "Постачання сервера"]


def test_two_who_require_one_field_at_once_require_it_once(app: Ecm, alfa: Firm) -> None:
    def require(tx: UnitOfWork) -> None:
        tx.requirements.require("deal", "source", tx.pipelines.default("deal").stages[1])

    change_meanwhile(app, (alfa.admin, alfa.admin), require, require)
    with app.begin(alfa.olena) as tx:
        assert [each.field for each in tx.requirements.list("deal")] == ["source"]
