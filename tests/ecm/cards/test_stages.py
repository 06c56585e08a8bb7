"""Pipelines, required fields, moves between stages and their history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ecm import Ecm, clock
from ecm.cards.pipelines import DEFAULTS, NewStage
from ecm.errors import Forbidden, InUse, Invalid, ManagedByApplication, MissingFields, NotFound, Taken
from ecm.models import Deal
from tests.firms import Firm
from tests.statements import hear_statements

pytestmark = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)

SERVICE = [
    NewStage("Заявка"),
    NewStage("Роботи"),
    NewStage("Закрито", outcome="won"),
    NewStage("Відмова", outcome="lost"),
]


def test_a_new_company_has_a_pipeline_of_deals_and_one_of_leads(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for kind, (code, _, stages) in DEFAULTS.items():
            assert [each.code for each in tx.pipelines.list(kind)] == [code]
            assert [each.code for each in tx.pipelines.default(kind).stages] == [each.code for each in stages]


def test_a_company_has_several_pipelines_each_with_stages_in_its_own_order(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        service = tx.pipelines.add("deal", "Сервіс", SERVICE)
        tx.pipelines.add_stage(service, NewStage("Приймання"))
        first, second, third, won, lost = (each.id for each in service.stages)
        tx.pipelines.order_stages(service, [third, first, second, lost, won])
    with app.begin(alfa.olena) as tx:
        assert [each.code for each in tx.pipelines.list("deal")] == ["sales", "сервіс"]
        found = tx.pipelines.get("сервіс", kind="deal")
        assert [each.name for each in found.stages] == [
            "Приймання",
            "Заявка",
            "Роботи",
            "Відмова",
            "Закрито",
        ]
        deal = tx.deals.add("Ремонт", pipeline="сервіс")
        assert (deal.pipeline.code, deal.stage.code) == ("сервіс", "приймання")


def test_making_the_second_deal_of_a_unit_of_work_reads_nothing(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.fields.add("deal", "Область", "text")
    with app.begin(alfa.olena) as tx:
        tx.deals.add("Перша", stage="offer", fields={"область": "Львів"})
        with hear_statements(app) as sent:
            second = tx.deals.add("Друга", stage="offer", fields={"область": "Одеса"})
    assert not [each.sql for each in sent if each.is_reading]
    assert (second.pipeline.code, second.stage.code) == ("sales", "offer")  # and is whole outside of it


@pytest.mark.parametrize(
    ("stages", "error"),
    [
        (SERVICE[:3], Invalid),
        (SERVICE[1:2], Invalid),
        ([*SERVICE, NewStage("Заявка")], Taken),
        ([*SERVICE, NewStage("Брак", outcome="junk")], Invalid),
    ],
)
def test_a_pipeline_needs_stages_to_begin_and_to_end_with(
    app: Ecm, alfa: Firm, stages: list[NewStage], error: type[Exception]
) -> None:
    with app.begin(alfa.admin) as tx, pytest.raises(error):
        tx.pipelines.add("deal", "Сервіс", stages)


def test_only_administrators_change_pipelines(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        for change in (
            lambda: tx.pipelines.add("deal", "Сервіс", SERVICE),
            lambda: tx.pipelines.rename(tx.pipelines.default("deal"), "Інше"),
            lambda: tx.requirements.require("deal", "amount"),
            lambda: tx.teams.add("Продажі"),
        ):
            with pytest.raises(Forbidden):
                change()


def test_a_stage_in_which_deals_stand_is_not_archived(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        pipeline = tx.pipelines.default("deal")
        with pytest.raises(InUse) as refused:
            tx.pipelines.archive_stage(tx.pipelines.stage(pipeline, "new"))
        assert refused.value.cards == 1
        with pytest.raises(InUse):
            tx.pipelines.archive_stage(tx.pipelines.stage(pipeline, "won"))
        offer = tx.pipelines.stage(pipeline, "offer")
        tx.pipelines.archive_stage(offer)
        with pytest.raises(Invalid, match="not archived"):
            tx.stages.move(tx.deals.get(alfa.deal.id), offer)


def test_the_last_pipeline_that_takes_deals_is_not_archived(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        sales = tx.pipelines.default("deal")
        with pytest.raises(InUse):
            tx.pipelines.archive(sales)
        tx.pipelines.add("deal", "Сервіс", SERVICE)
        tx.pipelines.archive(sales)
        assert tx.deals.add("Нова").pipeline.code == "сервіс"
        with pytest.raises(Invalid, match="archived"):
            tx.deals.add("Нова", pipeline="sales")


def test_moving_to_a_stage_lists_every_required_field_that_is_missing(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        sales = tx.pipelines.default("deal")
        tx.requirements.require("deal", "organization", tx.pipelines.stage(sales, "offer"))
        tx.requirements.require("deal", "expected_close", tx.pipelines.stage(sales, "negotiation"))
        tx.requirements.require("deal", "source", tx.pipelines.stage(sales, "won"))
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        with pytest.raises(MissingFields) as refused:
            tx.stages.move(deal, "contract")
        assert [(each.field, each.stage) for each in refused.value.missing] == [
            ("organization", "Offer"),
            ("expected_close", "Negotiation"),
        ]
        assert deal.stage.code == "new"
        organization = tx.organizations.add("Мрія")
        tx.deals.update(deal, organization=organization.id, expected_close="2026-12-31", stage="contract")
        assert deal.stage.code == "contract"
        with pytest.raises(MissingFields):
            tx.deals.update(deal, expected_close=None)


def test_a_deal_is_lost_for_a_reason_and_without_what_its_stages_ask_for(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.admin) as tx:
        tx.requirements.require("deal", "source", tx.pipelines.stage(tx.pipelines.default("deal"), "new"))
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        with pytest.raises(Invalid) as refused:
            tx.stages.move(deal, "lost")
        assert refused.value.field == "reason"
        tx.stages.move(deal, "lost", reason="Обрали іншого")
        assert (deal.lost_reason, deal.closed_at is not None) == ("Обрали іншого", True)
        tx.deals.update(deal, source="сайт", stage="new")
        assert (deal.lost_reason, deal.closed_at) == (None, None)


def test_the_history_of_stages_keeps_who_when_and_how_long(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begin)
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.add("Нова")
    monkeypatch.setattr(clock, "now", lambda: begin + timedelta(hours=2))
    with app.begin(alfa.petro) as tx:
        tx.stages.move(tx.deals.get(deal.id), "offer")
    monkeypatch.setattr(clock, "now", lambda: begin + timedelta(hours=5))
    with app.begin(alfa.olena) as tx:
        found = tx.stages.history(tx.deals.get(deal.id))
    assert [(each.stage.code, each.by_id, each.lasted, each.is_current) for each in found] == [
        ("offer", alfa.petro.user_id, timedelta(hours=3), True),
        ("new", alfa.olena.user_id, timedelta(hours=2), False),
    ]


def test_stages_and_pipelines_of_another_company_are_not_there(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(beta.admin) as tx:
        foreign = tx.pipelines.add("deal", "Чужа", SERVICE)
        stage = foreign.stages[1]
    with app.begin(alfa.olena) as tx:
        with pytest.raises(NotFound):
            tx.pipelines.get(foreign.id)
        with pytest.raises(Invalid):
            tx.deals.add("Нова", pipeline=foreign.id)
        with pytest.raises(Invalid):
            tx.stages.move(tx.deals.get(alfa.deal.id), stage)
        with pytest.raises(NotFound):
            tx.deals.add("Нова", owner_id=beta.olena.user_id)


def test_a_card_of_an_application_is_changed_by_the_application_alone(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.cards.ref("deal", "crm:7", title="Замовлення", url="https://crm.example/7")
        assert isinstance(deal, Deal)
        for change in (
            lambda: tx.deals.update(deal, title="Інше"),
            lambda: tx.stages.move(deal, "offer"),
            lambda: tx.products.set(deal, []),
        ):
            with pytest.raises(ManagedByApplication) as refused:
                change()
            assert refused.value.url == "https://crm.example/7"
