"""Product lines: sums that add up to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm import Ecm
from ecm.cards.products import CENT, sum_line
from ecm.errors import Invalid
from tests.firms import Firm

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
SERVER = {"name": "Сервер", "quantity": "3", "price": "33333.33", "discount_percent": "5", "tax_percent": 20}
WORK = {"name": "Монтаж", "quantity": "0.5", "unit": "год", "price": "999.99"}


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**places).map(lambda number: Decimal(number) / 10**places)


@given(decimals(10_000, 3), decimals(1_000_000, 2), decimals(100, 2), decimals(100, 1))
def test_a_lines_sums_are_whole_cents_and_add_up(
    quantity: Decimal, price: Decimal, discount: Decimal, tax: Decimal
) -> None:
    summed = sum_line(quantity, price, discount, tax)
    assert all(each == each.quantize(CENT) for each in (summed.discount, summed.net, summed.tax))
    assert summed.net + summed.discount == (quantity * price).quantize(CENT, ROUND_HALF_UP)
    assert summed.total == summed.net + summed.tax
    assert 0 <= summed.discount <= (quantity * price).quantize(CENT, ROUND_HALF_UP)


def test_halves_of_a_cent_go_up() -> None:
    assert sum_line(Decimal(1), Decimal("0.05"), Decimal(10), Decimal(0)).discount == Decimal("0.01")
    assert sum_line(Decimal("0.5"), Decimal("0.01"), Decimal(0), Decimal(0)).net == Decimal("0.01")


@ON_SQLITE
def test_the_sums_of_a_deal_are_the_sums_of_its_lines_and_its_amount_their_total(
    app: Ecm, alfa: Firm
) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        products = tx.products.set(deal, [SERVER, WORK])
        assert [line.name for line in products.lines] == ["Сервер", "Монтаж"]
        assert (products.discount, products.net, products.tax) == (
            Decimal("5000.00"),
            Decimal("95499.99"),
            Decimal("19000.00"),
        )
        assert products.total == sum(line.amount for line in products.lines) == deal.amount
        told = tx.timeline.list(deal).items
        assert [entry.facts["field"] for entry in told if entry.kind == "field.changed"] == [
            "amount",
            "products",
        ]


@ON_SQLITE
def test_an_amount_that_is_the_total_of_products_is_not_set_by_hand(app: Ecm, alfa: Firm) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        tx.products.set(deal, [WORK])
        with pytest.raises(Invalid, match="total of the deal's products"):
            tx.deals.update(deal, amount="1")
        tx.products.set(deal, [])
        assert tx.deals.update(deal, amount="1").amount == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"name": "", "price": 1}, "products.2.name"),
        ({"name": "А"}, "products.2.price"),
        ({"name": "А", "price": "дорого"}, "products.2.price"),
        ({"name": "А", "price": "-1"}, "products.2.price"),
        ({"name": "А", "price": "1", "quantity": "1.00001"}, "products.2.quantity"),
        ({"name": "А", "price": "1", "discount_percent": 101}, "products.2.discount_percent"),
        ({"name": "А", "price": "1", "tax_percent": "NaN"}, "products.2.tax_percent"),
        ({"name": "А", "price": "9999999999999", "quantity": 1000}, "products.2.price"),
        ({"name": "А", "price": 1, "sku": "x"}, "products.2.sku"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_of_the_others_is_kept(
    app: Ecm, alfa: Firm, line: dict[str, object], field: str
) -> None:
    with app.begin(alfa.olena) as tx:
        deal = tx.deals.get(alfa.deal.id)
        with pytest.raises(Invalid) as refused:
            tx.products.set(deal, [WORK, line])
        assert refused.value.field == field
        assert tx.products.of(deal).lines == []
