"""Passwords, kept as argon2id hashes."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ecm.errors import Invalid

SHORTEST, LONGEST = 8, 1000
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash to keep. Invalid when the password is shorter or longer than allowed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("password", f"from {SHORTEST} to {LONGEST} characters")
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one. Takes as long for an account that does not exist (None)."""
    try:
        return (
            _hasher.verify(password_hash or _nobodys_hash(), password[:LONGEST]) and password_hash is not None
        )
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("a password that nobody has")
