"""What the domain refuses, each with a stable `code` and its facts as attributes.

Errors of `ecm.storage` and `ecm.search` come through as they are; HTTP status belongs to `ecm.api.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime


class EcmError(Exception):
    """Root of what the domain raises. `facts` are what a person or a program may be told."""

    code = "ecm_error"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class SettingError(EcmError):
    """A setting has a wrong value. The message names it and what was expected."""

    code = "bad_setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r}: expected {expected}", name=name)
        self.name = name


class NotFound(EcmError):
    """Nothing of that kind has that id in this company; what another company has is not found either."""

    code = "not_found"

    def __init__(self, what: str, id: object) -> None:
        super().__init__(f"no {what} {id}", what=what, id=str(id))
        self.what = what


class Forbidden(EcmError):
    """The actor's role is too small for the action."""

    code = "forbidden"

    def __init__(self, action: str, needs: str) -> None:
        super().__init__(f"{action} needs: {needs}", action=action, needs=needs)
        self.action = action
        self.needs = needs


class Invalid(EcmError):
    """A value cannot be taken. `field` is the name of it, as its caller knows it."""

    code = "invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}", field=field, reason=reason)
        self.field = field
        self.reason = reason


class Conflict(EcmError):
    """Root of refusals that the present state of things causes."""

    code = "conflict"


class Taken(Conflict):
    """A value that must be unique is in use already."""

    code = "taken"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} {value!r} is in use already", field=field)
        self.field = field


class InUse(Conflict):
    """What was to go away is used by so many cards (0: by the rules themselves). Nothing was changed."""

    code = "in_use"

    def __init__(self, what: str, name: str, cards: int) -> None:
        super().__init__(f"the {what} {name!r} is in use", what=what, name=name, cards=cards)
        self.what = what
        self.name = name
        self.cards = cards


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that a card of a kind must have: always, or in the `stage` (its name) that it comes to."""

    kind: str
    field: str
    name: str
    stage: str | None


class MissingFields(Conflict):
    """A card lacks what it must have; all of it is listed in `missing`. Nothing was changed."""

    code = "missing_fields"

    def __init__(self, missing: Sequence[MissingField]) -> None:
        super().__init__(
            "these fields are required: " + ", ".join(each.name for each in missing),
            missing=[asdict(each) for each in missing],
        )
        self.missing = tuple(missing)


class ManagedByApplication(Conflict):
    """The card belongs to the application that registered it, and is changed there: at `url` where told."""

    code = "managed_by_application"

    def __init__(self, card_id: int, url: str | None) -> None:
        super().__init__(
            f"card {card_id} is managed by another application; change it there", id=str(card_id), url=url
        )
        self.url = url


class LeadConverted(Conflict):
    """The lead was converted, and is only read since then."""

    code = "lead_converted"

    def __init__(self, lead_id: int) -> None:
        super().__init__(f"lead {lead_id} was converted already", id=str(lead_id))


class DuplicatesFound(Conflict):
    """Cards like those to be made are there already: reuse them, or say that others are wanted anyway.
    Nothing was made. Each of `duplicates` tells its card, and by which value it is one."""

    code = "duplicates_found"

    def __init__(self, duplicates: Sequence[dict[str, str]]) -> None:
        super().__init__(
            "there are such cards already: " + ", ".join(each["title"] for each in duplicates),
            duplicates=list(duplicates),
        )
        self.duplicates = tuple(duplicates)


class ImportStarted(Conflict):
    """The import was started already, and is changed no more."""

    code = "import_started"

    def __init__(self, import_id: int) -> None:
        super().__init__(f"import {import_id} was started already", id=str(import_id))


class HasDocuments(Conflict):
    """A card that still has documents is not deleted unless told what becomes of them."""

    code = "has_documents"

    def __init__(self, documents: int) -> None:
        super().__init__(f"the card has {documents} documents", documents=documents)
        self.documents = documents


class Trashed(Conflict):
    """The document is in the trash; restore it first."""

    code = "trashed"

    def __init__(self, document_id: int, trashed_at: datetime) -> None:
        super().__init__(
            f"document {document_id} is in the trash", id=str(document_id), trashed_at=trashed_at.isoformat()
        )


class LastCard(Conflict):
    """A document stands on at least one card; taking away the last one is refused."""

    code = "last_card"

    def __init__(self, document_id: int) -> None:
        super().__init__(f"document {document_id} is on no other card", id=str(document_id))


class ChangedMeanwhile(Conflict):
    """What was to be changed has been deleted, by somebody else, since it was read. Nothing was changed."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("somebody else has deleted this meanwhile; nothing was changed")


class StagedFileExpired(Conflict):
    """The staged file's lease ended before it was attached, or it was attached already. Stage it again."""

    code = "staged_file_expired"

    def __init__(self, filename: str) -> None:
        super().__init__(
            f"the staged file {filename!r} is no longer held; upload it again", filename=filename
        )


class UploadLocked(Conflict):
    """Another request is writing to the upload just now; come again in some seconds."""

    code = "upload_locked"

    def __init__(self) -> None:
        super().__init__("another request is writing to this upload")


class OffsetMismatch(Conflict):
    """A piece of an upload does not begin where the upload has come to: at `offset_bytes`."""

    code = "offset_mismatch"

    def __init__(self, offset_bytes: int) -> None:
        super().__init__(f"the upload goes on at byte {offset_bytes}", offset_bytes=offset_bytes)
        self.offset_bytes = offset_bytes


class UploadTooLong(EcmError):
    """There are more bytes than the upload was declared to have."""

    code = "upload_too_long"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the upload was declared to have {size_bytes} bytes", size_bytes=size_bytes)


class ChecksumMismatch(EcmError):
    """A piece of an upload is not what its checksum promised; nothing of it was kept."""

    code = "checksum_mismatch"

    def __init__(self, algorithm: str) -> None:
        super().__init__(f"the piece does not have this {algorithm} checksum", algorithm=algorithm)


class NoSuchPage(EcmError):
    """The document has fewer pages that can be shown."""

    code = "no_such_page"

    def __init__(self, page: int, pages: int) -> None:
        super().__init__(f"there is no page {page} of {pages}", page=page, pages=pages)


class PreviewUnavailable(EcmError):
    """There is no picture of the page, and there won't be: `reason` is the code that says why."""

    code = "preview_unavailable"

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(f"no picture can be made of this: {reason}", preview_state=state, reason=reason)
        self.state = state
        self.reason = reason


class PreviewPending(EcmError):
    """The picture is not made yet; ask again in `retry_after_s` seconds."""

    code = "preview_pending"

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("the picture is being made", preview_state="pending")
        self.retry_after_s = retry_after_s


class BadCredentials(EcmError):
    """The e-mail or the password is wrong; it is not told which."""

    code = "bad_credentials"

    def __init__(self) -> None:
        super().__init__("the e-mail or the password is wrong")


class TooManyAttempts(EcmError):
    """Log-in is paused after too many failures in a row. `retry_after_s` seconds remain."""

    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"too many failed log-ins; try again in {retry_after_s} s", retry_after_s=retry_after_s
        )
        self.retry_after_s = retry_after_s


class DatabaseBusy(EcmError):
    """Another writer held the database for too long. On SQLite perhaps this very thread: a file
    must be staged before the transaction that attaches it writes its first row."""

    code = "database_busy"

    def __init__(self) -> None:
        super().__init__(
            "the database was locked by another writer for too long; on SQLite, stage files before "
            "the transaction that attaches them writes anything"
        )


class SessionRefused(EcmError):
    """The application's session cannot carry our rows. The message says why and what to do."""

    code = "session_refused"
