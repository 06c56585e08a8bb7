"""The deals of the demo company, and the documents on each."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from ecm.demo import words
from ecm.demo.office import make_docx, make_odt, make_xlsx
from ecm.demo.pdf import make_pdf
from ecm.demo.pictures import make_floor_plan, make_photo


@dataclass(frozen=True)
class DemoDocument:
    """A document as it is put on a deal.

    `make` gives its content, `make_newer` that of a second version. `also_on` is the title of another deal.
    """

    filename: str
    kind: str
    make: Callable[[], bytes]
    tags: tuple[str, ...] = ()
    make_newer: Callable[[], bytes] | None = None
    also_on: str | None = None
    trashed: bool = False


@dataclass(frozen=True)
class DemoDeal:
    """A deal; `owner` is who works on it, by the first part of the e-mail."""

    title: str
    amount: str
    currency: str
    stage: str
    owner: str
    documents: tuple[DemoDocument, ...]


SERVERS = "Постачання серверів, ТОВ «Мрія Логістик»"
NETWORK = "Локальна мережа, ліцей № 7"
NORDWIND = "Software maintenance, Nordwind Instruments"
WAREHOUSE = "Пожежна сигналізація, склад № 2"
SERVICE = "Обслуговування оргтехніки, ПП «Колос»"


def list_deals() -> tuple[DemoDeal, ...]:
    """All deals with their documents; contents are made when asked for."""
    return (
        DemoDeal(SERVERS, "1248600.00", "UAH", "negotiation", "petro", _servers()),
        DemoDeal(NETWORK, "386200.00", "UAH", "new", "olena", _network()),
        DemoDeal(NORDWIND, "18000.00", "EUR", "won", "olena", _nordwind()),
        DemoDeal(WAREHOUSE, "214750.00", "UAH", "negotiation", "petro", _warehouse()),
        DemoDeal(SERVICE, "57600.00", "UAH", "won", "petro", _service()),
    )


def _servers() -> tuple[DemoDocument, ...]:
    contract = "Договір постачання № 17-П"
    return (
        DemoDocument(
            f"{contract}.docx",
            "contract",
            lambda: make_docx(contract, words.supply_contract(days=30)),
            ("сервери", "2026"),
            make_newer=lambda: make_docx(contract, words.supply_contract(days=21)),
        ),
        DemoDocument(
            "Рахунок № 214.pdf",
            "invoice",
            lambda: make_pdf("Рахунок на оплату № 214 від 12 березня 2026 року", words.INVOICE),
            ("сервери", "оплата"),
        ),
        DemoDocument(
            "Акт приймання-передачі № 41.docx",
            "act",
            lambda: make_docx("Акт приймання-передачі № 41", words.ACT),
            ("сервери",),
        ),
        DemoDocument(
            "Прайс-лист, весна 2026.xlsx",
            "offer",
            lambda: make_xlsx("Прайс-лист, весна 2026", "Обладнання", words.PRICES, (12, 46, 10, 14)),
            ("ціни",),
            also_on=NETWORK,
        ),
    )


def _network() -> tuple[DemoDocument, ...]:
    return (
        DemoDocument(
            "Комерційна пропозиція № 58.html", "offer", lambda: words.OFFER.encode(), ("мережа", "тендер")
        ),
        DemoDocument(
            "Лист про перенесення строку.odt",
            "letter",
            lambda: make_odt("Лист про перенесення строку монтажу", words.LETTER),
            ("мережа",),
        ),
        DemoDocument("Специфікація кабельної мережі.csv", "other", _specification, ("мережа",)),
    )


def _nordwind() -> tuple[DemoDocument, ...]:
    return (
        DemoDocument(
            "Maintenance agreement NW-2026-03.pdf",
            "contract",
            lambda: make_pdf("Software maintenance agreement NW-2026-03", words.AGREEMENT),
            ("english", "2026"),
        ),
        DemoDocument("Kick-off meeting notes.md", "other", lambda: words.MEETING.encode(), ("english",)),
    )


def _warehouse() -> tuple[DemoDocument, ...]:
    return (
        DemoDocument("План сповіщувачів.svg", "drawing", make_floor_plan, ("сигналізація",)),
        DemoDocument("Фото щита до монтажу.png", "photo", make_photo, ("сигналізація",)),
        DemoDocument(
            "Чернетка пропозиції.txt",
            "offer",
            lambda: words.DRAFT.encode(),
            trashed=True,
        ),
    )


def _service() -> tuple[DemoDocument, ...]:
    return (
        # As older accounting programs write it.
        DemoDocument(
            "Нагадування про оплату.txt", "letter", lambda: words.REMINDER.encode("cp1251"), ("оплата",)
        ),
    )


def _specification() -> bytes:
    """A table as spreadsheets here expect it: semicolons, and a mark that it is UTF-8."""
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows(words.SPECIFICATION)
    return table.getvalue().encode("utf-8-sig")
