"""What is true in a double, read from where it lies and not through the tool that is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.model.record import decode
from release.testing.double import DATABASES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.model.outcome import Outcome
    from release.model.record import Record
    from release.testing import Double

STEPS = (
    "test",
    "bump",
    "backfill",
    "migrate",
    "deploy mcp",
    "deploy cms",
    "smoke",
    "record",
    "github-release",
    "verify",
)


def remote(world: Double, ref: str) -> str:
    """The commit that a ref of the forge names."""
    return world.git("rev-parse", f"{ref}^{{commit}}", cwd=world.forge.repository)


def on_remote(world: Double, what: str) -> str:
    """A file of the forge's repository, as `main:path`."""
    return world.git("show", what, cwd=world.forge.repository)


def tags(world: Double) -> list[str]:
    """The tags on the forge."""
    return world.git("tag", "--list", cwd=world.forge.repository).split()


def record_of(world: Double, environment: str = "production") -> Record:
    """The environment's record on the forge."""
    return decode(on_remote(world, f"refs/release/{environment}:record.json").encode())


def served(world: Double, worker: str, environment: str = "production") -> tuple[str, str]:
    """Tag annotation, and message of the deployment, of what serves a worker."""
    script = world.cloud.account.scripts[world.script(worker, environment)]
    version = script.version(script.shares[0].version_id)
    assert version is not None
    return version.tag, script.deployments[-1].annotations.get("workers/message", "")


def version_id(world: Double, worker: str) -> str:
    """The version that serves a worker of production."""
    return world.cloud.account.scripts[world.script(worker)].shares[0].version_id


def rows(world: Double, sql: str, environment: str = "production") -> list[object]:
    """The first column of what a statement answers."""
    with world.ops(environment) as ops:
        found = ops.cloudflare.query(DATABASES[f"double-{environment}"], sql)
        return [next(iter(row.values())) for row in found]


def ledger(world: Double, environment: str = "production") -> list[object]:
    """The migrations that a database holds."""
    return rows(world, "SELECT name FROM d1_migrations ORDER BY id", environment)


def everything(world: Double, root: Path | None = None) -> dict[str, object]:
    """All that a release could change: refs, what the cloud was told, work tree, HEAD."""
    refs = world.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=world.forge.repository)
    cwd = root or world.root
    return {
        "refs": [line for line in refs.splitlines() if not line.startswith("refs/release/")],
        "cloud": len(world.cloud.log),
        "forge": [write.path for write in world.forge.log if not write.path.endswith("git-receive-pack")],
        "tree": world.git("status", "--porcelain", cwd=cwd),
        "head": world.git("rev-parse", "HEAD", cwd=cwd),
    }


def to_d1(outcome: Outcome) -> list[str]:
    """The writes to the database that a plan lists, or a release made."""
    return [write.what for step in outcome.steps for write in step.writes if write.system == "d1"]


def told(outcome: Outcome) -> str:
    """All words of an outcome that a person reads."""
    failure = outcome.failure
    words = [f"{problem.what} {problem.advice}" for problem in outcome.problems]
    if failure is not None:
        facts = " ".join(f"{label} {fact}" for label, fact in failure.state)
        words.append(f"{failure.what} {failure.meaning} {failure.advice} {failure.standing} {facts}")
    return " ".join([*words, outcome.why])


def once_deployed(world: Double, then: Callable[[], object]) -> None:
    """Do something in the moment in which the first worker's new version serves."""

    def after(request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path.endswith("/deployments"):
            world.cloud.after = None
            then()
        return response

    world.cloud.after = after
