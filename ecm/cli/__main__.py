"""``python -m ecm.cli`` is the command."""

from ecm.cli import main

main()
