"""Amounts of money and their currencies."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from ecm.errors import Invalid

AMOUNT_MOST = Decimal(10) ** 13


def parse_amount(value: Decimal | str | None, field: str = "amount") -> Decimal | None:
    """An amount of money, exact to four places. Invalid."""
    if value is None or value == "":
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise Invalid(field, "a decimal number such as 125000.00") from None
    if not amount.is_finite() or abs(amount) >= AMOUNT_MOST or amount != round(amount, 4):
        raise Invalid(field, f"a number below {AMOUNT_MOST:,} with four decimal places at most")
    return amount


def parse_currency(value: str, field: str = "currency") -> str:
    """A currency's three letters, as ISO 4217 has them. Invalid."""
    code = value.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code, re.ASCII):
        raise Invalid(field, "three letters such as UAH")
    return code
