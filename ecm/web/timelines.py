"""The timelines of cards in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from markupsafe import Markup

from ecm.cards.timeline import TimelinePage
from ecm.models import Card, TimelineEntry
from ecm.unit_of_work import UnitOfWork
from ecm.web import card_labels, labels
from ecm.web.card_values import card_address
from ecm.web.texts import gettext as _

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of a timeline in words: a sentence, and the text of a comment or a reason."""

    entry: TimelineEntry
    who: str
    sentence: str | Markup
    text: str = ""

    @property
    def is_comment(self) -> bool:
        """Whether somebody wrote it."""
        return self.entry.kind == "comment"


@dataclass(frozen=True, slots=True)
class ShownTimeline:
    """Some entries of a card's timeline, and the cursor to older ones."""

    items: list[Happening]
    next_before: int | None


def shown_timeline(tx: UnitOfWork, card: Card, before: str | None = None) -> ShownTimeline:
    """A part of a card's timeline in words, read in a constant number of statements."""
    page: TimelinePage = tx.timeline.list(card, before=before, limit=PER_PAGE)
    names = tx.users.names(entry.user_id for entry in page.items)
    cards = tx.cards.many([_id(each) for entry in page.items for each in _named(entry)])
    words = _Words(tx, card.kind, cards)
    items = [words.of(entry, names.get(entry.user_id or 0, "")) for entry in page.items]
    return ShownTimeline(items, page.next_before)


class _Words:
    def __init__(self, tx: UnitOfWork, kind: str, cards: Mapping[int, Card]) -> None:
        self._tx = tx
        self._kind = kind
        self._cards = cards

    def of(self, entry: TimelineEntry, who: str) -> Happening:
        facts = entry.facts
        if entry.kind == "comment":
            return Happening(entry, who, "", str(facts.get("text", "")))
        return Happening(entry, who, self._sentence(entry.kind, facts), str(facts.get("reason") or ""))

    def _sentence(self, kind: str, facts: Mapping[str, Any]) -> str | Markup:
        match kind:
            case "card.created":
                return _("The card was made.")
            case "field.changed":
                return self._of_field(facts)
            case "stage.moved":
                old, new = (labels.word(labels.STAGE_NAMES, str(facts.get(name))) for name in ("old", "new"))
                return _("Stage: %(old)s → %(new)s", old=old, new=new)
            case "membership.added" | "membership.changed" | "membership.ended":
                return self._of_membership(kind, facts)
            case "lead.converted":
                return Markup(_("Converted to: %(cards)s")) % {"cards": self._links(facts.get("cards", ()))}
            case "made.from_lead":
                return Markup(_("Made from the lead %(lead)s")) % {
                    "lead": self._links([facts.get("lead", {})])
                }
            case "joined.by_lead":
                return Markup(_("The lead %(lead)s was joined to this card")) % {
                    "lead": self._links([facts.get("lead", {})])
                }
        return self._of_document(kind, facts)

    def _of_field(self, facts: Mapping[str, Any]) -> str | Markup:
        name = str(facts.get("field", ""))
        label = card_labels.field_label(self._tx, self._kind, name)
        old, new = (_told(name, facts.get(which)) for which in ("old", "new"))
        if not old:
            return _("%(field)s: %(new)s", field=label, new=new)
        if not new:
            return _("%(field)s: %(old)s was taken away", field=label, old=old)
        return _("%(field)s: %(old)s → %(new)s", field=label, old=old, new=new)

    def _of_membership(self, kind: str, facts: Mapping[str, Any]) -> Markup:
        texts = {
            "membership.added": _("%(contact)s belongs to %(organization)s now"),
            "membership.changed": _("%(contact)s has another role in %(organization)s now"),
            "membership.ended": _("%(contact)s does not belong to %(organization)s any more"),
        }
        linked = {name: self._links([facts.get(name, {})]) for name in ("contact", "organization")}
        role = f" ({facts['role']})" if facts.get("role") else ""
        return Markup(texts[kind]) % linked + role

    def _of_document(self, kind: str, facts: Mapping[str, Any]) -> str | Markup:
        texts = {
            "document.added": _("Document: %(title)s was added"),
            "document.linked": _("Document: %(title)s was put here"),
            "document.unlinked": _("Document: %(title)s was taken off"),
            "document.version_added": _("Document: %(title)s has a new version"),
            "document.version_restored": _(
                "Document: an older version of %(title)s is the current one again"
            ),
            "document.trashed": _("Document: %(title)s was moved to the trash"),
            "document.restored": _("Document: %(title)s was restored"),
        }
        if kind not in texts:
            return kind
        address = url_for("pages.documents.show", id=facts.get("document", "0"))
        link = Markup('<a href="{}">{}</a>').format(address, facts.get("title", ""))
        return Markup(texts[kind]) % {"title": link}

    def _links(self, told: Any) -> Markup:
        found = []
        for each in told:
            card = self._cards.get(_id(each))
            title = str(each.get("title", "")) if isinstance(each, Mapping) else ""
            if card is None:
                found.append(Markup("{}").format(title))
            else:
                found.append(Markup('<a href="{}">{}</a>').format(card_address(card), title or card.title))
        return Markup(", ").join(found)


def _named(entry: TimelineEntry) -> list[Any]:
    """The cards that an entry names."""
    facts = entry.facts
    return [
        *facts.get("cards", ()),
        *(facts[name] for name in ("lead", "contact", "organization") if name in facts),
    ]


def _id(each: Any) -> int:
    text = str(each.get("id", "")) if isinstance(each, Mapping) else ""
    return int(text) if text.isascii() and text.isdecimal() else 0


def _told(field: str, value: Any) -> str:
    if value is None:
        return ""
    if value in ("yes", "no"):
        return _("Yes") if value == "yes" else _("No")
    if field == "products" and " / " in str(value):
        lines, _slash, total = str(value).partition(" / ")
        return _("%(lines)s lines, %(total)s in all", lines=lines, total=total)
    return str(value)
