"""Tax numbers: check digits of those of Ukraine, and others as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm.cards.tax_numbers import is_firm_code, is_person_number, parse_tax_number
from ecm.errors import Invalid

# Codes of banks, of the railways, of the post: older and newer ones, and of those between with other weights.
FIRMS = ["00032129", "14360570", "20077720", "21560045", "32855961", "38037409", "41153878", "00039002"]
PERSONS = ["3184710691", "1759013776"]


@pytest.mark.parametrize("code", FIRMS)
def test_codes_of_known_firms_are_right(code: str) -> None:
    assert parse_tax_number("UA", code, of_person=False) == code


@pytest.mark.parametrize("number", PERSONS)
def test_a_persons_number_is_right_for_a_person_and_for_a_firm_that_is_one(number: str) -> None:
    assert {parse_tax_number("UA", number, of_person=of_person) for of_person in (True, False, None)} == {
        number
    }


@given(st.integers(1, 9_999_999).map("{:07}".format))
def test_each_code_of_a_firm_has_one_check_digit(beginning: str) -> None:
    assert sum(is_firm_code(f"{beginning}{digit}") for digit in range(10)) == 1


@given(st.integers(1, 999_999_999).map("{:09}".format))
def test_each_number_of_a_person_has_one_check_digit(beginning: str) -> None:
    assert sum(is_person_number(f"{beginning}{digit}") for digit in range(10)) == 1


@given(
    st.sampled_from(FIRMS + PERSONS), st.lists(st.sampled_from([" ", "-", "", ".", "/", "\xa0"]), min_size=10)
)
def test_formatting_aside_a_number_is_the_same(number: str, between: list[str]) -> None:
    typed = "".join(digit + separator for digit, separator in zip(number, between, strict=False))
    assert parse_tax_number("UA", typed) == number


@pytest.mark.parametrize(
    "number", ["32855962", "3285596", "328559610", "00000000", "ЄДРПОУ 32855961", "АБ123456"[:7]]
)
def test_what_is_no_code_of_a_firm_is_refused(number: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_tax_number("UA", number, of_person=False)
    assert refused.value.field == "tax_number"


@pytest.mark.parametrize("number", ["3184710692", "318471069", "31847106911", "0000000000", "32855961"])
def test_what_is_no_number_of_a_person_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match=r"of a person's number"):
        parse_tax_number("UA", number, of_person=True)


def test_who_has_no_number_pays_under_the_passports() -> None:
    assert parse_tax_number("UA", "аб 123456", of_person=True) == "АБ123456"
    assert (
        parse_tax_number("UA", "MK 123456", of_person=True) == "МК123456"
    )  # Latin letters become Cyrillic ones
    assert parse_tax_number("UA", "001234567", of_person=True) == "001234567"


def test_an_empty_number_is_none() -> None:
    assert {parse_tax_number("UA", typed) for typed in (None, "", "  ", " - ")} == {None}


def test_numbers_of_other_countries_are_free_but_for_their_formatting() -> None:
    assert parse_tax_number("DE", "de 123-456.789") == "DE123456789"
    assert parse_tax_number("MX", "Ñ&A 010101 AB1") == "Ñ&A010101AB1"
    with pytest.raises(Invalid, match="30 characters at most"):
        parse_tax_number("DE", "1" * 31)
