"""Where companies' indexes are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecm.search.errors import IndexBusy
from ecm.search.folders import CompanyFolders


def test_ids_of_companies_become_plain_names(tmp_path: Path) -> None:
    folders = CompanyFolders(tmp_path / "index", lock_timeout_s=0)
    companies = ["a", "A", "..", ".", "", "a/b", "a%2Fb", "%61", "ї", "c\x00", "con.", "a.lock"]

    def paths() -> Iterator[Path]:
        for company in companies:
            yield folders.path(company)
            yield folders.lock_path(company)

    assert len({str(path).casefold() for path in paths()}) == 2 * len(companies)
    assert all(path.parent == tmp_path / "index" and path.name.isascii() for path in paths())


def test_one_company_is_written_by_one_at_a_time_and_its_end_leaves_nothing(tmp_path: Path) -> None:
    folders = CompanyFolders(tmp_path / "index", lock_timeout_s=0)
    with folders.locked("a") as folder, folders.locked("b"):
        folder.mkdir()
        (folder / "file").write_bytes(b"x")
        with pytest.raises(IndexBusy), CompanyFolders(tmp_path / "index", 0).locked("a"):
            pass
        folders.delete("a")
        assert not folder.exists()
        folders.delete("a")
    assert {path.name for path in (tmp_path / "index").rglob("*")} == {".dropped", "b.lock"}
