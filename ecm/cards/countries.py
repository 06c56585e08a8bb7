"""Countries, by the two letters of ISO 3166."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from ecm.errors import Invalid

_CODE = re.compile(r"[A-Z]{2}")
# Codes of Unicode's data that are unions, tests and the unknown, and no countries.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@cache
def country_codes() -> frozenset[str]:
    """The codes of all countries."""
    return frozenset(filter(_CODE.fullmatch, Locale("en").territories)) - _NO_COUNTRIES


def country_named(text: str) -> str:
    """The code of a country that is told by that or by its name in Ukrainian, Russian or English. Invalid."""
    return parse_country(_codes_by_name().get(" ".join(text.split()).casefold(), text))


@cache
def _codes_by_name() -> dict[str, str]:
    return {
        name.casefold(): code
        for language in ("uk", "ru", "en")
        for code, name in Locale(language).territories.items()
        if code in country_codes()
    }


def parse_country(text: str) -> str:
    """A country's code, in capitals. Invalid."""
    code = text.strip().upper()
    if code not in country_codes():
        raise Invalid("country", "two letters of a country, such as UA")
    return code
