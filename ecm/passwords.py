"""Passwords, kept as argon2id hashes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ecm.errors import Invalid

SHORTEST, LONGEST = 8, 1000


@dataclass(frozen=True)
class Passwords:
    """How passwords are hashed: argon2id, by default as strong as RFC 9106 wants it where memory is scarce.

    A hash tells its own strength: other ones are verified as well, each as strong as it was made.
    """

    passes: int = 3
    memory_kib: int = 65536
    lanes: int = 4

    def hash(self, password: str) -> str:
        """The hash to keep. Invalid when the password is shorter or longer than allowed."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise Invalid("password", f"from {SHORTEST} to {LONGEST} characters")
        return self._hasher().hash(password)

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the one. Takes as long for an account that does not exist (None)."""
        kept = password_hash or _nobodys_hash(self)
        try:
            return self._hasher().verify(kept, password[:LONGEST]) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(self.passes, self.memory_kib, self.lanes)


@cache
def _nobodys_hash(passwords: Passwords) -> str:
    return passwords.hash("a password that nobody has")
