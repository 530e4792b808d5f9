"""The floor under `inv --list`: an Invoke file with one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

if TYPE_CHECKING:
    from invoke.context import Context


@task
def hello(context: Context) -> None:
    """Say hello."""
    del context
    print("hello")
