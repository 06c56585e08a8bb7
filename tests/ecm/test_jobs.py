"""Slow jobs: done at least once, in turns of companies, tried again after a failure, given up in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from ecm import Ecm, clock
from ecm.jobs import LEASE_S, TRIES, Jobs, add_job
from ecm.models import Job
from tests.firms import Firm

Done = list[tuple[int, int]]


@pytest.fixture
def done() -> Done:
    return []


@pytest.fixture
def jobs(app: Ecm, done: Done) -> Jobs:
    return Jobs(
        app.database, {"preview": lambda company_id, version_id: done.append((company_id, version_id))}
    )


def add(app: Ecm, company_id: int, *version_ids: int) -> None:
    with app.database.transaction() as session:
        for version_id in version_ids:
            add_job(session, "preview", company_id, version_id)


def count(app: Ecm) -> int:
    with app.database.transaction() as session:
        return session.scalar(select(func.count(Job.id))) or 0


def let_time_pass(app: Ecm, seconds: float) -> None:
    earlier = clock.now() - timedelta(seconds=1)
    with app.database.transaction() as session:
        session.execute(
            update(Job)
            .where(Job.lease_until < clock.now() + timedelta(seconds=seconds))
            .values(lease_until=earlier)
        )
        session.execute(
            update(Job)
            .where(Job.retry_at < clock.now() + timedelta(seconds=seconds))
            .values(retry_at=earlier)
        )


def test_a_job_is_done_and_gone(app: Ecm, alfa: Firm, jobs: Jobs, done: Done) -> None:
    add(app, alfa.company.id, 7)
    assert jobs.has_work()
    assert jobs.work()
    assert done == [(alfa.company.id, 7)]
    assert not jobs.work()
    assert not jobs.has_work()
    assert count(app) == 0


def test_a_job_that_waits_already_is_not_done_twice(app: Ecm, alfa: Firm, jobs: Jobs, done: Done) -> None:
    add(app, alfa.company.id, 7)
    add(app, alfa.company.id, 7)
    while jobs.work():
        pass
    assert done == [(alfa.company.id, 7)]


def test_companies_take_turns(app: Ecm, alfa: Firm, beta: Firm, jobs: Jobs, done: Done) -> None:
    add(app, alfa.company.id, 1, 2, 3)
    add(app, beta.company.id, 4, 5)
    while jobs.work():
        pass
    assert [company_id for company_id, _ in done] == [
        alfa.company.id, beta.company.id, alfa.company.id, beta.company.id, alfa.company.id
    ]  # fmt: skip
    assert [version_id for _, version_id in done] == [1, 4, 2, 5, 3]


def test_nothing_is_done_before_the_commit_and_nothing_after_a_rollback(
    app: Ecm, alfa: Firm, jobs: Jobs, done: Done
) -> None:
    with app.database.transaction() as session:
        add_job(session, "preview", alfa.company.id, 7)
        assert not jobs.work()
        session.rollback()
    assert not jobs.work()
    assert done == []


def test_a_failed_job_waits_longer_each_time_and_is_given_up_in_the_end(app: Ecm, alfa: Firm) -> None:
    tried = []

    def fail(company_id: int, version_id: int) -> None:
        tried.append(version_id)
        raise RuntimeError("as if the disk were full")

    jobs = Jobs(app.database, {"preview": fail})
    add(app, alfa.company.id, 7)
    assert jobs.work()
    assert not jobs.work(), "it was tried again at once"
    assert not jobs.has_work(), "what waits for its next try is no work for now"
    for _ in range(TRIES):
        let_time_pass(app, 100_000)
        jobs.work()
    assert tried == [7] * TRIES
    assert count(app) == 0


def test_one_company_that_fails_holds_up_no_other(app: Ecm, alfa: Firm, beta: Firm) -> None:
    done = []

    def handle(company_id: int, version_id: int) -> None:
        if company_id == alfa.company.id:
            raise RuntimeError("broken")
        done.append(version_id)

    jobs = Jobs(app.database, {"preview": handle})
    add(app, alfa.company.id, 1, 2)
    add(app, beta.company.id, 3, 4)
    while jobs.work():
        pass
    assert done == [3, 4]


def test_a_job_in_hand_is_left_alone_until_its_lease_ends(
    app: Ecm, alfa: Firm, done: Done, jobs: Jobs
) -> None:
    seen: list[bool] = []

    def handle(company_id: int, version_id: int) -> None:
        seen.append(jobs.work())

    add(app, alfa.company.id, 7)
    assert Jobs(app.database, {"preview": handle}).work()
    assert seen == [False]
    assert done == []


def test_a_worker_that_died_leaves_its_job_to_others(app: Ecm, alfa: Firm, jobs: Jobs, done: Done) -> None:
    def die(company_id: int, version_id: int) -> None:
        raise SystemExit  # no handler of errors sees it, as with kill -9

    add(app, alfa.company.id, 7)
    with pytest.raises(SystemExit):
        Jobs(app.database, {"preview": die}).work()
    assert not jobs.work()
    let_time_pass(app, LEASE_S + 1)
    assert jobs.work()
    assert done == [(alfa.company.id, 7)]


def test_work_off_does_the_jobs_too(open_library: Callable[..., Ecm], alfa: Firm) -> None:
    app = open_library()
    with app.database.transaction() as session:
        add_job(session, "recognize", alfa.company.id, 12345)  # of a version that was purged meanwhile
    app.work_off()
    assert count(app) == 0
