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
from ecm.cards.contact_points import ContactPoints
from ecm.cards.contacts import Contacts
from ecm.cards.conversions import Conversions
from ecm.cards.duplicates import Duplicates
from ecm.cards.field_values import FieldValues
from ecm.cards.fields import Fields
from ecm.cards.leads import Leads
from ecm.cards.lists import CardLists
from ecm.cards.option_sets import OptionSets
from ecm.cards.organizations import Organizations
from ecm.cards.pipelines import Pipelines
from ecm.cards.products import ProductLines
from ecm.cards.requirements import Requirements
from ecm.cards.saved_filters import SavedFilters
from ecm.cards.stage_moves import StageMoves
from ecm.cards.teams import Teams
from ecm.cards.timeline import Timeline
from ecm.documents import Documents
from ecm.errors import SessionRefused
from ecm.importing.imports import Imports
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
    def contacts(self) -> Contacts:
        """The people of clients."""
        return Contacts(self)

    @cached_property
    def organizations(self) -> Organizations:
        """The firms of clients."""
        return Organizations(self)

    @cached_property
    def contact_points(self) -> ContactPoints:
        """Phones and e-mails."""
        return ContactPoints(self)

    @cached_property
    def duplicates(self) -> Duplicates:
        """Clients that are there already."""
        return Duplicates(self)

    @cached_property
    def leads(self) -> Leads:
        """Leads."""
        return Leads(self)

    @cached_property
    def conversions(self) -> Conversions:
        """What leads were converted to."""
        return Conversions(self)

    @cached_property
    def lists(self) -> CardLists:
        """Lists of cards."""
        return CardLists(self)

    @cached_property
    def saved_filters(self) -> SavedFilters:
        """Filters that people keep."""
        return SavedFilters(self)

    @cached_property
    def imports(self) -> Imports:
        """Imports of cards from tables."""
        return Imports(self)

    @cached_property
    def pipelines(self) -> Pipelines:
        """Pipelines and their stages."""
        return Pipelines(self)

    @cached_property
    def products(self) -> ProductLines:
        """What is sold on deals and leads."""
        return ProductLines(self)

    @cached_property
    def requirements(self) -> Requirements:
        """What cards must have."""
        return Requirements(self)

    @cached_property
    def stages(self) -> StageMoves:
        """Moves between stages."""
        return StageMoves(self)

    @cached_property
    def teams(self) -> Teams:
        """Teams of employees."""
        return Teams(self)

    @cached_property
    def timeline(self) -> Timeline:
        """What happened on cards."""
        return Timeline(self)

    @cached_property
    def fields(self) -> Fields:
        """Custom fields."""
        return Fields(self)

    @cached_property
    def option_sets(self) -> OptionSets:
        """What can be chosen in list fields."""
        return OptionSets(self)

    @cached_property
    def field_values(self) -> FieldValues:
        """The values of cards in custom fields."""
        return FieldValues(self)

    @cached_property
    def documents(self) -> Documents:
        """Documents and their versions."""
        return Documents(self)

    @cached_property
    def audit(self) -> Audit:
        """The trail."""
        return Audit(self)
