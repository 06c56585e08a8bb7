"""A hundred uploads at once from four processes, at the edge of the free tariff."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

import ecm
from ecm import Ecm
from ecm.models import CompanyUsage, Intent, UserUsage, Version
from ecm.tariffs import MEGABYTE
from tests.firms import make_firm

PROCESSES, EACH = 4, 25
SIZE_BYTES = 2_500_003
LIMIT_BYTES = 200 * MEGABYTE


@pytest.fixture(params=["disk", "s3"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "disk":
        return f"file:{tmp_path / 'files'}"
    url: str = request.getfixturevalue("s3_url")
    return url


def test_quota_is_exact_under_100_parallel_uploads(
    migrated_database_url: str, storage_url: str, tmp_path: Path
) -> None:
    where = {
        "database": migrated_database_url,
        "storage": storage_url,
        "search": f"whoosh:{tmp_path / 'index'}",
    }
    with ecm.open(**where) as app:  # type: ignore[arg-type]
        firm = make_firm(app, "Альфа")
        users = [firm.admin, firm.olena, firm.petro, firm.olena]
        jobs = [
            {**where, "user": user.user_id, "deal": firm.deal.id, "count": EACH, "size_bytes": SIZE_BYTES}
            for user in users
        ]
        outcomes = run_together(jobs)
        stored = sum(outcome.get("stored", 0) for outcome in outcomes)
        refused = sum(outcome.get("refused", 0) for outcome in outcomes)
        assert (stored, refused) == (LIMIT_BYTES // SIZE_BYTES, PROCESSES * EACH - LIMIT_BYTES // SIZE_BYTES)
        check_counters(app, stored)


def run_together(jobs: list[dict[str, object]]) -> list[dict[str, int]]:
    """Start a process a job, let them begin at once, and collect what they tell."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.uploader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in jobs
    ]
    try:
        for process, job in zip(processes, jobs, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        told = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            output, _ = process.communicate(timeout=240)
            assert process.returncode == 0
            told.append(json.loads(output))
        return told
    finally:
        for process in processes:
            process.kill()
            process.wait()


def check_counters(app: Ecm, stored: int) -> None:
    """The company's and the users' counters equal the sum of versions, and nothing is left reserved."""
    with app.begin() as tx:
        session = tx.session
        assert session.scalar(select(func.count()).select_from(Version)) == stored
        assert session.scalar(select(CompanyUsage.held_bytes)) == stored * SIZE_BYTES <= LIMIT_BYTES
        assert session.scalar(select(func.count()).select_from(Intent)) == 0
        by_user = dict(
            session.execute(
                select(Version.uploaded_by_id, func.sum(Version.size_bytes)).group_by(Version.uploaded_by_id)
            ).all()
        )
        for usage in session.scalars(select(UserUsage)):
            assert usage.held_bytes == by_user.get(usage.user_id, 0)
        keys = set(session.scalars(select(Version.storage_key)))
    assert {blob.key for blob in app.storage.list()} == keys
