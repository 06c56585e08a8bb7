"""The demo company's clients, leads and pipelines: what sales people work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from ecm.cards.conversion_drafts import Target
from ecm.cards.pipelines import NewStage
from ecm.demo.documents import NETWORK, NORDWIND, SERVERS, SERVICE, WAREHOUSE
from ecm.models import Card, Contact, Deal, Document, Lead, Organization
from ecm.unit_of_work import UnitOfWork

Begin = Callable[[str], AbstractContextManager[UnitOfWork]]
"""Begins a unit of work of one of the people, all in the same transaction."""

SERVICE_PIPELINE: Final = "service"
BRANCHES: Final = ("Логістика", "Освіта", "Виробництво", "Торгівля")
_STAGES: Final = (
    NewStage("Заявка", "request"),
    NewStage("Виїзд інженера", "visit"),
    NewStage("Акт", "act"),
    NewStage("Виконано", "done", "won"),
    NewStage("Відмова", "refused", "lost"),
)


@dataclass(frozen=True, slots=True)
class _Client:
    """A firm, who answers there, and in which role, and the title of their deal."""

    firm: Mapping[str, Any]
    person: Mapping[str, Any]
    role: str
    deal: str
    owner: str


_CLIENTS: Final = (
    _Client(
        {
            "title": "ТОВ «Мрія Логістик»",
            "tax_number": "32855961",
            "address": "м. Бориспіль, вул. Київський Шлях, 97",
            "phones": ["044 390 12 40"],
            "emails": ["office@mriya-logistic.example"],
            "fields": {"branch": {"name": "Логістика"}},
        },
        {
            "last_name": "Гнатюк",
            "first_name": "Роман",
            "middle_name": "Васильович",
            "phones": ["050 390 12 41"],
            "emails": ["r.hnatiuk@mriya-logistic.example"],
        },
        "директор",
        SERVERS,
        "petro",
    ),
    _Client(
        {"title": "Ліцей № 7", "tax_number": "25000171", "fields": {"branch": {"name": "Освіта"}}},
        {"last_name": "Лисенко", "first_name": "Тетяна", "phones": ["044 277 15 03"]},
        "директорка",
        NETWORK,
        "olena",
    ),
    _Client(
        {
            "title": "Nordwind Instruments GmbH",
            "country": "DE",
            "tax_number": "DE 811 907 980",
            "website": "nordwind.example",
            "fields": {"branch": {"name": "Виробництво"}},
        },
        {
            "last_name": "Weber",
            "first_name": "Anna",
            "country": "DE",
            "phones": ["+49 30 901820"],
            "emails": ["a.weber@nordwind.example"],
        },
        "head of purchasing",
        NORDWIND,
        "olena",
    ),
    _Client(
        {"title": "ПП «Колос»", "tax_number": "40112233", "fields": {"branch": {"name": "Торгівля"}}},
        {"last_name": "Мельник", "first_name": "Ігор", "phones": ["067 510 44 72"]},
        "власник",
        SERVICE,
        "petro",
    ),
)
_LINES: Final = (
    {"name": "Сервер стійковий 2U", "quantity": "3", "unit": "шт.", "price": "298000.00"},
    {"name": "Система зберігання даних, 48 ТБ", "quantity": "1", "unit": "шт.", "price": "276500.00"},
    {"name": "Джерело безперебійного живлення, 6 кВА", "quantity": "1", "unit": "шт.", "price": "78100.00"},
)


def set_up_cards(begin: Begin) -> None:
    """The second pipeline, the custom fields, and what is required. Before the first card."""
    with begin("olena") as tx:
        tx.pipelines.add("deal", "Обслуговування", _STAGES, code=SERVICE_PIPELINE)
        branches = tx.option_sets.add("Галузі", BRANCHES)
        for kind in ("lead", "organization", "deal"):
            tx.fields.add(kind, "Галузь", "list", key="branch", option_set=branches)
        tx.fields.add("deal", "Номер тендеру", "text", key="tender")
        tx.requirements.require("contact", "phones")
        sales, leads = tx.pipelines.default("deal"), tx.pipelines.default("lead")
        tx.requirements.require("deal", "expected_close", tx.pipelines.stage(sales, "contract"))
        tx.requirements.require("lead", "phones", tx.pipelines.stage(leads, "contacted"))


def add_clients(begin: Begin, deals: Mapping[str, Deal]) -> None:
    """The firms and people behind the deals, a deal of the second pipeline, and documents on clients."""
    for each in _CLIENTS:
        with begin(each.owner) as tx:
            firm = tx.organizations.add(**each.firm)
            person = tx.contacts.add(**each.person, organizations=[firm.id])
            tx.contacts.join(person, firm, each.role)
            tx.deals.update(
                deals[each.deal],
                contact=person.id,
                organization=firm.id,
                fields={"branch": each.firm["fields"]["branch"]},
            )
            if each.deal == SERVERS:
                _show_on(tx, "Договір постачання № 17-П.docx", firm)
                tx.products.set(deals[SERVERS], _LINES)
                tx.timeline.comment(deals[SERVERS], "Роман Васильович просить поставити до кінця кварталу.")
            if each.deal == NORDWIND:
                _show_on(tx, "Kick-off meeting notes.md", person)
            if each.deal == SERVICE:
                _add_service(tx, person, firm)
    with begin("petro") as tx:
        tx.timeline.comment(deals[WAREHOUSE], "Чекаємо на погодження плану з пожежниками.")


def add_leads(begin: Begin) -> None:
    """Leads in each state: new, contacted, junk with its reason, converted; and one of a known client."""
    with begin("olena") as tx:
        tx.leads.add(
            "Запит із сайту: камери для складу",
            first_name="Марія",
            emails=["maria@zatyshok.example"],
            organization_name="ТОВ «Затишок»",
            source="Сайт",
            fields={"branch": {"name": "Торгівля"}},
        )
        junk = tx.leads.add("Пропозиція розкрутки сайту", emails=["promo@seo.example"], source="Пошта")
        tx.stages.move(junk, "junk", reason="Реклама, не клієнт")
        tx.leads.add(
            "Ще два комутатори для ліцею",
            contact=_find(tx, Contact, "Лисенко Тетяна").id,
            organization=_find(tx, Organization, "Ліцей № 7").id,
            source="Дзвінок",
        )
    with begin("petro") as tx:
        contacted = tx.leads.add(
            "Модернізація серверної", last_name="Ткач", first_name="Юрій", source="Виставка",
            phones=["063 204 18 55"], fields={"branch": {"name": "Виробництво"}},
        )  # fmt: skip
        tx.stages.move(contacted, "contacted")
        tx.timeline.comment(contacted, "Просив передзвонити після 15-го.")
        _convert(tx)


def _add_service(tx: UnitOfWork, person: Contact, firm: Organization) -> None:
    tx.deals.add(
        "Виїзд: не друкує принтер у бухгалтерії",
        amount="1800.00",
        pipeline=SERVICE_PIPELINE,
        stage="visit",
        contact=person.id,
        organization=firm.id,
    )


def _convert(tx: UnitOfWork) -> None:
    lead: Lead = tx.leads.add(
        "Відеоспостереження для пекарні",
        last_name="Савчук",
        first_name="Наталія",
        job_title="керуюча",
        organization_name="ТОВ «Пекарня на Подолі»",
        phones=["044 425 60 18"],
        emails=["n.savchuk@pekarnia.example"],
        amount="96400.00",
        source="Рекомендація",
        fields={"branch": {"name": "Виробництво"}},
    )
    tx.timeline.comment(lead, "Дванадцять камер, архів на 30 днів.")
    targets = {"contact": Target(), "organization": Target(), "deal": Target(pipeline="sales")}
    tx.conversions.convert(lead, targets)


def _show_on(tx: UnitOfWork, title: str, card: Card) -> None:
    query = select(Document.id).where(Document.company_id == tx.company_id, Document.title == title)
    tx.documents.link(tx.documents.get(tx.session.scalars(query).one()), card)


def _find(tx: UnitOfWork, model: type[Card], title: str) -> Card:
    query = select(model).where(Card.company_id == tx.company_id, Card.title == title)
    return tx.session.scalars(query).one()
