"""What is sold: the product lines of deals and leads, and sums that add up to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from ecm import clock
from ecm.cards.changes import Change
from ecm.cards.money import AMOUNT_MOST
from ecm.cards.texts import clean_short
from ecm.errors import Invalid
from ecm.models import Deal, Lead, ProductLine
from ecm.texts import clean_line

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

LINES_MOST: Final = 500
UNIT_MOST_CHARS: Final = 20
CENT: Final = Decimal("0.01")
_NAMES: Final = frozenset({"name", "quantity", "unit", "price", "discount_percent", "tax_percent"})


@dataclass(frozen=True, slots=True)
class LineSum:
    """What a line comes to, each figure rounded to the cent: `net` is without tax and less the `discount`."""

    discount: Decimal
    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """With all of it."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Products:
    """The lines of a card in their order, and the sums of the lines' own sums."""

    lines: list[ProductLine]
    discount: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal


def sum_line(quantity: Decimal, price: Decimal, discount_percent: Decimal, tax_percent: Decimal) -> LineSum:
    """The sums of one line: halves of a cent go up (away from zero), the tax is on what is left after the
    discount."""
    full = _to_cents(quantity * price)
    discount = _to_cents(quantity * price * discount_percent / 100)
    net = full - discount
    return LineSum(discount, net, _to_cents(net * tax_percent / 100))


class ProductLines:
    """The product lines of the company's deals and leads, within a unit of work."""

    def __init__(self, tx: UnitOfWork) -> None:
        self._tx = tx

    def of(self, card: Deal | Lead) -> Products:
        """The lines of a card, and their sums."""
        query = select(ProductLine).where(
            ProductLine.card_id == card.id, ProductLine.company_id == self._tx.company_id
        )
        lines = list(self._tx.session.scalars(query.order_by(ProductLine.position)))
        sums = [_sum_of(line) for line in lines]
        zero = Decimal("0.00")
        return Products(
            lines,
            sum((each.discount for each in sums), zero),
            sum((each.net for each in sums), zero),
            sum((each.tax for each in sums), zero),
            sum((each.total for each in sums), zero),
        )

    def set(self, card: Deal | Lead, lines: Sequence[Mapping[str, object]]) -> Products:
        """Put these lines on a card in place of those that it has: `name`, `quantity` (1), `price`, `unit`,
        `discount_percent` (0), `tax_percent` (0). The card's amount becomes their total, as long as there are
        any. Invalid names the line and what is wrong; ManagedByApplication; LeadConverted."""
        card = self._tx.cards.lock(card)
        self._tx.cards.require_writable(card)
        if len(lines) > LINES_MOST:
            raise Invalid("products", f"{LINES_MOST} lines at most")
        parsed = [_parse_line(number, line) for number, line in enumerate(lines, 1)]
        total = sum((each.amount for each in parsed), Decimal(0))
        if total >= AMOUNT_MOST:
            raise Invalid("products", f"a total below {AMOUNT_MOST:,}")
        old = self.of(card)
        self._replace(card, parsed)
        new = self.of(card)
        told = [f"{len(each.lines)} / {each.total}" for each in (old, new)]
        changes = [Change("products", told[0], told[1])]
        if parsed and card.amount != total:
            changes.append(Change("amount", None if card.amount is None else str(card.amount), str(total)))
            card.amount = total
        card.updated_at = clock.now()
        self._tx.cards.tell(card, changes)
        return new

    def check_copy(self, origin: Deal | Lead, target: Deal) -> None:
        """What `copy` refuses. Invalid."""
        self._join(origin, target)

    def copy(self, origin: Deal | Lead, target: Deal) -> None:
        """Put the lines of a card onto a deal, after those that it has; its amount becomes the total.
        Invalid: their currencies differ, the deal has an amount of its own and no lines, or there would be
        too much."""
        target = self._tx.cards.lock(target)
        if not (copied := self._join(origin, target)):
            return
        old, old_amount = self.of(target), target.amount
        self._replace(target, [_copy(line) for line in (*old.lines, *copied)])
        new = self.of(target)
        changes = [Change("products", *(f"{len(each.lines)} / {each.total}" for each in (old, new)))]
        if old_amount != new.total:
            told = None if old_amount is None else str(old_amount)
            changes.append(Change("amount", told, str(new.total)))
            target.amount = new.total
        target.updated_at = clock.now()
        self._tx.cards.tell(target, changes)

    def _join(self, origin: Deal | Lead, target: Deal) -> list[ProductLine]:
        """The lines that a deal would get of a card. Invalid: it can't."""
        there, copied = self.of(target), self.of(origin)
        if not copied.lines:
            return []
        if origin.currency != target.currency:
            raise Invalid(
                "currency",
                f"the products are in {origin.currency}, the deal in {target.currency}: choose another deal, "
                "or change the currency of one of them",
            )
        if not there.lines and target.amount not in (None, copied.total):
            raise Invalid(
                "amount",
                "the deal has an amount without products: clear it, or put products on the deal, so that "
                "those of the lead can be added",
            )
        if len(there.lines) + len(copied.lines) > LINES_MOST:
            raise Invalid("products", f"{LINES_MOST} lines at most")
        if there.total + copied.total >= AMOUNT_MOST:
            raise Invalid("products", f"a total below {AMOUNT_MOST:,}")
        return copied.lines

    def has_any(self, card: Deal | Lead) -> bool:
        """Whether there are lines, so that the amount is their total."""
        query = select(ProductLine.id).where(ProductLine.card_id == card.id).limit(1)
        return self._tx.session.scalar(query) is not None

    def _replace(self, card: Deal | Lead, lines: Sequence[ProductLine]) -> None:
        self._tx.session.execute(delete(ProductLine).where(ProductLine.card_id == card.id))
        for position, line in enumerate(lines):
            line.company_id, line.card_id, line.position = card.company_id, card.id, position
        self._tx.session.add_all(lines)
        self._tx.session.flush()


def _parse_line(number: int, given: Mapping[str, object]) -> ProductLine:
    def named(name: str) -> str:
        return f"products.{number}.{name}"

    if unknown := sorted(given.keys() - _NAMES):
        raise Invalid(named(unknown[0]), "no such field of a product line")
    quantity = _parse_number(named("quantity"), given.get("quantity"), Decimal(1), most=Decimal(10) ** 9)
    price = _parse_number(named("price"), given.get("price"), None, most=AMOUNT_MOST)
    discount = _parse_number(named("discount_percent"), given.get("discount_percent"), Decimal(0))
    tax = _parse_number(named("tax_percent"), given.get("tax_percent"), Decimal(0))
    unit = given.get("unit")
    if quantity * price >= AMOUNT_MOST:
        raise Invalid(named("price"), f"quantity x price below {AMOUNT_MOST:,}")
    return ProductLine(
        name=clean_line(named("name"), str(given.get("name") or "")),
        quantity=quantity,
        unit=clean_short(named("unit"), None if unit is None else str(unit), UNIT_MOST_CHARS),
        price=price,
        discount_percent=discount,
        tax_percent=tax,
        amount=sum_line(quantity, price, discount, tax).total,
    )


def _parse_number(
    field: str, value: object, default: Decimal | None, *, most: Decimal = Decimal(100)
) -> Decimal:
    """A number from 0 to `most`, with four places at most. Invalid."""
    if value is None or value == "":
        if default is None:
            raise Invalid(field, "a number")
        return default
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Invalid(field, "a number such as 12.50") from None
    if not number.is_finite() or not 0 <= number <= most or number != round(number, 4):
        raise Invalid(field, f"a number from 0 to {most:,} with four decimal places at most")
    return number


def _sum_of(line: ProductLine) -> LineSum:
    return sum_line(line.quantity, line.price, line.discount_percent, line.tax_percent)


def _copy(line: ProductLine) -> ProductLine:
    return ProductLine(
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        discount_percent=line.discount_percent,
        tax_percent=line.tax_percent,
        amount=line.amount,
    )


def _to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
