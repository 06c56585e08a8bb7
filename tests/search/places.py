"""Where the indexes under test are."""

from __future__ import annotations

from pathlib import Path

from ecm.search.analysis import Analyzer
from ecm.search.tantivy_engine import TantivyEngine
from ecm.search.whoosh_engine import WhooshEngine


class WhooshPlace:
    """A folder of Whoosh indexes."""

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        self.folder = folder
        self.analyzer = analyzer
        self.code = (
            "from pathlib import Path\n"
            "from ecm.search.analysis import Analyzer\n"
            "from ecm.search.whoosh_engine import WhooshEngine\n"
            f"engine = WhooshEngine(Path({str(folder)!r}), Analyzer(), lock_timeout_s=0.05)\n"
        )

    def open(self, *, lock_timeout_s: float = 0.05) -> WhooshEngine:
        return WhooshEngine(self.folder, self.analyzer, lock_timeout_s=lock_timeout_s)

    def files(self, company: str) -> list[Path]:
        folder = self.open()._path(company)
        return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


class TantivyPlace:
    """A folder of tantivy indexes."""

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        self.folder = folder
        self.analyzer = analyzer
        self.code = (
            "from pathlib import Path\n"
            "from ecm.search.analysis import Analyzer\n"
            "from ecm.search.tantivy_engine import TantivyEngine\n"
            f"engine = TantivyEngine(Path({str(folder)!r}), Analyzer(), lock_timeout_s=0.05)\n"
        )

    def open(self, *, lock_timeout_s: float = 0.05) -> TantivyEngine:
        return TantivyEngine(self.folder, self.analyzer, lock_timeout_s=lock_timeout_s)

    def files(self, company: str) -> list[Path]:
        """All but locks, which hold nothing."""
        folder = self.open().folder_of(company)
        found = folder.rglob("*") if folder.exists() else ()
        return sorted(path for path in found if path.is_file() and path.suffix != ".lock")
