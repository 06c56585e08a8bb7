"""Who commits, and what happens after a commit.

The domain's functions take the unit of work and flush; they never commit. One of ours commits at the
end of its ``with`` block; one on an application's session leaves that to the application.
"""

from __future__ import annotations

from functools import cached_property

from sqlalchemy.orm import Session

from ecm.access import Actor
from ecm.accounts import Companies, Tokens, Users
from ecm.audit import Audit
from ecm.cards import Cards, Deals
from ecm.documents import Documents
from ecm.errors import SessionRefused
from ecm.passwords import Passwords
from ecm.tariffs import Tariffs


class UnitOfWork:
    """A transaction of one actor, or of the library itself, with the rooms of the domain in it."""

    def __init__(self, session: Session, actor: Actor | None, passwords: Passwords | None = None) -> None:
        self.session = session
        self.actor = actor
        self.passwords = passwords or Passwords()
        self.dead_keys: list[str] = []
        """Keys of bytes that this transaction forgets: to be deleted after its commit, else by the sweep."""

    @property
    def company_id(self) -> int:
        """The company that everything here is limited to."""
        return self.require_actor().company_id

    def require_actor(self) -> Actor:
        """The actor; SessionRefused when there is none."""
        if self.actor is None:
            raise SessionRefused("this needs an actor: begin(actor)")
        return self.actor

    @cached_property
    def companies(self) -> Companies:
        """The tenants."""
        return Companies(self)

    @cached_property
    def users(self) -> Users:
        """Employees."""
        return Users(self)

    @cached_property
    def tokens(self) -> Tokens:
        """API tokens and log-in."""
        return Tokens(self)

    @cached_property
    def tariffs(self) -> Tariffs:
        """Tariffs and what is used of them."""
        return Tariffs(self)

    @cached_property
    def cards(self) -> Cards:
        """Cards of every kind."""
        return Cards(self)

    @cached_property
    def deals(self) -> Deals:
        """Deals."""
        return Deals(self)

    @cached_property
    def documents(self) -> Documents:
        """Documents and their versions."""
        return Documents(self)

    @cached_property
    def audit(self) -> Audit:
        """The trail."""
        return Audit(self)
