"""`inv completion SHELL`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import Shown, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("completion")
def completion(context: Context, shell: str = "", json: bool = False) -> None:
    """Print the completion script for bash, zsh or fish.

    Example: eval "$(inv completion bash)"

    It completes commands, options, environments, tags, packages and bumps. In zsh: eval "$(inv completion zsh)" after compinit.
    In fish: inv completion fish | source
    """
    del context

    def read() -> Shown:
        from release.commands.completion.scripts import script

        text = script(shell)
        return Shown(text.splitlines(), {"shell": shell, "script": text})

    show(read, json=json)
