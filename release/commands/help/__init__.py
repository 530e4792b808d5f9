"""`inv help [TOPIC]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from invoke.collection import Collection
    from invoke.context import Context

    from release.commands.command import Command
    from release.commands.ending import Shown


def help_on(tasks: Collection, groups: Mapping[str, tuple[str, ...]]) -> Command:
    """The command `help` of a collection of tasks; `groups` are the names of its commands by title."""

    @command("help")
    def help(context: Context, topic: str = "", json: bool = False) -> None:  # noqa: A001 - the command's name
        """Explain a command or a topic.

        Example: inv help exit-codes

        Without a topic it lists the commands and the topics.
        """
        del context

        def read() -> Shown:
            from release.commands.help.topics import about

            return about(topic, tasks, groups)

        show(read, json=json)

    return help
