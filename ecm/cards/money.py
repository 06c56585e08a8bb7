"""Amounts of money and their currencies."""

from __future__ import annotations

import re
from decimal import Decimal

from ecm.errors import Invalid

AMOUNT_MOST = Decimal(10) ** 13


def parse_amount(value: Decimal | str | None, field: str = "amount") -> Decimal | None:
    """An amount of money, as `parse_number` reads it; None for an empty one. Invalid."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return parse_number(field, value)


def parse_number(where: str, given: object) -> Decimal:
    """A number of four decimal places at most: a JSON number, or a text, in which thousands may stand apart
    and a comma is a decimal sign where it can't be anything else. Invalid."""
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal | str):
        raise Invalid(where, "a decimal number such as 125000.00")
    text = "".join(str(given).split()).replace("'", "").replace("’", "").replace("−", "-")
    if isinstance(given, str) and not re.fullmatch(r"[+-]?\d{1,3},\d{3}", text, re.ASCII):
        text = re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", text, flags=re.ASCII)
    if len(text) > 60 or not re.fullmatch(
        r"[+-]?\d+(\.\d+)?(e[+-]?\d{1,3})?", text, re.ASCII | re.IGNORECASE
    ):
        raise Invalid(where, "a decimal number such as 125000.00")
    number = Decimal(text)
    if abs(number) >= AMOUNT_MOST or number != round(number, 4):
        raise Invalid(where, f"a number below {AMOUNT_MOST:,} with four decimal places at most")
    return _settled(number)


def parse_currency(value: str, field: str = "currency") -> str:
    """A currency's three letters, as ISO 4217 has them. Invalid."""
    code = value.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code, re.ASCII):
        raise Invalid(field, "three letters such as UAH")
    return code


def _settled(number: Decimal) -> Decimal:
    """As it comes from the database: with two places where two are enough, and without a negative zero."""
    exact = number.quantize(Decimal("0.0001")) + 0
    short = exact.quantize(Decimal("0.01"))
    return short if short == exact else exact
