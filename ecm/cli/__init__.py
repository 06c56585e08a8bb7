"""The command `ecm`: one file a family of commands, which `command` puts together."""

from ecm.cli.command import cli, main

__all__ = ["cli", "main"]
