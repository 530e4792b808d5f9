"""The double of a whole world: forge, cloud, checkout and clock in this process, up in milliseconds."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from release.config import load
from release.model.options import Options
from release.model.record import Approval, Granted
from release.model.request import Request
from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from release.rehearsal.cloud.server import Cloud
from release.rehearsal.forge import Forge
from release.rehearsal.registry.memory import MemoryRegistry
from release.run import release as releasing
from release.run.effects.perform import perform
from release.systems.ops import connect as real_connect
from release.systems.ops import expect
from release.testing import ci
from release.testing.clock import MONDAY, FakeClock
from release.testing.monorepo import AUDIT, MIGRATIONS, NewCommit, import_commits
from release.testing.npm import HttpNpm
from release.testing.recorder import Recorder
from release.testing.surroundings import surroundings
from release.testing.tools import put_wrangler
from release.testing.wrangler import ApiWrangler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from release.config import Config
    from release.model.outcome import Listener, Outcome
    from release.model.request import Level
    from release.plan.preview import Preview
    from release.systems.ops import Ops, Perform

OWNER, NAME = "acme", "cms"
ACCOUNT = "acc0"
CLOUD_TOKEN = "cloud-t0ken"  # noqa: S105  # opens nothing but this process
FORGE_TOKEN = "forge-t0ken"  # noqa: S105
NPM_TOKEN = "registry-t0ken"  # noqa: S105
DATABASES = {
    "double-production": "c81e4a37-90d2-4f6b-8d13-1b5a6e9f7c42",
    "double-staging": "5e0b7a0c-3b7f-4d37-a1a5-8f8f3a1f6d11",
    "double-audit-production": "0d9c2b5e-61f4-4b0a-9a37-2f6c8e1d4b70",
    "double-audit-staging": "7f3a1c88-2d45-4e9b-b6c1-90ad5e73f214",
}
STAGED = {MIGRATIONS: "double-staging", AUDIT: "double-audit-staging"}  # what CI migrates, by the folder


class Double:
    """A world to release in. Every part is the real one or speaks its protocol; nothing of it needs Node.

    `root` is the checkout, on main, clean and pushed. `forge` and `cloud` take hooks for faults (`before`,
    `after`), `runtime.behaviour[script]` makes a worker answer otherwise, `clock` passes no time. `environ`
    holds what a release reads from the environment; a test may change a copy and pass it on. With `ci`, the last of
    each call's commits on main is green and live on staging, as a push to main has it in real life.
    """

    def __init__(self, folder: Path, *, remote: Literal["file", "http"] = "file") -> None:
        """Make the parts; nothing listens yet, and no commit exists.

        git reaches the forge's repository as a file, which takes a fifth of the time, or over `http`, where
        the forge's hooks see each of its requests. The repository's own hooks (`hooks/update`) work in both.
        """
        self._remote = remote
        self.folder = folder
        self.root = folder / "checkout"
        self.clock = FakeClock()
        self.runtime = MemoryRuntime()
        self.cloud = Cloud(ACCOUNT, CLOUD_TOKEN, folder / "cloud", self.runtime)
        self.forge = Forge(folder / "forge", OWNER, NAME, FORGE_TOKEN)
        self.forge.contract = self.forge.strict = True  # what GitHub would not take or say is a failure
        self.registry = MemoryRegistry(NPM_TOKEN)
        self.environ: dict[str, str] = {}
        self.ci = True
        self.made = 0  # commits on main so far; their dates follow from it

    def start(self, *, made: int = 0) -> None:
        """Listen, and know the addresses. With `made` the scene is set already, by as many commits."""
        self.made = made
        for name, uuid in DATABASES.items():
            self.cloud.add_database(uuid, name)
        self.forge.start()
        if not made:
            self.forge.protect_environment("production", ["ada", "grace"])
        self.cloud.start()
        self.registry.start()
        self.environ.update(surroundings(self))

    def stop(self) -> None:
        """Close every port. Harmless when repeated."""
        try:
            self.cloud.stop()
        finally:
            self.forge.stop()
            self.registry.stop()

    @property
    def remote_url(self) -> str:
        """The address of `origin`."""
        return self.forge.clone_url if self._remote == "http" else f"file://{self.forge.repository}"

    def script(self, worker: str, environment: str = "production") -> str:
        """The name of a worker's script, as `runtime.behaviour` and the cloud know it."""
        return f"double-{worker}-{environment}"

    def connect(
        self,
        config: Config,
        name: str,
        environ: Mapping[str, str] | None = None,
        *,
        perform: Perform = expect,
    ) -> Ops:
        """Ops as `release.systems.ops.connect` makes them, with this world's clock and a wrangler without Node."""
        import httpx

        environ = self.environ if environ is None else environ
        ops = real_connect(config, name, environ, perform=perform)
        ops.http.transport = httpx.HTTPTransport(verify=False)  # loads no certificates
        ops.github.clock = self.clock
        wrangler = ApiWrangler(config, {**self.environ, **environ}, DATABASES)
        npm = HttpNpm(config.root, ops.environ, ops.mask)
        return replace(ops, clock=self.clock, wrangler=wrangler, npm=npm)  # type: ignore[arg-type]  # the same methods

    @contextmanager
    def ops(
        self, name: str = "production", root: Path | None = None, *, writes: bool = True
    ) -> Iterator[Ops]:
        """Connected Ops for one environment, closed in the end."""
        ops = self.connect(load(root or self.root), name, perform=perform if writes else expect)
        try:
            yield ops
        finally:
            ops.close()

    def release(
        self,
        bump: Level = "patch",
        environment: str = "production",
        *,
        root: Path | None = None,
        gate: Callable[[Preview], Granted] | None = None,
        listener: Listener | None = None,
        environ: Mapping[str, str] | None = None,
        plan_file: Path | None = None,
        only: str | None = None,
        through: str | None = None,
        request: Request | None = None,
    ) -> Outcome:
        """`inv release --yes`, from `root` (by default the checkout). Raises UsageError as the command does.

        `request` is all that was asked for, where given.
        """
        wanted = request or Request(environment, bump)
        options = Options(wanted, plan_file=plan_file, only=only, through=through)
        return self._carry_out(options, root, gate, listener, environ)

    def publish(
        self,
        target: str,
        bump: Level = "patch",
        *,
        pre: str | None = None,
        line: str | None = None,
        root: Path | None = None,
        gate: Callable[[Preview], Granted] | None = None,
        listener: Listener | None = None,
        environ: Mapping[str, str] | None = None,
        plan_file: Path | None = None,
    ) -> Outcome:
        """`inv publish TARGET --yes`."""
        request = Request(target, bump, pre=pre, line=line)
        options = Options(request, plan_file=plan_file, target=target)
        return self._carry_out(options, root, gate, listener, environ)

    def deploy(
        self,
        environment: str = "staging",
        *,
        root: Path | None = None,
        listener: Listener | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        """`inv deploy --env staging`."""
        return self._carry_out(Options(Request(environment), deploying=True), root, None, listener, environ)

    def plan(
        self,
        bump: Level = "patch",
        environment: str = "production",
        *,
        root: Path | None = None,
        listener: Listener | None = None,
        environ: Mapping[str, str] | None = None,
        output: Path | None = None,
        deploying: bool = False,
        target: str | None = None,
        request: Request | None = None,
    ) -> Outcome:
        """`inv plan`; of a `target`, `inv publish TARGET --dry-run`. `request` is all that was asked for, where given."""
        request = request or Request(target or environment, bump)
        is_plan = not deploying and target is None
        options = Options(request, output=output, deploying=deploying, target=target, for_approval=is_plan)
        return releasing.plan(
            root or self.root,
            self.environ if environ is None else environ,
            options,
            listener or Recorder(),
            connect=self.connect,
        )

    def commit(self, changes: Mapping[str, bytes | str | None], message: str = "feat: more") -> str:
        """A commit on main that the checkout has too; its id. A content of None removes a file."""
        made = self.merge(changes, message)
        self.git("pull", "--quiet", "--ff-only", str(self.forge.repository), "main")
        return made

    def merge(
        self, changes: Mapping[str, bytes | str | None], message: str = "feat: more", count: int = 1
    ) -> str:
        """Somebody else's commits on the remote's main, of which the checkout knows nothing; the last one's id.

        Each of `count` commits makes the same changes.
        """
        made = [
            NewCommit(f"{message} {number}" if count > 1 else message, changes) for number in range(count)
        ]
        return self.commits(made)[-1]

    def commits(self, new: list[NewCommit]) -> list[str]:
        """Commits, perhaps with tags, on the remote's main; their ids."""
        made = import_commits(self.forge.repository, new, environ=self.environ, at=self.made)
        self.made += len(new)
        if self.ci:
            self._ship(new, made[-1])
        return made

    def ran_ci(self) -> None:
        """CI has run on main as it is now, where a release or somebody's git has pushed to it."""
        tip = self.forge.bare.resolve("main")
        if tip:
            self._ship([], tip)

    def _ship(self, new: list[NewCommit], tip: str) -> None:
        scripts = tuple(self.script(worker, "staging") for worker in ("mcp", "cms"))
        staged = {folder: DATABASES[name] for folder, name in STAGED.items()}
        ci.pushed(self.forge, self.cloud, scripts, staged, new, tip)

    def clone(self, name: str = "another", *words: str) -> Path:
        """Another machine's checkout; `words` go to git clone, e.g. `--depth=1`."""
        to = self.folder / name
        self.git("clone", "--quiet", *words, self.remote_url, str(to), cwd=self.folder)
        put_wrangler(to)
        return to

    def git(self, *words: str, cwd: Path | None = None, data: bytes = b"") -> str:
        """What git says in the checkout. Raises CalledProcessError."""
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.root,
            env=self.environ,
            input=data,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode(errors="surrogateescape").strip()

    def _carry_out(
        self,
        options: Options,
        root: Path | None,
        gate: Callable[[Preview], Granted] | None,
        listener: Listener | None,
        environ: Mapping[str, str] | None,
    ) -> Outcome:
        return releasing.release(
            root or self.root,
            self.environ if environ is None else environ,
            options,
            lambda _, preview: (gate or approve)(preview),
            listener or Recorder(),
            connect=self.connect,
        )


def approve(preview: Preview) -> Granted:
    """The gate of a double: everybody agrees."""
    plan = preview.plan.hash if preview.plan else ""
    return Granted(approvals=(Approval(who="ada", plan=plan, at=MONDAY, how="double"),))
