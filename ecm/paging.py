"""One page of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from ecm.database import count_capped
from ecm.errors import Invalid

T = TypeVar("T")

PER_PAGE_MOST = 1000
TOTAL_CAP = 10_000
"""Totals are exact up to here: counting a million rows takes longer than showing the page."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` of page number `page` (from 1) out of `total`; with `total_capped` there are more than that."""

    items: list[T]
    total: int
    page: int
    per_page: int
    total_capped: bool = False

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


def check_page(page: int, per_page: int) -> None:
    """Invalid when there can be no such page."""
    if not 1 <= page <= 10**9:
        raise Invalid("page", "a number from 1 on")
    if not 1 <= per_page <= PER_PAGE_MOST:
        raise Invalid("per_page", f"a number from 1 to {PER_PAGE_MOST}")


def paginate(session: Session, query: Select[T], page: int, per_page: int) -> Page[T]:
    """Run an ordered `query` for one page of its entities."""
    check_page(page, per_page)
    items = list(session.scalars(query.limit(per_page).offset((page - 1) * per_page)).unique())
    if page == 1 and len(items) < per_page:
        return Page(items, len(items), page, per_page)
    bare: Select[Any] = query.order_by(None).with_only_columns(*query.selected_columns[:1])
    total, capped = count_capped(session, bare, TOTAL_CAP)
    return Page(items, total, page, per_page, capped)
