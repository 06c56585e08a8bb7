"""Makes `.venv` from the locks: ``python3 -m scripts.environment [--dev]``.

Needs no more than a Python, its venv module included or not. Safe to repeat: what fits already stays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts import debian

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
BUILD_TOOLS = ("--require-hashes", "--requirement", "requirements-build.lock")
NEWEST_FIRST = tuple(f"python3.{minor}" for minor in range(14, 10, -1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    arguments = parser.parse_args()
    use_new_enough_python()
    if not is_usable(VENV):
        create(VENV)
    install("requirements-dev.lock" if arguments.dev else "requirements.lock")


def use_new_enough_python() -> None:
    """Go on under a Python that is new enough, when this one is not and another is there."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWEST_FIRST:
        if found := shutil.which(name):
            os.execv(found, [found, "-m", "scripts.environment", *sys.argv[1:]])
    sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")


def is_usable(venv: Path) -> bool:
    """Whether the environment runs, has a pip, and was made here: a moved one points elsewhere."""
    python = venv / "bin" / "python"
    check = "import sys, pip; print(sys.prefix)"
    if not python.exists():
        return False
    done = subprocess.run([python, "-c", check], capture_output=True, text=True, check=False)
    return done.returncode == 0 and Path(done.stdout.strip()) == venv


def create(venv: Path) -> None:
    """Make the environment with the locked pip and setuptools in it."""
    shutil.rmtree(venv, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        with tempfile.TemporaryDirectory(prefix="ecm-pip-") as scratch:
            first_pip = find_pip(Path(scratch))
            run([str(venv / "bin/python"), str(first_pip / "pip"), "--quiet"], "install", *BUILD_TOOLS)
    except BaseException:
        shutil.rmtree(venv, ignore_errors=True)
        raise


def find_pip(scratch: Path) -> Path:
    """A pip's wheel to begin with. Python's own; Debian splits that off into packages of its own."""
    try:
        import ensurepip
    except ImportError:
        wheels = scratch / "usr/share/python-wheels"
        try:
            debian.unpack(scratch, "python3-pip-whl")
        except debian.Unavailable as error:
            sys.exit(f"This Python has no ensurepip (on Debian: apt-get install python3-venv), and {error}")
    else:
        wheels = Path(ensurepip.__file__).parent / "_bundled"
        if not wheels.is_dir():
            wheels = Path("/usr/share/python-wheels")
    return next(iter(sorted(wheels.glob("pip-*.whl"))))


def install(lock: str) -> None:
    """Install what a lock says; the build tools first, since a few packages come as sources only."""
    pip = [str(VENV / "bin/python"), "-m", "pip", "--quiet"]
    run(pip, "install", *BUILD_TOOLS)
    run(pip, "install", "--require-hashes", "--no-deps", "--no-build-isolation", "--requirement", lock)
    # setuptools warns that folders beside us may shadow an editable package: none does.
    run(pip, "install", "--no-deps", "--no-build-isolation", "--editable", ".", PYTHONWARNINGS="ignore")


def run(command: list[str], *arguments: str, **environment: str) -> None:
    variables = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | environment
    subprocess.run([*command, *arguments], cwd=ROOT, env=variables, check=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"the environment could not be made: `{error.cmd[0]}` ended with {error.returncode}")
