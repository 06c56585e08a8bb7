"""What people read when something is refused: the one place where the domain's errors get words.

An error is known by its stable `code` and its facts, whether it comes as an exception or as the
``problem+json`` that a script of ours was answered with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import url_for
from flask_babel import lazy_gettext as _l

from ecm.errors import EcmError
from ecm.search.errors import SearchError
from ecm.storage.errors import StorageError
from ecm.web import card_labels, formats
from ecm.web.texts import gettext as _
from ecm.web.texts import ngettext

Refusal = EcmError | StorageError | SearchError
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """What happened and what to do about it, and the address of the place where that is done."""

    text: str
    address: str | None = None
    action: str = ""


_TEXTS = {
    "network": _l(
        "The connection was lost. What has been sent is kept for a day: try again, and it goes on from there."
    ),
    "not_found": _l("There is nothing at this address. Perhaps it was deleted."),
    "forbidden": _l("Your role does not allow this. Ask an administrator of your company."),
    "taken": _l("This is already in use. Choose another."),
    "import_started": _l("The import has begun already, and nothing of it was changed."),
    "lead_converted": _l("The lead is converted, and only read since then."),
    "trashed": _l("The document is in the trash. Restore it first."),
    "last_card": _l(
        "This is the only card that the document is on. Put it on another first, or move it to the trash."
    ),
    "staged_file_expired": _l("The uploaded file was kept for too long and is gone. Upload it again."),
    "bad_credentials": _l("The e-mail or the password is wrong."),
    "database_busy": _l("Too much is going on at once, and nothing was changed. Try again in a minute."),
    "storage_unavailable": _l(
        "The storage of files does not answer, or its disk is full. Nothing was stored. Try again in a few "
        "minutes; if it stays like this, tell your administrator."
    ),
    "database_unavailable": _l(
        "The database does not answer, and nothing was changed. Try again in a minute."
    ),
    "broken_body": _l("The file did not arrive whole, and nothing was stored. Upload it again."),
    "content_damaged": _l("The content of this file is damaged. Tell your administrator."),
    "corrupt": _l("The file arrived damaged, and nothing was stored. Upload it again."),
    "blob_not_found": _l("The content of this file is missing. Tell your administrator."),
    "upload_expired": _l("The upload was interrupted for too long and is gone. Upload the file again."),
    "no_such_page": _l("The document has fewer pages."),
    "preview_pending": _l("The picture of this page is being made. Come back in a moment."),
    "preview_unavailable": _l("There is no picture of this document."),
    "changed_meanwhile": _l("Somebody else has deleted this in the meantime. Nothing was changed."),
    "checksum_mismatch": _l("A part of the file arrived damaged, and it was not kept. Try again."),
    "offset_mismatch": _l("The upload has gone on elsewhere, perhaps in another tab. Try again."),
    "upload_locked": _l("The same file is being uploaded in another tab. Try again in a few seconds."),
    "upload_too_long": _l("The file has changed while it was being uploaded. Upload it again."),
    "index_busy": _l("Search is busy. Try again in a few seconds."),
    "index_damaged": _l("The search index is being rebuilt. Try again in a few minutes."),
    "index_unavailable": _l("Search does not answer. Try again in a few minutes."),
    "foreign_origin": _l("The request came from another site, and nothing was changed."),
    "no_file": _l("Choose a file first."),
    "failure": _l(
        "Something went wrong on our side. Try again; if it stays like this, tell your administrator."
    ),
    "bad_request": _l("The request was not understood, and nothing was changed."),
    "method_not_allowed": _l("This address is not meant to be opened like this."),
    "too_large": _l("What was sent is larger than this page accepts."),
}


def of_error(error: Refusal) -> Message:
    """The message for an error of the domain, of storage or of search."""
    return of_code(error.code, error.facts if isinstance(error, EcmError) else vars(error))


def of_code(code: str, facts: Facts) -> Message:
    """The message for a code and its facts. Of an unknown code it is told that nothing was changed."""
    if code == "quota_exceeded":
        return _of_quota(facts)
    if code in ("missing_fields", "duplicates_found", "managed_by_application", "in_use"):
        return _of_cards(code, facts)
    if code == "has_documents":
        return Message(_of_documents(facts))
    if code == "too_many_attempts":
        return Message(_of_attempts(facts))
    if code == "invalid":
        return Message(_of_reason(str(facts.get("field", "")), str(facts.get("reason", ""))))
    if code == "bad_query":
        return Message(_of_query(str(facts.get("reason", "")), str(facts.get("fragment", ""))))
    if code == "unauthenticated":
        text = _("You are no longer logged in. Log in again in another tab, then try again here.")
        return Message(text, url_for("pages.accounts.log_in"), _("Log in"))
    told = _TEXTS.get(code)
    return Message(str(told) if told else _("This could not be done, and nothing was changed. Try again."))


_REASONS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    (r"some text", lambda *_found: _("Fill this in.")),
    (r"([\d,]+) characters at most", lambda most, _none: _shorter(most)),
    (r"(\d+) tags of (\d+) characters at most", lambda tags, letters: _fewer_tags(tags, letters)),
    (r"a decimal number.*", lambda *_found: _("Enter a number, for example 125000.00.")),
    (r"a number below.*", lambda *_found: _("The amount is too large or has more than four decimal places.")),
    (r"three letters.*", lambda *_found: _("Enter the three letters of the currency, for example UAH.")),
    (r"an address like.*", lambda *_found: _("Enter an e-mail address, for example name@company.example.")),
    (r"from (\d+) to (\d+) characters", lambda least, most: _between(least, most)),
    (r"(?:one|any) of .*", lambda *_found: _("Choose one of the values in the list.")),
    (r"a day such as.*", lambda *_found: _("Enter a date, for example 2026-01-31.")),
    (r"a year such as.*", lambda *_found: _("Enter a year, for example 2026.")),
    (r"a number from.*", lambda *_found: _("Enter a larger number.")),
    (r"([\d,]+)(?: of one's own)? at most", lambda most, _none: _as_many(most)),
    (r"a link such as.*", lambda *_found: _("Enter a link that begins with https:// or http://.")),
    (r"a document of.*", lambda *_found: _("Choose a document of your company, not one in the trash.")),
    (r"an option that.*", lambda *_found: _("This option is no longer offered. Choose another.")),
    (r"one value, not several", lambda *_found: _("Choose one value only.")),
    (r"['\"]?(.*?)['\"]? is no phone number.*", lambda phone, _none: _no_phone(phone)),
    (r"['\"]?(.*?)['\"]? is no address like.*", lambda email, _none: _no_email(email)),
    (r"10 digits of a person.*", lambda *_found: _of_tax_number(person=True)),
    (r"8 .*check digit", lambda *_found: _of_tax_number(person=False)),
    (r"two letters of a country.*", lambda *_found: _("Choose a country.")),
    (
        r"the address of a site.*",
        lambda *_found: _("Enter the address of a site, for example company.example."),
    ),
    (r"required", lambda *_found: _("Fill this in.")),
    (r"(.*): there is no such one", lambda name, _none: _("“%(name)s” was not found.", name=name)),
    (
        r"(.*): there are several of that name",
        lambda name, _none: _("There are several that “%(name)s” may be.", name=name),
    ),
    (
        r"a column for .*",
        lambda *_found: _("Say which column has the name: nothing can be made without one."),
    ),
    (r".*: one column only.*", lambda *_found: _("Two columns can’t go to the same field.")),
    (r"a file of (\d+) MB at most", lambda most, _none: _("The file is larger than %(most)s MB.", most=most)),
    (r"([\d,]+) (?:rows|columns) at most|cells of.*", lambda *_found: _("The table is too large.")),
    (
        r"(?:a header and rows|an Excel workbook|a workbook that|a table that).*",
        lambda *_found: _("Choose a CSV file or an Excel workbook with a header and rows below it."),
    ),
    (r"the database does not.*|an unexpected error.*", lambda *_found: _("This row could not be stored.")),
    (r"true or false", lambda *_found: _("Answer yes or no.")),
    (r"a number|a number such as.*", lambda *_found: _("Enter a number, for example 12.50.")),
    (r"(?:a total|quantity x price) below.*", lambda *_found: _("The amount is too large.")),
    (r"([\d,]+) (?:lines|conditions) at most", lambda most, _none: _as_many(most)),
    (
        r"a card that is there.*",
        lambda *_found: _("There is no such card. Choose one by its title or number."),
    ),
    (
        r"one card: several.*",
        lambda *_found: _("Several cards have such a title. Choose one from the list, or type its number."),
    ),
    (r".*: 1 to (\d+) words", lambda most, _none: _("Type %(most)s words at most.", most=most)),
    (r".*(?:a value|an id|values, separated by commas)", lambda *_found: _("Say what to compare with.")),
    (
        r".*(?:does not suit such a|no such (?:field|option|stage|pipeline)|sorted by|with an operator).*",
        lambda *_found: _("Lists can’t be narrowed or sorted like this. Choose another condition."),
    ),
    (r"a deal only.*", lambda *_found: _("The client is known already: choose a deal only.")),
    (
        r"a lead that is not junk.*",
        lambda *_found: _("The lead is junk. Take it back to another stage first."),
    ),
    (r"another stage: leads.*", lambda *_found: _("Leads come to this stage only by being converted.")),
    (r".*(?:a|another) stage .*", lambda *_found: _("Choose a stage that is in use.")),
    (r".*pipeline.*", lambda *_found: _("Choose a pipeline that is in use.")),
    (r"a field of the kind.*", lambda *_found: _("Choose another field: this one does not fit.")),
    (r"one or several of.*", lambda *_found: _("Choose at least one.")),
    (r".*: one of .*", lambda *_found: _("Choose one of the values in the list.")),
    (r"there is no such one", lambda *_found: _("Choose one of the values in the list.")),
    (
        r"the products are in.*|.*which the lead's products are in",
        lambda *_found: _("The products are in another currency. Change one of the two, or the deal."),
    ),
    (
        r"the deal has an amount without.*",
        lambda *_found: _("This deal has an amount without products. Clear it, or add products there first."),
    ),
    (
        r"nothing: the deal gets.*",
        lambda *_found: _("Leave this empty: the deal gets the client that is chosen here."),
    ),
    (r"one field of the lead only.*", lambda *_found: _("Two fields can’t go to the same field.")),
    (r"those that are not final.*", lambda *_found: _("The final stages come last.")),
    (r"the total of the.*", lambda *_found: _("The amount is the total of the products: change those.")),
    (
        r"an http or https address.*",
        lambda *_found: _("Enter a link that begins with https:// or http://."),
    ),
    (r"another key.*", lambda *_found: _("This was sent before with other choices. Open the page anew.")),
    (
        r"letters, digits and hyphens.*",
        lambda *_found: _("Use letters, digits and hyphens, and not digits alone."),
    ),
    (
        r"some that are not final.*",
        lambda *_found: _("A pipeline needs a stage that is not final, and one for each way to end."),
    ),
    (r".*a value of ([\d,]+) characters at most", lambda most, _none: _shorter(most)),
)


def _of_cards(code: str, facts: Facts) -> Message:
    """What is refused about cards: with the names of the fields and cards that it is about."""
    match code:
        case "missing_fields":
            missing = facts.get("missing")
            told = (
                [each for each in missing if isinstance(each, Mapping)] if isinstance(missing, list) else []
            )
            names = [str(card_labels.FIELDS.get(str(each["name"]), each["name"])) for each in told]
            return Message(_("Fill in first: %(fields)s.", fields=", ".join(names)))
        case "duplicates_found":
            found = facts.get("duplicates")
            told = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
            names = [str(each.get("title", "")) for each in told]
            return Message(
                _(
                    "There are such cards already: %(cards)s. Use these, or say that new ones are wanted.",
                    cards=", ".join(names),
                )
            )
        case "managed_by_application":
            url = str(facts.get("url") or "")
            text = _("Another application keeps this card: it is changed there.")
            return Message(text, url or None, _("Open it there") if url else "")
    cards = _int(facts, "cards")
    if not cards:
        return Message(_("“%(name)s” is needed, and was not taken away.", name=facts.get("name", "")))
    return Message(
        ngettext(
            "“%(name)s” is in use on %(num)s card. Archive it, or change the card first.",
            "“%(name)s” is in use on %(num)s cards. Archive it, or change these first.",
            cards,
            name=facts.get("name", ""),
        )
    )


def _of_reason(field: str, reason: str) -> str:
    for pattern, tell in _REASONS:
        if found := re.fullmatch(pattern, reason):
            parts = [*found.groups(), "", ""]
            return tell(parts[0], parts[1])
    return _("This value is not accepted.")


def _shorter(most: str) -> str:
    return ngettext(
        "Use %(num)s character at most.", "Use %(num)s characters at most.", int(most.replace(",", ""))
    )


def _as_many(most: str) -> str:
    return ngettext(
        "There can be %(num)s at most, and it is there already.",
        "There can be %(num)s at most, and there are as many already.",
        int(most.replace(",", "")),
    )


def _no_phone(phone: str) -> str:
    return _(
        "“%(phone)s” is no phone number. Enter one number with its area code, for example 044 123 45 67.",
        phone=phone,
    )


def _no_email(email: str) -> str:
    return _("“%(email)s” is no e-mail address. Enter one, for example name@company.example.", email=email)


def _of_tax_number(*, person: bool) -> str:
    if person:
        return _(
            "A person’s tax number has 10 digits, the last of them a check digit. One of these is wrong."
        )
    return _("A firm’s code has 8 digits, a person’s tax number 10, the last a check digit. One is wrong.")


def _fewer_tags(tags: str, letters: str) -> str:
    return _("Use %(tags)s tags at most, each of %(letters)s letters at most.", tags=tags, letters=letters)


def _between(least: str, most: str) -> str:
    return _("Use from %(least)s to %(most)s characters.", least=least, most=most)


def _of_attempts(facts: Facts) -> str:
    seconds = _int(facts, "retry_after_s")
    if seconds < 60:
        return ngettext(
            "Too many failed attempts. Try again in %(num)d second.",
            "Too many failed attempts. Try again in %(num)d seconds.",
            seconds,
        )
    return ngettext(
        "Too many failed attempts. Try again in %(num)d minute.",
        "Too many failed attempts. Try again in %(num)d minutes.",
        -(-seconds // 60),
    )


def _of_documents(facts: Facts) -> str:
    return ngettext(
        "The card has %(num)d document. Say what is to become of it.",
        "The card has %(num)d documents. Say what is to become of them.",
        _int(facts, "documents"),
    )


def _of_quota(facts: Facts) -> Message:
    limit, used, reserved = (_int(facts, f"{name}_bytes") for name in ("limit", "used", "reserved"))
    requested, trash = _int(facts, "requested_bytes"), _int(facts, "trash_bytes")
    purgeable = _int(facts, "purgeable_bytes")
    sentences = [
        _(
            "There is no room: the file takes %(requested)s, and of %(limit)s only %(left)s are left.",
            requested=formats.size(requested),
            limit=formats.size(limit),
            left=formats.size(max(0, limit - used - reserved)),
        ),
        _("%(used)s are used.", used=formats.size(used)),
    ]
    if reserved:
        sentences.append(
            _("%(reserved)s are reserved by uploads under way.", reserved=formats.size(reserved))
        )
    if purgeable:
        sentences.append(_("Emptying the trash would free %(freed)s.", freed=formats.size(purgeable)))
        if used + reserved - purgeable + requested <= limit:
            return Message(" ".join(sentences), url_for("pages.trash.index"), _("Open the trash"))
    elif trash:
        sentences.append(
            _("The trash holds %(trash)s, which an administrator can delete.", trash=formats.size(trash))
        )
    sentences.append(_("Delete what is no longer needed, or ask an administrator for a larger tariff."))
    return Message(" ".join(sentences), url_for("pages.storage.index"), _("See the storage"))


def _of_query(reason: str, fragment: str) -> str:
    match reason:
        case "unclosed_quote":
            return _("The quotation mark that opens here is not closed.")
        case "unclosed_parenthesis":
            return _("The parenthesis that opens here is not closed.")
        case "stray_parenthesis":
            return _("This parenthesis was not opened.")
        case "unknown_field":
            fields = "kind: deal: tag: title: from: to:"
            return _(
                "There is no field “%(name)s”, only %(fields)s. Put words with a colon in quotation marks.",
                name=fragment.partition(":")[0],
                fields=fields,
            )
        case "bad_date":
            return _("This is not a date. Write it like 2026-01-31 or 31.01.2026.")
        case "too_long":
            return _("The query is too long.")
        case "too_deep":
            return _("There are too many parentheses within one another.")
    return _("The query cannot be understood.")


def _int(facts: Facts, name: str) -> int:
    value = str(facts.get(name, ""))
    return int(value) if re.fullmatch(r"\d{1,18}", value, re.ASCII) else 0
