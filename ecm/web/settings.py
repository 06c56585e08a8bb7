"""What the pages for a company's administrators have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import flash
from flask_babel import gettext as _

from ecm.access import require_admin
from ecm.errors import Conflict, Invalid
from ecm.unit_of_work import UnitOfWork
from ecm.web import messages
from ecm.web.current import actor, begin


def admit() -> None:
    """Forbidden, on every page of a family, unless an administrator asks."""
    require_admin(actor(), "changing how the company works")


@contextmanager
def changing() -> Iterator[UnitOfWork]:
    """A unit of work for one small change, after which people read what became of it."""
    try:
        with begin() as tx:
            yield tx
    except (Conflict, Invalid) as error:
        flash(messages.of_error(error).text, "danger")
    else:
        flash(_("Saved."), "success")


def moved(ids: Sequence[int], id: int, step: int) -> list[int]:
    """The ids in the order in which one of them has changed its place with a neighbour."""
    order = list(ids)
    place = order.index(id)
    other = min(max(place + step, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    return order


STEPS = {"up": -1, "down": 1}
"""The buttons that change an order, and where they move to."""
