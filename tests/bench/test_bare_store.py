"""What the library is compared with does what the library does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.bench.library import opened, unlimited_firm
from tests.bench.small_documents import FILENAME, add, bare_store, new_content

STATEMENT = re.compile("(INSERT|UPDATE|DELETE|SELECT)[^.]*?(ecm_[a-z_]+)")


def statements(engine: Engine, work: Callable[[], object]) -> list[str]:
    """What some work does to which tables, and its commits; in order, but for the order within a commit."""
    run: list[list[str]] = [[]]

    def note(connection: Any, cursor: Any, statement: str, *rest: object) -> None:
        if found := STATEMENT.match(statement):
            run[-1].append(" ".join(found.groups()))

    def close(connection: Any) -> None:
        run.append([])

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", close)
    work()
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", close)
    assert run[-1] == []
    return [statement for each in run[:-1] for statement in [*sorted(each), "COMMIT"]]


def test_the_store_by_hand_runs_the_statements_of_the_library(tmp_path: Path) -> None:
    with opened(tmp_path / "ecm") as app, bare_store(tmp_path / "bare") as bare:
        firm = unlimited_firm(app)
        add(app, firm, new_content())
        bare.add(new_content(), FILENAME)
        ours = statements(app.database.engine, lambda: add(app, firm, new_content()))
        by_hand = statements(bare.engine, lambda: bare.add(new_content(), FILENAME))
    assert by_hand == ours
    assert ours.count("COMMIT") == 2
    assert len(ours) == 10 + 2
