"""The start of a process that draws. The pool runs this file by its path: see `run`."""

import sys
from pathlib import Path
from types import ModuleType


def run(arguments: list[str]) -> None:
    """Draw what the pool asks for until it closes the socket.

    As with the processes that read texts, a stand-in for the package `ecm` keeps the database, the web and
    the S3 client out.
    """
    package = ModuleType("ecm")
    package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["ecm"] = package
    from ecm.drawing.serving import serve

    serve(*map(int, arguments))


if __name__ == "__main__":
    run(sys.argv[1:])
