"""Figures as people write them in their language: sizes, times, money."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import NumberFormatError, format_currency, format_decimal, parse_decimal
from babel.units import format_unit
from flask_babel import get_locale, get_timezone
from markupsafe import Markup

UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte")


def size(size_bytes: int) -> str:
    """Bytes in the unit that suits them, as in "1.5 MB"; a megabyte is 1 048 576 bytes."""
    value, unit = float(size_bytes), 0
    while abs(value) >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    places = 0 if unit == 0 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    length: Literal["long", "short"] = "long" if unit == 0 else "short"
    return format_unit(round(value, places), f"digital-{UNITS[unit]}", length, locale=get_locale())


def number(value: int) -> str:
    """A whole number, its thousands apart."""
    return format_decimal(value, locale=get_locale())


def decimal(value: Decimal) -> str:
    """A number with all its digits, its thousands apart."""
    return format_decimal(value.normalize(), locale=get_locale(), decimal_quantization=False)


def moment(at: datetime) -> Markup:
    """A time by the clock of whoever reads it, as a ``<time>``."""
    local = at.astimezone(get_timezone())
    zone = " UTC" if local.tzname() == "UTC" else ""
    text = f"{_day(local)}, {format_time(local, 'HH:mm', tzinfo=None, locale=get_locale())}{zone}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), text)


def duration(lasted: timedelta) -> str:
    """How long something lasted, in the unit that suits it."""
    return format_timedelta(lasted, threshold=1.5, locale=get_locale())


def money(amount: Decimal | None, currency: str) -> str:
    """An amount in its currency; a dash where there is none."""
    return "—" if amount is None else format_currency(amount, currency, locale=get_locale())


def money_for_a_field(amount: Decimal | None) -> str:
    """An amount as it stands in a form: all its digits, the decimal sign of the language."""
    if amount is None:
        return ""
    return format_decimal(amount, "#,##0.00##", locale=get_locale(), decimal_quantization=False)


def read_money(text: str) -> str:
    """What people type as an amount, in the form that the domain reads; unchanged where it is none.

    Both signs are taken as decimal in both languages, unless the language writes thousands that way.
    """
    plain = "".join(text.split()).replace("'", "").replace("’", "")
    try:
        return str(Decimal(plain))
    except InvalidOperation:
        pass
    try:
        return str(parse_decimal(plain, locale=get_locale(), strict=True))
    except NumberFormatError:
        return plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else text


def _day(local: datetime) -> str:
    return format_date(local, "medium", locale=get_locale())
