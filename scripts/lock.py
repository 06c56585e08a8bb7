"""Rebuilds the locks by uv: ``python3 -m scripts.lock [--upgrade]``. Pins that still fit stay without it.

A lock names versions and hashes for every Python and system that we support, and no address.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements-build.lock": ["requirements-build.in"],
    "requirements.lock": ["setup.cfg", "--extra", "demo", "--constraint", "requirements-build.lock"],
    "requirements-dev.lock": ["setup.cfg", "--extra", "dev", "--constraint", "requirements.lock"],
    "requirements-node.lock": ["requirements-node.in"],
}
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--quiet",
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ecm-uv-") as scratch:
        uv = shutil.which("uv") or install_uv(Path(scratch))
        for lock, sources in LOCKS.items():
            command = [uv, "pip", "compile", *sources, *OPTIONS, *sys.argv[1:], "--output-file", lock]
            subprocess.run(command, cwd=ROOT, check=True)
            print(f"{lock}: {count_pins(ROOT / lock)} packages")


def install_uv(scratch: Path) -> str:
    """uv, in an environment that goes when we do."""
    venv.create(scratch / "venv", with_pip=True)
    subprocess.run([scratch / "venv/bin/python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    return str(scratch / "venv/bin/uv")


def count_pins(lock: Path) -> int:
    return sum("==" in line and not line.startswith((" ", "#")) for line in lock.read_text().splitlines())


if __name__ == "__main__":
    main()
