"""Two people who change one thing at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from ecm import Actor, Ecm
from ecm.unit_of_work import UnitOfWork

SOON_S = 0.2
"""How long the second one is given to come as far as where it has to wait."""
IN_THE_END_S = 20


def change_meanwhile(
    app: Ecm,
    actors: tuple[Actor, Actor],
    first: Callable[[UnitOfWork], object],
    second: Callable[[UnitOfWork], object],
) -> None:
    """Let the second actor begin a change while the first one's is not committed yet. It has to wait, and to
    end once that is committed; what it raises is raised here."""
    begun = Event()

    def do_second() -> None:
        with app.begin(actors[1]) as tx:
            begun.set()
            second(tx)

    with ThreadPoolExecutor(1) as pool:
        with app.begin(actors[0]) as tx:
            first(tx)
            doing: Future[None] = pool.submit(do_second)
            assert begun.wait(IN_THE_END_S)
            with pytest.raises(TimeoutError):
                doing.result(SOON_S)
        doing.result(IN_THE_END_S)
