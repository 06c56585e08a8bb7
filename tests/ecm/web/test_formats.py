"""Figures as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from flask.ctx import RequestContext

from ecm.web import formats


def in_language(bare: Flask, language: str, zone: str = "Europe/Kyiv") -> RequestContext:
    headers = {"Accept-Language": language, "Cookie": f"ecm_timezone={zone}"}
    return bare.test_request_context("/", headers=headers)


@pytest.mark.parametrize(
    ("size_bytes", "english", "ukrainian"),
    [
        (0, "0 bytes", "0 байтів"),
        (1, "1 byte", "1 байт"),
        (999, "999 bytes", "999 байтів"),
        (1536, "1.5 kB", "1,5 кБ"),
        (200 * 1_048_576, "200 MB", "200 МБ"),
        (1_048_576 + 10_486, "1.01 MB", "1,01 МБ"),
        (15_500_000, "14.8 MB", "14,8 МБ"),
        (1000 * 1_048_576, "0.98 GB", "0,98 ГБ"),
        (5 * 1024**4, "5 TB", "5 ТБ"),
    ],
)
def test_sizes(bare: Flask, size_bytes: int, english: str, ukrainian: str) -> None:
    with in_language(bare, "en"):
        assert formats.size(size_bytes).replace("\xa0", " ") == english
    with in_language(bare, "uk"):
        assert formats.size(size_bytes).replace("\xa0", " ") == ukrainian


def test_times_are_local_and_say_so_to_machines(bare: Flask) -> None:
    at = datetime(2026, 1, 31, 22, 5, tzinfo=UTC)
    with in_language(bare, "uk"):
        text = formats.moment(at)
    assert "1 лют. 2026" in text
    assert "00:05" in text
    assert 'datetime="2026-01-31T22:05:00+00:00"' in text
    with in_language(bare, "en", zone="UTC"):
        assert "Jan 31, 2026, 22:05 UTC" in formats.moment(at)


def test_money(bare: Flask) -> None:
    with in_language(bare, "uk"):
        assert formats.money(Decimal("125000.5"), "UAH").replace("\xa0", " ") == "125 000,50 ₴"
    with in_language(bare, "en"):
        assert formats.money(None, "UAH") == "—"
        assert formats.money_for_a_field(Decimal("1.2345")) == "1.2345"


@pytest.mark.parametrize("typed", ["", "багато", "1.2.3", "1,2,3,4.5.6", "NaN", "--1"])
def test_what_is_no_amount_is_left_for_the_domain_to_refuse(bare: Flask, typed: str) -> None:
    with in_language(bare, "en"):
        assert formats.read_money(typed) in (typed, "NaN", "1234.5.6")
