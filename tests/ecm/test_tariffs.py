"""Tariffs: what is counted, what is refused and with which figures, what a change means."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecm import Ecm, QuotaExceeded
from ecm.errors import Forbidden, NotFound
from ecm.tariffs import MEGABYTE
from tests.firms import Firm, make_firm, put, usage


def limit(app: Ecm, code: str, scope: str, limit_bytes: int) -> None:
    with app.begin() as tx:
        tx.tariffs.save(code, scope=scope, limit_bytes=limit_bytes)


def test_three_tariffs_ship(app: Ecm) -> None:
    with app.begin() as tx:
        shipped = [(tariff.code, tariff.scope, tariff.limit_bytes) for tariff in tx.tariffs.list()]
    assert shipped == [
        ("free", "company", 200 * 1_048_576),
        ("standard", "user", 500 * 1_048_576),
        ("extended", "unlimited", None),
    ]


def test_every_byte_of_every_version_and_of_the_trash_is_counted(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"1234567890")
    staged = app.stage(alfa.petro, io.BytesIO(b"12345"), filename="b.txt")
    assert usage(app, alfa.admin) == (10, 5)
    with app.begin(alfa.petro) as tx:
        tx.documents.add_version(tx.documents.get(document.id), staged)
    assert usage(app, alfa.admin) == (15, 0)
    with app.begin(alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(document.id))
        quota = tx.tariffs.quota()
    assert (quota.company.used_bytes, quota.user.used_bytes, quota.trash_bytes) == (15, 10, 15)
    assert quota.purgeable_bytes == 0  # petro uploaded a version of it
    with app.begin(alfa.admin) as tx:
        assert tx.tariffs.quota().purgeable_bytes == 15
        assert tx.documents.empty_trash() == (1, 15)
    assert usage(app, alfa.admin) == (0, 0)


def test_a_company_fills_its_tariff_to_the_last_byte_and_not_beyond(app: Ecm, alfa: Firm) -> None:
    limit(app, "free", "company", 100)
    put(app, alfa.olena, alfa.deal, b"x" * 60)
    app.stage(alfa.petro, io.BytesIO(b"y" * 30), filename="reserved.txt")
    with pytest.raises(QuotaExceeded) as refused:
        app.stage(alfa.petro, io.BytesIO(b"z" * 11), filename="c.txt")
    error = refused.value
    assert (error.scope, error.limit_bytes, error.used_bytes) == ("company", 100, 60)
    assert (error.reserved_bytes, error.requested_bytes, error.trash_bytes) == (30, 11, 0)
    put(app, alfa.petro, alfa.deal, b"z" * 10)
    assert usage(app, alfa.admin) == (70, 30)


def test_a_refusal_happens_before_a_byte_is_read(app: Ecm, alfa: Firm) -> None:
    class Untouchable:
        def read(self, size: int, /) -> bytes:
            raise AssertionError("a byte was read")

    with pytest.raises(QuotaExceeded):
        app.stage(alfa.olena, Untouchable(), filename="big.bin", size_bytes=200 * MEGABYTE + 1)
    assert usage(app, alfa.admin) == (0, 0)


def test_under_a_tariff_by_user_each_user_has_their_own_limit(app: Ecm) -> None:
    limit(app, "standard", "user", 100)
    firm = make_firm(app, "Гамма", tariff="standard")
    put(app, firm.olena, firm.deal, b"x" * 100)
    put(app, firm.petro, firm.deal, b"x" * 90)
    with pytest.raises(QuotaExceeded) as refused:
        put(app, firm.petro, firm.deal, b"x" * 11)
    assert (refused.value.scope, refused.value.used_bytes, refused.value.limit_bytes) == ("user", 90, 100)
    assert usage(app, firm.admin) == (190, 0)


def test_a_tariff_by_user_counts_only_ones_own_trash(app: Ecm) -> None:
    limit(app, "standard", "user", 100)
    firm = make_firm(app, "Гамма", tariff="standard")
    ours = put(app, firm.olena, firm.deal, b"x" * 40)
    theirs = put(app, firm.petro, firm.deal, b"x" * 30)
    with app.begin(firm.olena) as tx:
        for document in (ours, theirs):
            tx.documents.trash(tx.documents.get(document.id))
        quota = tx.tariffs.quota()
    assert (quota.trash_bytes, quota.purgeable_bytes, quota.available_bytes) == (40, 40, 60)


def test_a_change_shows_its_effect_first_and_applies_at_once(app: Ecm, alfa: Firm) -> None:
    limit(app, "small", "user", 50)
    put(app, alfa.olena, alfa.deal, b"x" * 80)
    put(app, alfa.petro, alfa.deal, b"x" * 20)
    with app.begin(alfa.admin) as tx:
        effect = tx.tariffs.change("small", dry_run=True)
    assert [(over.user and over.user.id, over.used_bytes, over.over_bytes) for over in effect.over] == [
        (alfa.olena.user_id, 80, 30)
    ]
    assert not effect.applied
    put(app, alfa.olena, alfa.deal, b"x")  # still on the old one
    with app.begin(alfa.admin) as tx:
        assert tx.tariffs.change("small").applied
    with pytest.raises(QuotaExceeded):
        put(app, alfa.olena, alfa.deal, b"x")
    put(app, alfa.petro, alfa.deal, b"x" * 30)


def test_going_below_what_is_used_loses_nothing(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"x" * 80)
    limit(app, "tiny", "company", 10)
    with app.begin(alfa.admin) as tx:
        change = tx.tariffs.change("tiny")
        assert [(over.scope, over.over_bytes) for over in change.over] == [("company", 70)]
        assert tx.tariffs.quota().available_bytes == 0
    with app.read(alfa.olena, document.id) as reader:
        assert reader.read() == b"x" * 80
    with pytest.raises(QuotaExceeded):
        put(app, alfa.olena, alfa.deal, b"x")
    put(app, alfa.olena, alfa.deal, b"")  # nothing is asked for
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
    put(app, alfa.olena, alfa.deal, b"x" * 10)


def test_editing_a_tariff_reaches_the_companies_that_have_it(app: Ecm, alfa: Firm) -> None:
    limit(app, "free", "company", 5)
    with pytest.raises(QuotaExceeded):
        put(app, alfa.olena, alfa.deal, b"123456")
    limit(app, "free", "company", 6)
    put(app, alfa.olena, alfa.deal, b"123456")


def test_growth_without_a_declared_size_is_judged_while_bytes_flow(app: Ecm, alfa: Firm) -> None:
    limit(app, "free", "company", 3 * MEGABYTE)

    class Endless:
        given = 0

        def read(self, size: int, /) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()
    with pytest.raises(QuotaExceeded):
        app.stage(alfa.olena, source, filename="endless.bin")
    assert source.given <= 4 * MEGABYTE
    assert usage(app, alfa.admin) == (0, 0)


def test_an_undeclared_size_that_fits_exactly_is_taken(app: Ecm, alfa: Firm) -> None:
    limit(app, "free", "company", 3 * MEGABYTE + 17)
    content = io.BytesIO(b"x" * (3 * MEGABYTE + 17))

    class Unsized:
        def read(self, size: int, /) -> bytes:
            return content.read(size)

    staged = app.stage(alfa.olena, Unsized(), filename="exact.bin")
    assert staged.size_bytes == 3 * MEGABYTE + 17
    assert usage(app, alfa.admin) == (0, 3 * MEGABYTE + 17)


def test_who_may_change_what(app: Ecm, alfa: Firm, beta: Firm) -> None:
    with app.begin(alfa.olena) as tx, pytest.raises(Forbidden):
        tx.tariffs.change("extended")
    with app.begin(alfa.admin) as tx, pytest.raises(Forbidden):
        tx.tariffs.change("extended", company=beta.company)
    with app.begin(alfa.admin) as tx, pytest.raises(Forbidden):
        tx.tariffs.save("mine", scope="unlimited", limit_bytes=None)
    with app.begin(alfa.admin) as tx, pytest.raises(NotFound):
        tx.tariffs.change("no-such")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["stage", "attach", "discard", "trash", "purge"]), st.integers(0, 60)),
        max_size=25,
    )
)
def test_the_counter_is_always_the_sum_of_what_is_there(app: Ecm, steps: list[tuple[str, int]]) -> None:
    limit(app, "free", "company", 100)
    firm = make_firm(app, "Дельта")
    staged, documents, model = [], [], {"used": 0, "reserved": 0}
    for step, n in steps:
        if step == "stage":
            if model["used"] + model["reserved"] + n <= 100:
                staged.append(app.stage(firm.olena, io.BytesIO(b"x" * n), filename="f"))
                model["reserved"] += n
            else:
                with pytest.raises(QuotaExceeded):
                    app.stage(firm.olena, io.BytesIO(b"x" * n), filename="f")
        elif step in ("attach", "discard") and staged:
            file = staged.pop()
            model["reserved"] -= file.size_bytes
            if step == "attach":
                with app.begin(firm.olena) as tx:
                    documents.append(tx.documents.add(file, card=firm.deal))
                model["used"] += file.size_bytes
            else:
                app.discard(file)
        elif step in ("trash", "purge") and documents:
            document = documents[-1]
            with app.begin(firm.olena) as tx:
                found = tx.documents.get(document.id)
                if step == "trash":
                    tx.documents.trash(found)
                else:
                    model["used"] -= tx.documents.purge(found)
                    documents.pop()
        assert usage(app, firm.admin) == (model["used"], model["reserved"])
