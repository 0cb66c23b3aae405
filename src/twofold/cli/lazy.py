"""A group whose commands are imported when they are run: some need libraries that take seconds."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class LazyGroup(TyperGroup):
    """Lists commands by name and help, and imports the one that is run.

    The command `some-word` is `some_word_command` of `twofold.cli.some_word`, or its
    `some_word_app`, where it has commands of its own.
    """

    helps: dict[str, str]  # of each command, in the order in which they are listed

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for name, told in self.helps.items():
            self.add_command(TyperCommand(name, help=told))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named first, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in self.helps:
            command = imported(name)
        return name, command, rest


def imported(name: str) -> Any:
    """A command, made of its module."""
    word = name.replace("-", "_")
    module = import_module(f"twofold.cli.{word}")
    around = typer.Typer(add_completion=False)
    around.callback()(lambda: None)  # so that it is a group, whatever is in it
    if hasattr(module, f"{word}_app"):
        around.add_typer(getattr(module, f"{word}_app"))
    else:
        around.command(name)(getattr(module, f"{word}_command"))
    return get_group(around).commands[name]
