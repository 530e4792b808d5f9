"""`inv diff`: what a deploy would change besides the code, or how two environments differ. It only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.commands.ending import Shown
from release.commands.envelope import problem
from release.config import load
from release.decide.configuration import apart, changes_of
from release.errors import BLOCKED, RELEASED, ReleaseError, UsageError
from release.formats.suggestion import unknown
from release.formats.version import TagPattern, highest
from release.model.unread import Unread
from release.observe.configuration import ask_settings, compared
from release.observe.readiness import answer
from release.systems.machine.deadline import Lanes
from release.systems.ops import connect
from release.views.text import change_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.config import Config
    from release.model.configuration import Compared, WorkerChanges
    from release.systems.ops import Connect, Ops

DIFFERS = 10  # with --exit-code, as `inv plan`
LANES = 16


@dataclass(frozen=True)
class Difference:
    """All workers' changes, and the workers of which nothing could be read. `what` says what is held against what."""

    what: str
    changes: tuple[WorkerChanges, ...]
    unread: Mapping[str, Unread]

    @property
    def differs(self) -> bool:
        """Whether anything is different."""
        return any(one.changes for one in self.changes)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.what
        yield from (
            line.text
            for line in change_lines(tuple(one for one in self.changes if one.lines), doing="differs")
        )
        for name, part in self.unread.items():
            yield f"  {name}: cannot tell: {part.because}. {part.advice}".rstrip()
        if not any(one.lines for one in self.changes) and not self.unread:
            yield "  Nothing differs."


def shown(
    root: Path,
    environ: Mapping[str, str],
    env: str,
    between: str,
    *,
    tells: bool,
    connect: Connect = connect,
) -> Shown:
    """The difference for people and for scripts. Raises UsageError for an unknown environment."""
    config = load(root)
    if env and between:
        raise UsageError("--env and --between exclude each other.", "Take one of them.")
    names = tuple(between.replace(",", " ").split()) if between else (env or config.production,)
    if between and len(names) != 2:  # noqa: PLR2004
        raise UsageError(
            "--between takes two environments.", "For example: inv diff --between staging,production"
        )
    for name in names:
        if name not in config.environments:
            raise UsageError(unknown("environment", name, list(config.environments)))
    found = (
        _between(config, environ, names[0], names[1], connect)
        if between
        else _deploy(config, environ, names[0], connect)
    )
    code = BLOCKED if found.unread else DIFFERS if tells and found.differs else RELEASED
    problems = [
        problem("configuration", "block", f"{name}: {one.because}", one.advice)
        for name, one in found.unread.items()
    ]
    told = {
        "differs": found.differs,
        "configuration": [change.as_json() for one in found.changes for change in one.changes],
    }
    return Shown(
        found.lines(), told, code, problems, outcome="differs" if found.differs and not found.unread else ""
    )


def _deploy(config: Config, environ: Mapping[str, str], name: str, connect: Connect) -> Difference:
    """What serves against this commit's configuration."""
    sides, commit = _read(config, environ, name, connect)
    known = {worker: one for worker, one in sides.items() if not isinstance(one, Unread)}
    changes = tuple(changes_of(worker, one) for worker, one in known.items())
    unread = {worker: one for worker, one in sides.items() if isinstance(one, Unread)}
    return Difference(f"A deploy of {commit[:7]} to {name}, besides the code:", changes, unread)


def _between(
    config: Config, environ: Mapping[str, str], name: str, other: str, connect: Connect
) -> Difference:
    """What two environments serve."""
    here, _ = _read(config, environ, name, connect)
    there, _ = _read(config, environ, other, connect)
    changes, unread = [], {}
    for worker in {**here, **there}:
        one, two = here.get(worker), there.get(worker)
        lacking = next((side for side in (one, two) if isinstance(side, Unread)), None)
        if lacking:
            unread[worker] = lacking
        elif (
            one is not None
            and two is not None
            and not isinstance(one, Unread)
            and not isinstance(two, Unread)
        ):
            changes.append(apart(worker, one, two))
    return Difference(f"{name} (-) and {other} (+), besides the code:", tuple(changes), unread)


def _read(
    config: Config, environ: Mapping[str, str], name: str, connect: Connect
) -> tuple[dict[str, Compared | Unread], str]:
    """The sides of each worker of an environment, and the commit of the checkout."""
    ops = connect(config, name, environ)
    try:
        with Lanes(LANES) as lanes:
            serving = {
                one.name: lanes.submit(answer, lambda one=one: ops.cloudflare.live(ops.script(one.name)))
                for one in config.workers
            }
            commit = ops.git.status()[0]
            asked = ask_settings(ops, lanes, commit, _last(ops))
            found = compared(ops, asked, {worker: one.result() for worker, one in serving.items()})
    finally:
        ops.close()
    return found, commit


def _last(ops: Ops) -> str | None:
    """The commit of the last release, by its tag at the remote; None where that cannot be read."""
    pattern = TagPattern(ops.config.app.tag)
    try:
        refs = ops.git.remote_refs(f"refs/tags/{ops.config.app.tag.format(version='*')}")
    except ReleaseError:
        return None
    tags = {ref.removeprefix("refs/tags/"): oid for ref, oid in refs.items() if not ref.endswith("^{}")}
    last = highest(tags, pattern)
    return refs.get(f"refs/tags/{last[1]}^{{}}", tags[last[1]]) if last else None
