"""Which field a column goes to: guessed from its name, in Ukrainian, Russian or English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ecm.cards.kinds import CUSTOM, KINDS
from ecm.errors import Invalid

if TYPE_CHECKING:
    from ecm.unit_of_work import UnitOfWork

COMMENT: Final = "comment"
"""The target of a column whose text becomes a comment on the card."""
FULL_NAME: Final = "full_name_of_person"
"""The target of a column with a person's last, first and middle name in one."""
SEVERAL: Final = ("phones", "emails")
"""The targets that several columns may go to."""

_NAMES: Final = {
    "title": "назва найменування заголовок название наименование title name угода сделка deal лід лид lead",
    FULL_NAME: "піб фіо фио контакт імяпрізвище прізвищеімя прізвищетаімя контактнаособа fullname contact",
    "last_name": "прізвище фамилия lastname surname",
    "first_name": "імя имя firstname",
    "middle_name": "побатькові отчество middlename patronymic",
    "job_title": "посада должность jobtitle position",
    "organization_name": "компанія компания фірма фирма company firm",
    "full_name": "повнаназва полноеназвание юридичнаназва юрназва fullname legalname",
    "phones": "телефон телефони телефоны тел мобільний мобильный phone phones mobile phonenumber",
    "emails": "email emails пошта електроннапошта почта електроннаадреса mail адресаелектронноїпошти",
    "country": "країна страна country",
    "tax_number": "єдрпоу едрпоу іпн инн рнокпп код податковийномер taxnumber taxid vat edrpou кодєдрпоу",
    "address": "адреса адрес address юридичнаадреса",
    "postal_address": "поштоваадреса почтовыйадрес postaladdress",
    "website": "сайт website site web url",
    "amount": "сума сумма вартість бюджет amount sum value",
    "currency": "валюта currency",
    "pipeline": "воронка pipeline",
    "stage": "стадія етап стадия этап статус stage status",
    "contact": "контакт контактнаособа contact",
    "organization": "організація организация клієнт клиент компанія компания organization client company",
    "expected_close": "датазакриття очікуванедатазакриття дедлайн датазакрытия closedate expectedclose",
    "source": "джерело источник source",
    "owner": "відповідальний ответственный менеджер власник owner responsible manager",
    "team": "команда відділ отдел team department",
    COMMENT: "коментар примітка комментарий примечание нотатки comment note notes",
}
_SYNONYMS: Final = {field: frozenset(names.split()) for field, names in _NAMES.items()}


def targets(tx: UnitOfWork, kind: str) -> list[str]:
    """What a column of a table of such cards can go to, by name: own fields, custom ones, a comment; of a
    contact the organization too that they belong to."""
    own = [field.name for field in KINDS[kind].fields if field.is_set]
    persons = [FULL_NAME] if kind in ("contact", "lead") else []
    firms = ["organization"] if kind == "contact" else []
    custom = [CUSTOM + field.key for field in tx.fields.list(kind) if field.type != "file"]
    return [*persons, *own, *firms, *custom, COMMENT]


def guess(tx: UnitOfWork, kind: str, header: Sequence[str]) -> list[str | None]:
    """For each column the field that its name tells of, or None; none twice but phones and e-mails, whose
    columns may have numbers."""
    free = targets(tx, kind)
    names = {CUSTOM + field.key: {_folded(field.name), _folded(field.key)} for field in tx.fields.list(kind)}
    names |= {field: {_folded(field), *_SYNONYMS.get(field, ())} for field in free if field not in names}
    guessed: list[str | None] = []
    for column in header:
        wanted = _folded(column)
        found = next((field for field in free if wanted and wanted in names[field]), None)
        if found is None:
            plain = wanted.rstrip("0123456789")
            found = next((field for field in SEVERAL if field in free and plain in names[field]), None)
        guessed.append(found)
        if found and found not in SEVERAL:
            free.remove(found)
    return guessed


def check(tx: UnitOfWork, kind: str, header: Sequence[str], mapping: Sequence[str | None]) -> None:
    """Invalid: a column goes to what there is not, two go to the same field, or the fields don't suffice."""
    allowed = targets(tx, kind)
    chosen = [field for field in mapping if field is not None]
    if len(mapping) != len(header):
        raise Invalid("mapping", f"a field, or none, for each of the {len(header)} columns")
    for field in chosen:
        if field not in allowed:
            raise Invalid("mapping", f"{field[:100]}: no such field of the kind {kind}")
        if chosen.count(field) > 1 and field not in SEVERAL:
            raise Invalid("mapping", f"{field}: one column only")
    if FULL_NAME in chosen and (parts := sorted({"last_name", "first_name", "middle_name"} & set(chosen))):
        raise Invalid("mapping", f"{parts[0]}: one column only, the full name has it already")
    needed = {"contact": (FULL_NAME, "last_name", "first_name")}.get(kind, ("title",))
    if not set(needed) & set(chosen):
        raise Invalid("mapping", f"a column for {' or '.join(needed)}")


def column_of(header: Sequence[str], mapping: Sequence[str | None], field: str) -> str | None:
    """The name of the column that went to a field, as errors of rows call it; None when there is none."""
    names = ("last_name", "first_name", "middle_name")
    for name, target in zip(header, mapping, strict=True):
        if target is not None and (target == field or (target == FULL_NAME and field in names)):
            return name
    return None


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold().replace("ʼ", ""))
