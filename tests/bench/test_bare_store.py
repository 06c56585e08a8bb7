"""What the library is compared with does what the library does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.bench.library import opened, unlimited_firm
from tests.bench.small_documents import FILENAME, add, bare_store, new_content


def statements(engine: Engine, work: Callable[[], object]) -> list[str]:
    """The statements that some work runs, and its commits; each transaction's sorted."""
    run: list[list[str]] = [[]]

    def note(connection: Any, cursor: Any, statement: str, *rest: object) -> None:
        run[-1].append(statement)

    def close(connection: Any) -> None:
        run.append([])

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", close)
    work()
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "commit", close)
    return [statement for each in run for statement in [*sorted(each), "COMMIT"]]


def test_the_store_by_hand_runs_the_statements_of_the_library(tmp_path: Path) -> None:
    with opened(tmp_path / "ecm") as app, bare_store(tmp_path / "bare") as bare:
        firm = unlimited_firm(app)
        add(app, firm, new_content())
        bare.add(new_content(), FILENAME)
        ours = statements(app.database.engine, lambda: add(app, firm, new_content()))
        by_hand = statements(bare.engine, lambda: bare.add(new_content(), FILENAME))
    by_hand = [statement for statement in by_hand if statement != "BEGIN IMMEDIATE"]
    assert by_hand == ours
    assert Counter(ours)["COMMIT"] == 3  # two, and what came after the last of them
    assert len(ours) == 9 + 3
