"""Mail and mailboxes, from messages composed by programs and by hand as programs compose them."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from ecm.extraction import Extraction, ExtractionPool
from ecm.extraction.encodings import decode
from ecm.extraction.mail_headers import decode_field
from ecm.media_types import MediaTypeDetector

FILES = Path(__file__).parents[2] / "files" / "containers"
ReadFile = Callable[[Path], Extraction]


@pytest.fixture(scope="module")
def read_file() -> ReadFile:
    detector = MediaTypeDetector()

    def read(path: Path) -> Extraction:
        with ExtractionPool() as pool:
            return pool.extract(path, detector.of_file(path, path.name), path.name)

    return read


def lines(extraction: Extraction) -> list[str]:
    assert (extraction.state, extraction.reason) == ("done", "")
    return [line for line in extraction.text.splitlines() if line]


def test_fields_letter_and_attachments_of_all_kinds_are_read(read_file: ReadFile) -> None:
    found = lines(read_file(FILES / "composed.eml"))
    assert found[:8] == [
        "From: Олена Петренко <olena@alfa.example>",
        "To: Іван Коваль <ivan@beta.example>, buh@beta.example",
        "Cc: Юридичний відділ <law@alfa.example>",
        "Subject: Договір поставки серверного обладнання: підписати до п'ятниці",
        "Date: Thu, 05 Mar 2026 10:15:00 +0000",
        "Надсилаю договір і архів угоди.",
        "угода.tar.gz",
        "Угода 42/Нотатки.txt",
    ]
    assert "Постачальник зобов'язується передати серверне обладнання." in found
    assert found[-3:] == ["Зауваження.csv", "Зауваження;Сума", "знижка;5"]


def test_mail_as_outlook_writes_it(read_file: ReadFile) -> None:
    assert lines(read_file(FILES / "outlook.eml")) == [
        "From: Коваль Іван <ivan@beta.example>",
        "To: <olena@alfa.example>",
        "Subject: RE: Договір поставки",
        "Date: Fri, 6 Mar 2026 09:00:12 +0200",
        "Погоджую, але їхня ціна зависока.",
        "Бета",
        "Правки.txt",
        "Пункт 4.2 викласти в іншій редакції",
    ]


def test_mail_as_gmail_writes_it(read_file: ReadFile) -> None:
    assert lines(read_file(FILES / "gmail.eml")) == [
        "From: Ірина Шевченко <iryna@gamma.example>",
        "To: olena@alfa.example",
        "Subject: Fwd: Акт виконаних робіт",
        "Date: Mon, 9 Mar 2026 11:02:03 +0200",
        "Дивіться нижче.",
        "---------- Forwarded message ---------",
        "Від: Бухгалтерія",
        "Тема: Акт виконаних робіт",
        "Просимо підписати акт за лютий.",
        "Акти.zip",
        "middle.7z",
        "inner.zip",
        "Угода 42/Нотатки.txt",
        "Зателефонувати Олені щодо знижки",
    ]


THUNDERBIRD = [
    "From: Марія Бойко <maria@delta.example>",
    "To: olena@alfa.example",
    "Subject: Fwd: Рахунок № 128",
    "Date: Tue, 10 Mar 2026 12:00:00 +0200",
    "Оплатіть, будь ласка.",
    "Рахунок 128.eml",
    "From: buh@delta.example",
    "To: maria@delta.example",
    "Subject: Счёт на оплату",
    "Date: Mon, 9 Mar 2026 18:00:00 +0200",
    "Во вложении счёт за февраль.",
]
RAW = [
    "From: Склад <sklad@epsilon.example>",
    "To: Олена Петренко <olena@alfa.example>",
    "Subject: Залишки на складі, терміново",
    "Date: Wed, 11 Mar 2026 08:00:00 +0200",
    "Залишилося десять серверів і двадцять моніторів.",
]


def test_mail_as_thunderbird_writes_it_with_a_letter_attached(read_file: ReadFile) -> None:
    assert lines(read_file(FILES / "thunderbird.eml")) == THUNDERBIRD


def test_letters_as_they_are_in_the_header_and_a_wrong_charset(read_file: ReadFile) -> None:
    assert lines(read_file(FILES / "raw-cp1251.eml")) == RAW


def test_words_cut_in_the_middle_of_a_letter_and_a_report_of_a_mail_server(read_file: ReadFile) -> None:
    assert lines(read_file(FILES / "bounce.eml")) == [
        "From: robot@zeta.example",
        "To: undisclosed-recipients:;",
        "Subject: Терміново: рахунок оплачено",
        "Date: Thu, 12 Mar 2026 08:00:00 +0200",
        "Лист не доставлено",
        "Reporting-MTA: dns; mx.zeta.example",
        "Final-Recipient: rfc822; nobody@zeta.example",
        "Action: failed",
    ]


def test_the_messages_of_a_mailbox_are_read(read_file: ReadFile) -> None:
    found = lines(read_file(FILES / "inbox.mbox"))
    first, second, third = (found.index(name) for name in ("1.eml", "2.eml", "3.eml"))
    assert found[first + 1 : second] == THUNDERBIRD
    assert "From Kyiv to Lviv at 10:15 by train" in found[second:third]
    assert found[third + 1 :] == RAW


def test_a_mail_in_a_mail_in_base64_is_read(read_file: ReadFile, tmp_path: Path) -> None:
    path = tmp_path / "wrapped.eml"
    inner = EmailMessage()
    inner["Subject"], inner["From"], inner["Message-ID"] = "Внутрішній", "a@b.example", "<1@b.example>"
    inner["Date"] = "Thu, 05 Mar 2026 10:15:00 +0000"
    inner.set_content("таємниця листа")
    outer = EmailMessage()
    outer["Subject"], outer["From"] = "Зовнішній", "c@d.example"
    outer.add_attachment(inner.as_bytes(), maintype="application", subtype="octet-stream", filename="a.eml")
    data = outer.as_bytes()
    path.write_bytes(data.replace(b"application/octet-stream", b"message/rfc822"))
    assert "таємниця листа" in read_file(path).text


def test_a_letter_without_words_in_html_is_read_in_its_plain_form(
    read_file: ReadFile, tmp_path: Path
) -> None:
    path = tmp_path / "plain.eml"
    message = EmailMessage()
    message["Subject"], message["From"] = "Тема", "a@b.example"
    message.set_content("звичайний текст")
    message.add_alternative("<html><body><img src=x></body></html>", subtype="html")
    path.write_bytes(message.as_bytes())
    assert lines(read_file(path))[-1] == "звичайний текст"


def test_an_attached_file_that_cannot_be_read_is_told_of(read_file: ReadFile, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    message = EmailMessage()
    message["Subject"], message["From"] = "Скан", "a@b.example"
    message.set_content("дивіться файл")
    message.add_attachment(b"%PDF-1.7 garbage", maintype="application", subtype="pdf", filename="скан.pdf")
    path.write_bytes(message.as_bytes())
    extraction = read_file(path)
    assert (extraction.state, extraction.reason) == ("done", "damaged")
    assert "дивіться файл\n\nскан.pdf" in extraction.text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?Q?=D0=A2=D0=B5=D1=81=D1=82_=D1=97?=", "Тест ї"),
        ("=?windows-1251?B?0uXx8g?=", "Тест"),  # without its padding
        ("=?koi8-r?B?9MXT1A==?==?koi8-r?Q?_=D4?=", "Тест т"),  # without a blank between
        ("=?cp-1251?Q?=D2=E5=F1=F2?= <a@b.example>", "Тест <a@b.example>"),  # a charset of no such name
        ("=?utf-8?Q?a?= and =?utf-8?Q?b?=", "a and b"),
        ("=?utf-8?X?no?= =? ?=", "=?utf-8?X?no?= =? ?="),
        ("line\r\n\tand line", "line and line"),
    ],
)
def test_fields_are_decoded_however_they_are_written(written: str, read: str) -> None:
    assert decode_field(written) == read


def test_a_declared_charset_is_believed_unless_another_reads_far_better() -> None:
    text = "Погоджую, але їхня ціна зависока"
    for true in ("cp1251", "koi8_u", "cp1125"):
        for declared in ("cp1251", "koi8-r", "cp866", "iso8859-1", "ascii", "utf-8"):
            if (true, declared) != ("cp1125", "cp866"):
                assert decode(text.encode(true), declared=declared) == text
    assert decode("їжак".encode("koi8_u"), declared="koi8-u") == "їжак"
    assert decode("naïve".encode("cp1252"), declared="iso8859-1") == "naïve"
    assert decode("Žluťoučký kůň".encode("cp1250"), declared="cp1250") == "Žluťoučký kůň"


def test_one_broken_letter_does_not_spoil_utf_8() -> None:
    data = "Оплата за рахунками".encode()
    assert decode(data[:9] + b"\xff" + data[10:]).startswith("Опла")
    assert decode(data[:9] + b"\xff" + data[10:]).endswith("за рахунками")
