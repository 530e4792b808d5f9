"""The scene of every interleaving, the machines in it, and what a person can do on one of them."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Self

import msgspec
import pytest

from release import checks, extensions
from release.commands.rollback import routes as way_back
from release.commands.rollback.course import RollbackOptions, rollback
from release.commands.unlock.course import unlock
from release.config import load
from release.model.options import Options
from release.model.request import Request
from release.observe import baseline, world
from release.plan.preview import survey
from release.run import lock
from release.run.effects.perform import perform
from release.run.lock import StaleError
from release.run.sequence import carry_out
from release.systems.machine.checkout_lock import checkout_name
from release.systems.machine.secrets import Mask
from release.systems.npm.client import Npm
from release.systems.npm.registry import Registry
from release.systems.ops import Ops, expect
from release.systems.web.http import Http
from release.testing import Recorder, approve
from tests.faults.interleaving_clients import (
    MemoryCloudflare,
    MemoryGitHub,
    MemoryWeb,
    MemoryWrangler,
)
from tests.faults.interleaving_git import MAIN, MemoryGit, copy, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from release.config import Config
    from release.extensions import Extensions
    from release.model.outcome import Outcome
    from release.plan.preview import Preview
    from tests.faults.interleaving_git import Objects
    from tests.faults.interleaving_outside import Actor, Outside


@dataclass
class Machine:
    """A checkout somewhere: its folder, the objects that it has, and HEAD."""

    outside: Outside
    name: str
    root: Path
    config: Config
    environ: Mapping[str, str]
    objects: Objects = field(default_factory=dict)
    head: list[str] = field(default_factory=lambda: [""])

    def pull(self) -> None:
        """`git fetch`, and the work tree as main has it."""
        remote = self.outside.remote
        copy(remote.objects, self.objects, list(remote.refs.values()))
        self.head[0] = remote.refs[MAIN]
        self.clean()

    def clean(self) -> None:
        """`git checkout -- .`"""
        for name in self.outside.bumped:
            (self.root / name).write_bytes(read(self.objects, self.head[0], name) or b"")

    @property
    def dirty(self) -> bool:
        """Whether a file on the disk differs from HEAD's."""
        return any(
            (self.root / name).read_bytes() != read(self.objects, self.head[0], name)
            for name in self.outside.bumped
        )

    def ops(self, actor: Actor, environment: str = "production", *, writes: bool = True) -> Ops:
        """Ops as a run on this machine gets them."""
        config, outside = self.config, self.outside
        return Ops(
            config=config,
            name=environment,
            environment=config.environment(environment),
            environ=self.environ,
            url="https://cms.example.com",
            mask=Mask.of({}),
            clock=outside.clock,
            http=Http(),
            git=MemoryGit(outside, actor, self.root, self.objects, self.head),
            cloudflare=MemoryCloudflare(outside, actor),
            github=MemoryGitHub(outside, actor),
            web=MemoryWeb(outside, actor),
            wrangler=MemoryWrangler(outside, actor, config, self.objects, self.head),
            npm=Npm(self.root, {}, Mask.of({})),
            registry=Registry(Http(), {}),
            perform=perform if writes else expect,
            checkout=checkout_name(self.root),
        )

    def survey(self, actor: Actor, level: str = "patch") -> Preview:
        """`inv plan`."""
        ops = self.ops(actor, writes=False)
        return survey(ops, plugins(self.config), Options(Request("production", level)))  # type: ignore[arg-type]

    def release(
        self,
        actor: Actor,
        level: str = "patch",
        *,
        environment: str = "production",
        listener: Recorder | None = None,
    ) -> Outcome:
        """`inv release`, or `inv deploy --env staging`."""
        ops, told = self.ops(actor, environment), listener or Recorder()
        request = Request(environment, level)  # type: ignore[arg-type]
        options = Options(request, deploying=environment != "production")
        while True:
            preview = survey(ops, plugins(self.config), options)
            told.planned(preview)
            try:
                return carry_out(ops, plugins(self.config), preview, lambda _, found: approve(found), told)
            except StaleError as error:
                told.line(error.what)

    def rollback(self, actor: Actor, tag: str | None = None, listener: Recorder | None = None) -> Outcome:
        """`inv rollback`."""
        wanted = RollbackOptions("production", tag, "an interleaving", despite_migrations=True)
        return rollback(
            self.root,
            self.environ,
            wanted,
            _agree,
            listener or Recorder(),
            connect=lambda _, name, __=None, *, perform=perform: self.ops(actor, name),
        )

    def unlock(self, actor: Actor) -> Outcome:
        """`inv unlock`."""
        return unlock(
            self.root,
            self.environ,
            "production",
            _agree,
            Recorder(),
            connect=lambda _, name, __=None, *, perform=perform: self.ops(actor, name),
        )


@cache
def configured(root: Path) -> Config:
    """The double's configuration, with nothing to test and a quick smoke check."""
    config = load(root)
    environments = {
        name: msgspec.structs.replace(
            one, smoke=msgspec.structs.replace(one.smoke, deadline=4, streak=2, interval=2.0, settle=2)
        )
        for name, one in config.environments.items()
    }
    test = msgspec.structs.replace(config.test, commands=())
    return msgspec.structs.replace(config, environments=environments, test=test)


_PLUGINS: list[Extensions] = []


def plugins(config: Config) -> Extensions:
    """The built-in checks; found once, since nothing in them depends on the machine."""
    if not _PLUGINS:
        _PLUGINS.append(extensions.load(config, (checks,)))
    return _PLUGINS[0]


class Inline:
    """Lanes without threads: thousands of runs are as quick as one process can be, and the same each time."""

    def __init__(self, lanes: int) -> None:
        del lanes

    def submit(self, ask: Callable[..., object], *given: object) -> Future[object]:
        """Ask at once."""
        future: Future[object] = Future()
        try:
            future.set_result(ask(*given))
        except BaseException as error:  # noqa: BLE001 - as real lanes keep it
            future.set_exception(error)
        return future

    def map(self, ask: Callable[..., object], each: Iterable[object]) -> list[object]:
        """Ask for each, in turn."""
        return [ask(one) for one in each]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing runs."""


@contextmanager
def quick() -> Iterator[None]:
    """No threads: reads one after the other, and no pulse (time stands still here while an effect is done)."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (world, baseline, way_back):
            patch.setattr(module, "Lanes", Inline)
        patch.setattr(lock.Pulse, "beating", nullcontext)
        yield


def _agree(question: str, answer: str) -> None:
    """Yes."""
