"""Every refusal has words, and every word its translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from ecm import errors as domain
from ecm.access import ROLES
from ecm.documents import KINDS
from ecm.drawing import interface as drawing
from ecm.extraction.interface import Reason, State
from ecm.search import errors as search
from ecm.storage import errors as storage
from ecm.web import labels, messages
from scripts import messages as keeping

ROOT = Path(__file__).resolve().parents[3]
PO = ROOT / "ecm/web/translations/uk/LC_MESSAGES/messages.po"
# What pages never meet: mistakes of the calling code, of settings, and what other rooms answer to.
INNER = {
    "ecm_error",
    "bad_setting",
    "session_refused",
    "conflict",
    "storage_error",
    "invalid_key",
    "blob_exists",
}
INNER |= {"search_error"}
GENERIC = "This could not be done"


def codes() -> Iterator[str]:
    for room in (domain, storage, search):
        for kind in vars(room).values():
            if isinstance(kind, type) and "code" in vars(kind):
                yield vars(kind)["code"]


def reasons() -> Iterator[str]:
    """The reasons of all `Invalid(field, reason)` in the domain, a 7 for each figure in them."""
    for file in [*(ROOT / "ecm").glob("*.py"), *(ROOT / "ecm/cards").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "Invalid" and not isinstance(node.args[1], ast.Attribute):
                yield _written(node.args[1])  # an attribute is another error's reason, told again


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _written(node.left) + _written(node.right)
    return "7"


@pytest.mark.parametrize("code", sorted(set(codes()) - INNER))
def test_every_code_has_words(bare: Flask, code: str) -> None:
    with bare.test_request_context("/"):
        text = messages.of_code(code, {}).text
    assert text
    assert not text.startswith(GENERIC)


# Only programs send these.
FOR_PROGRAMS = (
    "a key that was not",
    "1 to 200 printable",
    "1 to 7 printable",
    "an existing card, or what a new one",
    "company, user or",
    "a number of bytes",
    "no such field",
    "a list",
    "as it was made",
    "each id, once",
    "only of a",
    "small letters, digits and underscores",
    "FIELD=VALUE",
    "a deal or a lead",
)


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_every_reason_of_a_wrong_value_has_words(bare: Flask, reason: str) -> None:
    if reason.startswith(FOR_PROGRAMS):
        return
    with bare.test_request_context("/"):
        text = messages.of_code("invalid", {"field": "title", "reason": reason}).text
    assert text != "This value is not accepted."


def test_every_code_of_the_domain_has_its_word() -> None:
    assert set(labels.KINDS) == set(KINDS)
    assert set(labels.ROLES) == set(ROLES)
    assert set(labels.TEXT_STATES) == {"pending", "recognizing", *State.__args__}  # type: ignore[attr-defined]
    assert set(labels.TEXT_REASONS) == set(Reason.__args__) - {""}  # type: ignore[attr-defined]
    assert set(labels.PREVIEW_REASONS) == set(drawing.Reason.__args__) - {""}  # type: ignore[attr-defined]


def test_no_text_is_without_its_translation() -> None:
    catalog = keeping.read(PO)
    texts = {message.id for message in keeping.collect() if message.id}
    assert texts == {message.id for message in catalog if message.id}, "run python -m scripts.messages"
    assert not catalog.obsolete
    for message in catalog:
        if message.id:
            assert keeping.is_translated(message.string), message.id
            assert not message.fuzzy, message.id


def test_translations_are_filled_in_like_their_texts() -> None:
    place = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    for message in keeping.read(PO):
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        translations = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for translation in translations if message.id else ():
            assert sorted(place.findall(translation)) == sorted(place.findall(texts[-1])), message.id


def test_what_pages_read_is_what_translators_wrote() -> None:
    catalog = keeping.read(PO)
    assert PO.with_suffix(".mo").read_bytes() == keeping.as_mo(catalog), "run python -m scripts.messages"


def test_the_file_of_translators_is_in_order() -> None:
    assert PO.read_bytes() == keeping.as_po(keeping.read(PO)), "run python -m scripts.messages"
