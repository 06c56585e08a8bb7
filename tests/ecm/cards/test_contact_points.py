"""Phones and e-mails: kept as typed, compared by what they mean."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecm import Ecm
from ecm.cards.contact_points import POINTS_MOST, Phone, parse_email, parse_phone
from ecm.errors import Invalid
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)

MOBILE = "+380671234567"
SEPARATORS = st.sampled_from(["", " ", "-", " - ", ".", "\N{NO-BREAK SPACE}", "\N{EN DASH}"])
EXTENSION_WORDS = st.sampled_from(
    [
        "дод.",
        "дод. ",
        ", доб. ",
        " доб: ",
        " вн. ",
        " внутр. ",
        " ext. ",
        " x",
        " х",
        " #",
        " №",
        "; ext=",
        ",",
    ]
)


@pytest.mark.parametrize(
    "typed",
    [
        "0671234567",
        "067 123-45-67",
        "(067) 123 45 67",
        "+38 (067) 123-45-67",
        "+380 (0) 67 123 45 67",
        "380671234567",
        "00380671234567",
        "8 (067) 123-45-67",
        "80671234567",
        "тел. 067 123 45 67",
        "067 123 45 67 (Viber)",
        "0671234567 Олена",
        "tel:+380-67-123-45-67",
        "０６７１２３４５６７",
    ],
)
def test_the_same_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert parse_phone(typed) == Phone(MOBILE, None)


@settings(max_examples=30)
@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True), st.lists(SEPARATORS, min_size=3, max_size=3))
def test_formatting_never_changes_a_number(national: str, between: list[str]) -> None:
    parts = [national[:2], national[2:5], national[5:7], national[7:]]
    typed = parts[0] + "".join(
        f"{separator}{part}" for separator, part in zip(between, parts[1:], strict=True)
    )
    assert {parse_phone(prefix + typed) for prefix in ("0", "+380", "+38 0", "(0", "8 0", "380")} == {
        Phone(f"+380{national}", None)
    }


@settings(max_examples=50)
@given(st.from_regex(r"[0-9]{1,7}", fullmatch=True), EXTENSION_WORDS)
def test_an_extension_is_kept_apart(extension: str, word: str) -> None:
    assert parse_phone(f"067 123-45-67{word}{extension}") == Phone(MOBILE, extension)


@given(st.text(max_size=40) | st.from_regex(r"[+(]?[0-9 ()+x#,-]{5,20}", fullmatch=True))
def test_whatever_is_typed_is_a_number_that_stays_itself_or_is_refused(typed: str) -> None:
    try:
        phone = parse_phone(typed)
    except Invalid:
        return
    assert parse_phone(phone.e164) == Phone(phone.e164, None)
    assert re.fullmatch(r"\+[1-9][0-9]{3,16}", phone.e164)


@pytest.mark.parametrize(
    "typed", ["101", "123-45-67", "дод. 12", "0800-FLOWERS", "067 1234567, 050 7654321", "+380 44 12", "—"]
)
def test_what_is_no_possible_number_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Invalid, match=r"is no phone number") as refused:
        parse_phone(typed)
    assert repr(typed) in refused.value.reason


def test_a_number_without_its_countrys_code_is_of_the_cards_country() -> None:
    assert parse_phone("22 123 45 67", "PL") == Phone("+48221234567", None)
    assert parse_phone("+380 67 123 45 67", "PL") == Phone(MOBILE, None)
    with pytest.raises(Invalid):
        parse_phone("22 123 45 67", "AQ")


@settings(max_examples=50)
@given(st.emails())
def test_an_address_in_the_form_to_compare_stays_itself(typed: str) -> None:
    try:
        address = parse_email(typed)
    except Invalid:
        return  # domains that only a private network has, and characters that no mailbox has
    assert parse_email(address) == parse_email(typed.swapcase()) == address == address.lower()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Olena.Koval@Firm.COM.UA ", "olena.koval@firm.com.ua"),
        ("Олена@Приклад.УКР", "олена@приклад.укр"),
        ("info@xn--80aikifvh.xn--j1amh", "info@приклад.укр"),
    ],
)
def test_addresses_are_compared_in_lower_case_and_in_letters(typed: str, address: str) -> None:
    assert parse_email(typed) == address


@pytest.mark.parametrize("typed", ["olena", "olena@", "@firm.ua", "a@b@c.ua", "olena@firm", "o lena@firm.ua"])
def test_what_is_no_address_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Invalid, match=r"is no address") as refused:
        parse_email(typed)
    assert refused.value.field == "emails"
    assert repr(typed) in refused.value.reason


@ON_SQLITE
def test_points_are_kept_as_typed_with_their_labels_in_their_order(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        contact = tx.contacts.add(
            last_name="Коваль",
            phones=["(044) 123-45-67 дод. 12", {"value": "067 123 45 67", "label": "мобільний"}, "", " "],
            emails=["Olena@Firm.ua"],
        )
    with app.begin(alfa.olena) as tx:
        found = tx.contact_points.of([contact.id, alfa.deal.id])
        assert [*found] == [contact.id]
        assert [(p.kind, p.value, p.normalized, p.extension, p.label) for p in found[contact.id]] == [
            ("phone", "(044) 123-45-67 дод. 12", "+380441234567", "12", None),
            ("phone", "067 123 45 67", MOBILE, None, "мобільний"),
            ("email", "Olena@Firm.ua", "olena@firm.ua", None, None),
        ]


@ON_SQLITE
def test_a_number_that_is_typed_twice_is_kept_once_and_its_extensions_each(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        points = tx.contact_points.parse(
            ["044 123 45 67", "+380441234567", "0441234567 дод. 1", "044 123-45-67 #2"], ["A@b.ua", "a@B.ua"]
        )
        assert [point.value for point in points] == [
            "044 123 45 67",
            "0441234567 дод. 1",
            "044 123-45-67 #2",
            "A@b.ua",
        ]


@ON_SQLITE
def test_new_phones_take_the_place_of_the_old_ones_and_the_timeline_tells_both(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        firm = tx.organizations.add("Мрія", phones=["044 123 45 67"], emails=["info@mriya.ua"])
    with app.begin(alfa.olena) as tx:
        tx.organizations.update(firm, phones=["044 123 45 67"])
        assert [entry.kind for entry in tx.timeline.list(firm).items] == ["card.created"]
        tx.organizations.update(firm, phones=[{"value": "067 123 45 67", "label": "офіс"}, "050 123 45 67"])
        assert tx.timeline.list(firm).items[0].facts == {
            "field": "phones",
            "old": "044 123 45 67",
            "new": "067 123 45 67 (офіс), 050 123 45 67",
        }
    with app.begin(alfa.olena) as tx:
        found = tx.contact_points.of([firm.id])[firm.id]
        assert [point.value for point in found] == ["067 123 45 67", "050 123 45 67", "info@mriya.ua"]
        tx.organizations.update(firm, phones=[], emails=[])
        assert tx.contact_points.of([firm.id]) == {}


@ON_SQLITE
@pytest.mark.parametrize(
    "phones",
    ["0671234567", [380671234567], [{"number": "0671234567"}], [{"value": 67}], [MOBILE, "12"],
     [{"value": MOBILE, "label": "x" * 41}],
     [f"+3806712345{number}" for number in range(10, 11 + POINTS_MOST)]],
)  # fmt: skip
def test_nothing_is_made_when_a_phone_is_refused(app: Ecm, alfa: Firm, phones: list[str]) -> None:
    with app.begin(alfa.olena) as tx:
        with pytest.raises(Invalid) as refused:
            tx.contacts.add(last_name="Коваль", phones=phones)
        assert refused.value.field == "phones"
        assert tx.contacts.list().total == 0
