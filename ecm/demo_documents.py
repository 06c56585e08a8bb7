"""The demo company's deals and their documents: contracts, invoices, acts, letters, drawings, photos.

The papers of a deal speak of the same goods, sums and people, in the formats in which such papers come, in
Ukrainian and English.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape

from ecm.demo_formats import Block, Heading, Table, open_document_text, picture, web_page, word_file, workbook
from ecm.demo_pdf import pdf_file

COMPANY = "ТОВ «Обрій»"
_SELLER = (
    f"Постачальник: {COMPANY}, ЄДРПОУ 41234567, м. Київ, вул. Велика Васильківська, 72. Тел. (044) 555-01-28."
)
_SELLER_IN_ENGLISH = "Obrii LLC, 72 Velyka Vasylkivska Street, Kyiv, Ukraine, VAT 412345626591"


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """A document to be stored: ``content`` is the whole file."""

    filename: str
    kind: str
    title: str
    tags: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class DemoDeal:
    """A deal and its documents."""

    title: str
    amount: Decimal
    currency: str
    documents: tuple[DemoDocument, ...]


def make_demo_deals() -> tuple[DemoDeal, ...]:
    """Return five deals with sixteen documents. Raises `ecm.demo_pdf.DemoFontMissing`.

    What each file says is the same each time; the bytes of a PDF hold the time when it was made. Not for
    several threads at once.
    """
    return (_server(), _warehouse(), _network(), _school(), _hotel())


def _server() -> DemoDeal:
    goods = Table(
        (
            ("Найменування", "Кількість", "Ціна, грн", "Сума, грн"),
            ("Сервер стійковий 2U, 64 ГБ", "1", "118 000,00", "118 000,00"),
            ("Доставка та монтаж", "1", "7 000,00", "7 000,00"),
        )
    )
    buyer = "Покупець: ТОВ «Альфа-Трейд», ЄДРПОУ 38765432, м. Львів, вул. Городоцька, 15."
    contract: list[Block] = [
        "м. Київ, 2 березня 2026 р.",
        f"{COMPANY} в особі директора Ткаченко Олени Василівни та ТОВ «Альфа-Трейд» в особі "
        "директора Мельника "
        "Андрія Петровича уклали цей договір про таке.",
        Heading("1. Предмет договору"),
        "Постачальник зобов'язується поставити сервер і ввести його в дію, а Покупець "
        "прийняти та оплатити товар.",
        goods,
        Heading("2. Ціна та порядок розрахунків"),
        "Загальна вартість договору 125 000,00 грн, у тому числі ПДВ 20 833,33 грн. Оплата здійснюється за "
        "рахунками Постачальника: аванс 50 % протягом п'яти банківських днів, решта після підписання акта.",
        Heading("3. Відповідальність сторін"),
        "За прострочення оплати Покупець сплачує пеню в розмірі подвійної облікової ставки "
        "Національного банку.",
        Heading("4. Гарантія"),
        "Гарантійний строк 36 місяців. Заміна несправних вузлів протягом двох робочих днів.",
    ]
    invoice: list[Block] = [
        "від 5 березня 2026 р.",
        _SELLER,
        "IBAN UA213223130000026007233566001 в АТ «Укрексімбанк».",
        buyer,
        "Підстава: договір поставки № 14 від 02.03.2026.",
        goods,
        "Усього до сплати: 125 000,00 грн (сто двадцять п'ять тисяч гривень 00 копійок).",
        "Рахунок дійсний протягом п'яти банківських днів. Оплата цього рахунка означає згоду "
        "з умовами поставки.",
    ]
    act: list[Block] = [
        "м. Львів, 19 березня 2026 р.",
        "Постачальник передав, а Покупець прийняв обладнання за договором поставки № 14 від 02.03.2026.",
        goods,
        "Обладнання справне, змонтоване в серверній кімнаті. Сторони претензій не мають.",
        "Від Постачальника: Коваль І. С.    Від Покупця: Мельник А. П.",
    ]
    notes = (
        "Дзвінок Мельнику А. П., 12.03.2026\r\n\r\n"
        "Бухгалтерія Альфи оплатить двома рахунками: аванс до п'ятниці, решту після акта.\r\n"
        "Просять зателефонувати за день до доставки, щоб замовити перепустку.\r\n"
        "Телефон охорони: (032) 555-17-40.\r\n"
    )
    return DemoDeal(
        "Постачання сервера, ТОВ «Альфа-Трейд»",
        Decimal("125000.00"),
        "UAH",
        (
            DemoDocument(
                "Договір поставки № 14.docx",
                "contract",
                "Договір поставки № 14",
                ("сервер", "2026"),
                word_file("Договір поставки № 14", contract, header=COMPANY),
            ),
            DemoDocument(
                "Рахунок № 128.pdf",
                "invoice",
                "Рахунок на оплату № 128",
                ("сервер", "оплата"),
                pdf_file("Рахунок на оплату № 128", invoice),
            ),
            DemoDocument(
                "Акт приймання-передачі № 31.docx",
                "act",
                "Акт приймання-передачі № 31",
                ("сервер",),
                word_file("Акт приймання-передачі № 31", act, header=COMPANY),
            ),
            # As old programs save it: in the encoding of Windows, which the file does not name.
            DemoDocument("Дзвінок 12 березня.txt", "other", "Нотатки з дзвінка", (), notes.encode("cp1251")),
        ),
    )


def _warehouse() -> DemoDeal:
    offer: list[Block] = [
        "Вих. № 57 від 9 лютого 2026 р. Для: ПрАТ «Дніпро-Логістик», Бондаренко Марині Олегівні.",
        "Дякуємо за запит. Пропонуємо відремонтувати склад площею 1 240 м² за шість тижнів.",
        Table(
            (
                ("Роботи", "Строк", "Вартість, грн"),
                ("Демонтаж і підготовка підлоги", "1 тиждень", "148 200,00"),
                ("Наливна підлога", "2 тижні", "412 900,50"),
                ("Освітлення та електрика", "2 тижні", "196 500,00"),
                ("Ворота й доводчики", "1 тиждень", "85 000,00"),
            )
        ),
        "Разом 842 600,50 грн з ПДВ. Знижка 3 % за умови авансу 40 %. Пропозиція дійсна до 15 "
        "березня 2026 р.",
        "З повагою, керівник проєктів Коваль Ірина Сергіївна, i.koval@obrii.example",
    ]
    estimate = {
        "Кошторис": (
            ("Матеріал", "Одиниця", "Кількість", "Ціна, грн", "Дата постачання"),
            ("Наливна суміш", "мішок", 1860, 142.75, date(2026, 3, 18)),
            ("Ґрунтовка глибокого проникнення", "каністра", 96, 318.4, date(2026, 3, 16)),
            ("Світильник промисловий 150 Вт", "шт.", 64, 2150.0, date(2026, 4, 1)),
            ("Ворота секційні", "шт.", 2, 38400.0, date(2026, 4, 14)),
        ),
        "Бригада": (("Фах", "Людей", "Днів"), ("Бетонник", 6, 14), ("Електромонтажник", 3, 10)),
    }
    return DemoDeal(
        "Ремонт складу, ПрАТ «Дніпро-Логістик»",
        Decimal("842600.50"),
        "UAH",
        (
            DemoDocument(
                "Комерційна пропозиція.html",
                "offer",
                "Комерційна пропозиція на ремонт складу",
                ("ремонт",),
                web_page("Комерційна пропозиція на ремонт складу", offer, "uk"),
            ),
            DemoDocument(
                "Кошторис.xlsx", "other", "Кошторис матеріалів", ("ремонт", "ціни"), workbook(estimate)
            ),
            DemoDocument("План складу.svg", "drawing", "План складу", ("ремонт", "план"), _floor_plan()),
            DemoDocument(
                "Фото підлоги до робіт.png", "photo", "Підлога до початку робіт", ("ремонт",), _floor()
            ),
        ),
    )


def _network() -> DemoDeal:
    lines = Table(
        (
            ("Item", "Quantity", "Unit price, EUR", "Amount, EUR"),
            ("Managed switch, 48 ports", "4", "1,950.00", "7,800.00"),
            ("Wireless access point", "12", "420.00", "5,040.00"),
            ("Cabling and commissioning", "1", "5,560.00", "5,560.00"),
        )
    )
    contract: list[Block] = [
        "Kyiv, 12 January 2026",
        f"This agreement is made between {_SELLER_IN_ENGLISH} (the Supplier), and Northwind Consulting GmbH, "
        "Friedrichstrasse 110, Berlin, Germany (the Customer).",
        Heading("1. Scope of work"),
        "The Supplier delivers, installs and commissions the office network at the Customer's premises.",
        lines,
        Heading("2. Price and payment"),
        "The total price is EUR 18,400.00. Invoices are payable within thirty days of the date of issue. "
        "Late payment bears interest at eight percentage points above the base rate.",
        Heading("3. Confidentiality"),
        "Each party keeps the other's information secret for five years after the end of this agreement.",
        Heading("4. Term and termination"),
        "The agreement ends when the warranty of twenty-four months does. Either party may "
        "terminate it for a "
        "material breach that is not cured within thirty days of a written notice.",
    ]
    invoice: list[Block] = [
        "Date of issue: 27 February 2026. Due date: 29 March 2026.",
        f"From: {_SELLER_IN_ENGLISH}",
        "Bill to: Northwind Consulting GmbH, Friedrichstrasse 110, 10117 Berlin, Germany",
        "Reference: service agreement NW-2026-07",
        lines,
        "Total due: EUR 18,400.00. Reverse charge: VAT to be accounted for by the recipient.",
    ]
    letter: list[Block] = [
        "Berlin, 25 February 2026",
        "Dear Ms Koval,",
        "We confirm that the network was commissioned on 24 February and meets the acceptance "
        "criteria of the "
        "service agreement NW-2026-07. Please send the invoice to accounts@northwind.example.",
        "Two access points on the third floor are to be moved closer to the meeting rooms at "
        "no extra charge.",
        "Kind regards, Martin Weber, Head of IT",
    ]
    return DemoDeal(
        "Office network, Northwind Consulting",
        Decimal("18400.00"),
        "EUR",
        (
            DemoDocument(
                "Service agreement NW-2026-07.pdf",
                "contract",
                "Service agreement NW-2026-07",
                ("network", "2026"),
                pdf_file("Service agreement NW-2026-07", contract),
            ),
            DemoDocument(
                "Invoice INV-0012.pdf",
                "invoice",
                "Invoice INV-0012",
                ("network", "payment"),
                pdf_file("Invoice INV-0012", invoice),
            ),
            DemoDocument(
                "Acceptance letter.docx",
                "letter",
                "Acceptance letter",
                ("network",),
                word_file("Acceptance of the office network", letter, header="Northwind Consulting GmbH"),
            ),
        ),
    )


def _school() -> DemoDeal:
    letter: list[Block] = [
        "Вих. № 61 від 16 березня 2026 р. Директорові Ліцею № 7 Гончаруку Петру Івановичу.",
        "Шановний Петре Івановичу!",
        "Нагадуємо, що оплата за рахунками № 115 і № 121 за лютий має надійти до 25 березня. "
        "За умовами договору "
        "про обслуговування техніки несплачена сума становить 16 000,00 грн.",
        "Акт виконаних робіт додаємо. Просимо підписати та повернути один примірник.",
        "З повагою, головний бухгалтер Ткаченко О. В.",
    ]
    schedule = (
        "Дата;Кабінет;Роботи;Виконавець\r\n"
        "06.04.2026;Інформатика, 301;Чищення 24 комп'ютерів;Савчук\r\n"
        "07.04.2026;Бібліотека;Заміна картриджів;Савчук\r\n"
        "08.04.2026;Учительська;Налаштування принтерів;Лисенко\r\n"
    )
    act: list[Block] = [
        "за березень 2026 р. до договору № 3-О від 12.01.2026",
        Table(
            (
                ("Послуга", "Обсяг", "Вартість, грн"),
                ("Обслуговування комп'ютерів", "62 шт.", "6 200,00"),
                ("Обслуговування принтерів", "9 шт.", "1 800,00"),
            )
        ),
        "Послуги надано в повному обсязі. Разом 8 000,00 грн без ПДВ.",
    ]
    return DemoDeal(
        "Обслуговування техніки, Ліцей № 7",
        Decimal("96000.00"),
        "UAH",
        (
            DemoDocument(
                "Лист про оплату № 61.odt",
                "letter",
                "Лист про оплату за рахунками",
                ("обслуговування", "оплата"),
                open_document_text("Лист про оплату", letter),
            ),
            DemoDocument(
                "Акт виконаних робіт за березень.odt",
                "act",
                "Акт виконаних робіт за березень",
                ("обслуговування",),
                open_document_text("Акт виконаних робіт", act),
            ),
            # As Excel saves a table here: parted by semicolons, in the encoding of Windows.
            DemoDocument(
                "Графік робіт.csv", "other", "Графік робіт", ("обслуговування",), schedule.encode("cp1251")
            ),
        ),
    )


def _hotel() -> DemoDeal:
    prices = {
        "Прайс": (
            ("Товар", "Артикул", "Ціна, грн", "На складі", "Ціна діє до"),
            ("Ліжко двоспальне «Говерла»", "МБ-160", 12450.0, 18, date(2026, 6, 30)),
            ("Шафа дводверна «Синевир»", "МБ-220", 9870.0, 25, date(2026, 6, 30)),
            ("Стіл письмовий", "МБ-075", 4310.0, 40, date(2026, 6, 30)),
            ("Крісло м'яке", "МБ-031", 3890.0, 12, date(2026, 5, 31)),
        )
    }
    contract: list[Block] = [
        "м. Яремче, 10 березня 2026 р.",
        f"{COMPANY} (Виконавець) та готель «Карпати» (Замовник) домовилися про постачання "
        "меблів для двадцяти "
        "п'яти номерів.",
        "Вартість меблів 315 750,00 грн. Постачання трьома партіями з 1 квітня до 15 травня 2026 р.",
        "Якщо меблі пошкоджено під час перевезення, Виконавець замінює їх за свій рахунок протягом 14 днів.",
        "Усі спори вирішуються переговорами, а якщо згоди не досягнуто, у господарському суді.",
    ]
    return DemoDeal(
        "Меблі для готелю «Карпати»",
        Decimal("315750.00"),
        "UAH",
        (
            DemoDocument(
                "Прайс-лист на меблі.xlsx",
                "offer",
                "Прайс-лист на меблі",
                ("меблі", "ціни"),
                workbook(prices),
            ),
            DemoDocument(
                "Договір № 22-М.pdf",
                "contract",
                "Договір постачання меблів № 22-М",
                ("меблі", "2026"),
                pdf_file("Договір постачання меблів № 22-М", contract),
            ),
        ),
    )


def _floor_plan() -> bytes:
    rooms = (
        (40, 60, 420, 300, "Зона зберігання, 860 м²"),
        (460, 60, 220, 140, "Зона приймання, 240 м²"),
        (460, 200, 220, 160, "Офіс і побутові, 140 м²"),
    )
    shapes = "".join(
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#333"/>'
        f'<text x="{x + 14}" y="{y + 30}">{escape(name)}</text>'
        for x, y, width, height, name in rooms
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" font-family="sans-serif">'
        f'<title>План складу</title><text x="40" y="40">План складу, масштаб 1:200</text>{shapes}</svg>\n'
    ).encode()


def _floor() -> bytes:
    """A grey floor of slabs with a crack across it."""

    def color_at(x: int, y: int) -> tuple[int, int, int]:
        if x % 80 < 2 or y % 80 < 2:
            return 96, 94, 90
        if abs(y - x // 2 - (x * x // 97 + x) % 9) < 2:
            return 58, 54, 50
        shade = 168 + (x * 7 + y * 13) % 11 - y // 12
        return shade, shade - 3, shade - 9

    return picture(480, 320, color_at)
