"""Books, SVG drawings, calendars and contacts."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ecm.extraction.interface import Unreadable

ReadText = Callable[[Path, str], str]
FILES = Path(__file__).parents[2] / "files" / "containers"
EPUB = "application/epub+zip"
SVG = "image/svg+xml"


def test_a_book_is_read_in_the_order_of_its_chapters(read_text: ReadText) -> None:
    assert read_text(FILES / "writer.epub", EPUB).splitlines() == [
        "Договір поставки",
        "Unknown Author",
        "",
        "Договір поставки № 14/2026",
        "Постачальник зобов'язується передати серверне обладнання.",
        "Порядок розрахунків",
        "Оплата за рахунками протягом десяти днів.",
    ]


def test_chapters_go_by_the_spine_and_locked_ones_are_encrypted(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", EPUB)
        book.writestr(
            "META-INF/container.xml", '<c><rootfiles><rootfile full-path="O/b.opf"/></rootfiles></c>'
        )
        items = "".join(
            f'<item id="{name}" href="{name}%20x.xhtml" media-type="application/xhtml+xml"/>'
            for name in ("a", "b")
        )
        spine = '<itemref idref="b"/><itemref idref="a"/><itemref idref="none"/>'
        book.writestr("O/b.opf", f"<p><manifest>{items}</manifest><spine>{spine}</spine></p>")
        book.writestr("O/a x.xhtml", "<html><body>другий</body></html>")
        book.writestr("O/b x.xhtml", "<html><body>перший</body></html>")
    assert read_text(path, EPUB).split() == ["перший", "другий"]
    with zipfile.ZipFile(path, "a") as book:
        locked = '<e><CipherReference URI="O/a%20x.xhtml"/></e>'
        book.writestr("META-INF/encryption.xml", locked)
    with pytest.raises(Unreadable) as refusal:
        read_text(path, EPUB)
    assert refusal.value.reason == "encrypted"


def test_a_drawing_of_libreoffice_is_read_line_by_line(read_text: ReadText) -> None:
    assert read_text(FILES / "draw.svg", SVG).splitlines() == [
        "Схема",
        "Вхід з двору",
        "",
        "План складу",
        "обладнання",
        "Серверна шафа № 3",
    ]


def test_a_word_drawn_in_pieces_is_one_and_styles_are_no_text(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    path.write_bytes(
        '<?xml version="1.0" encoding="windows-1251"?><!DOCTYPE svg [<!ENTITY ns "urn:x">]>'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="&ns;"><style>.a{fill:red}</style>'
        '<text y="1"><tspan x="0" y="1">Дого</tspan><tspan x="9" y="1">вір</tspan>'
        '<tspan x="0" dy="1em">поставки</tspan></text></svg>'.encode("cp1251")
    )
    assert read_text(path, SVG) == "Договір\nпоставки"


def test_entities_that_multiply_draw_nothing(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "laughs.svg"
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    path.write_text(
        f'<!DOCTYPE svg [<!ENTITY e0 "ha">{entities}]><svg><title>t</title><text>&e9;</text></svg>'
    )
    with pytest.raises(Unreadable) as refusal:
        read_text(path, SVG)
    assert refusal.value.reason == "damaged"


def test_a_calendar_gives_what_where_when_and_who(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "meeting.ics"
    path.write_bytes(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Kyiv:20260305T100000\r\n"
        "SUMMARY:Підписання договору\\, склад № 2\r\nDESCRIPTION:Узяти\r\n  печатку\\nі копії\r\n"
        'ORGANIZER;CN="Петренко, Олена":mailto:olena@alfa.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'.encode()
    )
    assert read_text(path, "text/calendar").splitlines() == [
        "20260305T100000",
        "Підписання договору, склад № 2",
        "Узяти печатку",
        "і копії",
        "Петренко, Олена olena@alfa.example",
    ]


def test_contacts_are_read_in_the_forms_of_new_and_of_old_telephones(
    read_text: ReadText, tmp_path: Path
) -> None:
    path = tmp_path / "people.vcf"
    path.write_bytes(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Петренко;Олена;;;\r\nitem1.ORG:ТОВ «Альфа»;Збут\r\n"
        "TEL;TYPE=CELL:+380501112233\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9A=D0=BE=\r\n"
        "=D0=B2=D0=B0=D0=BB=D1=8C;=D0=86=D0=B2=D0=B0=D0=BD\r\nEND:VCARD\r\n".encode()
    )
    assert read_text(path, "text/vcard").splitlines() == [
        "Петренко Олена",
        "ТОВ «Альфа» Збут",
        "+380501112233",
        "Коваль Іван",
    ]
