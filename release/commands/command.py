"""`@command`: a task of Invoke whose options are those of the table."""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from invoke.tasks import Task

from release.commands.options import of_parameter

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNNING: ContextVar[str] = ContextVar("running", default="inv")


class Command(Task[Any]):
    """A task that takes the letter and the help of each option from the table."""

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:  # noqa: ANN401
        """As Invoke asks for it."""
        option, made = of_parameter(name), super().arg_opts(name, default, taken_names)
        made["names"] = [option.word, *([option.letter] if option.letter else [])]
        made["help"] = option.does
        return made


def command(name: str, **options: Any) -> Callable[[Callable[..., None]], Command]:  # noqa: ANN401
    """Make a function the command `name`; its parameters are options of the table. `options` are Invoke's own of a task."""

    def made(body: Callable[..., None]) -> Command:
        @functools.wraps(body)
        def named(*args: Any, **given: Any) -> None:  # noqa: ANN401
            before = _RUNNING.set(name)
            try:
                body(*args, **given)
            finally:
                _RUNNING.reset(before)

        parameters = list(inspect.signature(body).parameters)[1:]
        many = [one for one in parameters if of_parameter(one).is_many]
        short = name.rpartition(".")[2]
        return Command(named, name=short, iterable=many, positional=[], auto_shortflags=False, **options)

    return made


def running() -> str:
    """The name of the command that runs, as it is typed after `inv`."""
    return _RUNNING.get()
