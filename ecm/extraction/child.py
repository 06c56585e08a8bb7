"""The start of a guarded process. The pool runs this file by its path: see `run`."""

import sys
from pathlib import Path
from types import ModuleType


def run(arguments: list[str]) -> None:
    """Serve files until the pool closes the socket.

    ``python -m`` would import the package `ecm` first, and with it the database, the web and the S3 client. A
    stand-in for that package leaves room for nothing but the modules of this folder.
    """
    package = ModuleType("ecm")
    package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["ecm"] = package
    from ecm.extraction.reading import serve

    serve(*map(int, arguments))


if __name__ == "__main__":
    run(sys.argv[1:])
