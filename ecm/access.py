"""Who may see and do what: the one place that decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecm.errors import Forbidden
from ecm.models import User

Role = Literal["member", "admin", "operator"]
ROLES: tuple[Role, ...] = ("member", "admin", "operator")

COMPANY_TERM = "company"
"""The term in the index that every employee of the company holds."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a user of one company, in a role."""

    user_id: int
    company_id: int
    role: str
    name: str = ""
    email: str | None = None
    may_not_create: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: User) -> Actor:
        """The actor that a user is."""
        return cls(user.id, user.company_id, user.role, user.name, user.email, frozenset(user.may_not_create))

    @property
    def is_admin(self) -> bool:
        """Whether the actor administers their company; an operator does so for their own."""
        return self.role in ("admin", "operator")

    def may_create(self, kind: str) -> bool:
        """Whether the actor may make cards of a kind; administrators may make any."""
        return self.is_admin or kind not in self.may_not_create

    @property
    def is_operator(self) -> bool:
        """Whether the actor operates the platform."""
        return self.role == "operator"


def require_admin(actor: Actor, action: str) -> None:
    """Forbidden unless the actor administers their company."""
    if not actor.is_admin:
        raise Forbidden(action, "admin")


def require_may_create(actor: Actor, kind: str) -> None:
    """Forbidden unless the actor may make cards of a kind."""
    if not actor.may_create(kind):
        raise Forbidden(f"creating a card of the kind {kind}", "the right to create such cards")


def require_operator(actor: Actor | None, action: str) -> None:
    """Forbidden unless the actor operates the platform; the library itself (no actor) may."""
    if actor is not None and not actor.is_operator:
        raise Forbidden(action, "operator")


def may_purge(actor: Actor, uploader_ids: set[int]) -> bool:
    """Whether the actor may delete for good what `uploader_ids` uploaded: their own, or all as an admin."""
    return actor.is_admin or uploader_ids <= {actor.user_id}


def visible_terms(actor: Actor) -> frozenset[str]:
    """The index terms of what the actor may see."""
    return frozenset({COMPANY_TERM})
