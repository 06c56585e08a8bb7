"""Cards: what documents attach to. One file for what is common, one for each kind, one for each concept."""

from ecm.cards.cards import Cards
from ecm.cards.deals import Deals

__all__ = ["Cards", "Deals"]
