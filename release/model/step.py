"""What a step and a check are. A step looks at the world and answers with values; it never acts by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from release.frozen import Frozen

if TYPE_CHECKING:
    from release.model.effects import Effect
    from release.model.problem import Problem
    from release.model.release import Release
    from release.model.unread import Unread
    from release.model.world import Part, World


class Done(Frozen, frozen=True):
    """The world is as the step wants it; `detail` says how in a few words."""

    detail: str = ""


class Todo(Frozen, frozen=True):
    """These effects, in order, make the world as the step wants it."""

    effects: tuple[Effect, ...]
    detail: str = ""


class Stuck(Frozen, frozen=True):
    """The step cannot go on: what is wrong, and what to do."""

    what: str
    advice: str

    @classmethod
    def by(cls, unread: Unread, advice: str = "") -> Stuck:
        """By a part that could not be read; `advice` is for where it has none of its own."""
        return cls(unread.because, unread.advice or advice)


Look = Done | Todo | Stuck


class Step(Protocol):
    """One thing of a release.

    `reads` are the parts of the world that its look depends on: they are read again before and after it acts.
    `changes` says that production changes from here on. `advice` is what to do when it fails, in one or two
    sentences; `meaning` is what its failure says.
    """

    @property
    def name(self) -> str:
        """As shown and journalled; a core step runs alone with `inv step.<name>`."""
        ...

    @property
    def reads(self) -> tuple[Part, ...]:
        """Parts of the world to read again."""
        ...

    @property
    def changes(self) -> bool:
        """Whether it writes to the environment."""
        ...

    @property
    def meaning(self) -> str:
        """What it means when this step fails."""
        ...

    @property
    def advice(self) -> str:
        """What to do when this step fails."""
        ...

    def look(self, world: World, release: Release) -> Look:
        """Is it done, what is to do, or why can it not be done: a pure function."""
        ...


class Check(Protocol):
    """Finds problems before anything is written. `guards` names the steps for which it matters."""

    @property
    def name(self) -> str:
        """As shown."""
        ...

    @property
    def guards(self) -> frozenset[str]:
        """The steps that it protects; it is left out when none of them remains. Empty: always run."""
        ...

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """The problems, none when all is well."""
        ...
