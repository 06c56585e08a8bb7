"""How strong the hashes of passwords are."""

from __future__ import annotations

from pathlib import Path

import pytest

import ecm
from ecm.errors import Invalid
from ecm.passwords import LONGEST, Passwords

FULL_STRENGTH = "$argon2id$v=19$m=65536,t=3,p=4$"


def test_a_library_hashes_at_full_strength_unless_told_otherwise(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    database = tmp_path / "ecm.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    with (
        ecm.open(
            database=f"sqlite:///{database}", storage=f"file:{tmp_path}/f", search=f"whoosh:{tmp_path}/i"
        ) as app,
        app.begin() as tx,
    ):
        user = tx.users.add(tx.companies.add("Альфа"), "olena@alfa.example", password="correct horse")
    assert user.password_hash is not None
    assert user.password_hash.startswith(FULL_STRENGTH)


def test_a_hash_of_another_strength_is_verified_as_it_was_made(passwords: Passwords) -> None:
    kept = passwords.hash("correct horse")
    assert not kept.startswith(FULL_STRENGTH)
    assert Passwords().verify("correct horse", kept)
    assert not Passwords().verify("wrong", kept)


def test_nobody_has_a_password(passwords: Passwords) -> None:
    assert not passwords.verify("a password that nobody has", None)
    assert not passwords.verify("correct horse", "no hash")


@pytest.mark.parametrize("password", ["", "seven77", "x" * (LONGEST + 1)])
def test_a_password_is_neither_short_nor_endless(passwords: Passwords, password: str) -> None:
    with pytest.raises(Invalid):
        passwords.hash(password)
