"""The scene of every interleaving: what is live and on the remote when it opens, and what others do to it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.formats.manifest import value_at, with_value
from release.formats.version import precedes
from release.testing import CONFIG, files, work
from release.testing.monorepo import LOCKFILE
from release.testing.tools import put_wrangler
from tests.faults.interleaving_clients import LEDGER, MANIFEST, migrations
from tests.faults.interleaving_git import MAIN, commit_on, read
from tests.faults.interleaving_machines import Machine, configured
from tests.faults.interleaving_outside import Outside, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SINCE = 1_767_000_000
# what CI and staging do is nobody's move here: the core converges without them
UNWATCHED = f"""{CONFIG}
[tool.release.checklist]
ci = "off"
staging = "off"
staging_migrations = "off"
"""


@dataclass
class Scene:
    """The outside at 1.2.3 with one commit to release, and who else works there."""

    outside: Outside
    folder: Path
    environ: Mapping[str, str]
    machines: dict[str, Machine] = field(default_factory=dict)
    commits: int = 0

    def machine(self, name: str, *, fresh: bool = False) -> Machine:
        """A machine with a checkout; a fresh one has just been cloned."""
        if name not in self.machines:
            root = self.folder / name
            if not root.is_dir():
                for file in self.outside.bumped:
                    (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / "pyproject.toml").write_text(UNWATCHED)
                put_wrangler(root)
            self.machines[name] = Machine(self.outside, name, root, configured(root), self.environ)
            fresh = True
        if fresh:
            self.machines[name].objects.clear()
            self.machines[name].pull()
        return self.machines[name]

    def merge(self, changes: Mapping[str, bytes], message: str, *, parents: tuple[str, ...] = ()) -> str:
        """Somebody's commit on the remote's main, over which no rule of the tool has a say."""
        self.commits += 1
        remote = self.outside.remote
        before = (remote.refs[MAIN], *parents) if MAIN in remote.refs else ()
        made = commit_on(remote.objects, before, changes, message, SINCE + 3600 * self.commits)
        remote.refs[MAIN] = made
        return made

    @property
    def highest(self) -> str:
        """The highest tag."""
        tags = self.outside.remote.tags
        return max(tags, key=lambda name: tuple(map(int, name.removeprefix("cms-v").split("."))))

    @property
    def is_on_branch(self) -> bool:
        """Whether main has the number of the highest tag."""
        remote = self.outside.remote
        text = read(remote.objects, remote.refs[MAIN], MANIFEST) or b""
        return not precedes(value_at(text, ("version",), MANIFEST), self.highest.removeprefix("cms-v"))

    def hotfix(self, number: int) -> str:
        """A commit from the last tag, merged into main."""
        self.commits += 1
        remote = self.outside.remote
        tag = self.highest
        change = {"apps/mcp/worker.js": f"export default {{}}; // hotfix {number}\n".encode()}
        parent = remote.tags[tag]
        made = commit_on(remote.objects, (parent,), change, "fix: hot", SINCE + 3600 * self.commits)
        return self.merge(
            {**change, **self.raised(tag.removeprefix("cms-v"))}, "Merge hotfix", parents=(made,)
        )

    def raised(self, version: str) -> dict[str, bytes]:
        """The version files of main's tip as a three-way merge of a release would leave them: never lowered."""
        changes = {}
        for file, key in ((MANIFEST, ("version",)), (LOCKFILE, ("packages", "apps/cms", "version"))):
            text = read(self.outside.remote.objects, self.outside.remote.refs[MAIN], file) or b""
            is_higher = precedes(value_at(text, key, file), version)
            changes[file] = with_value(text, key, version, file) if is_higher else text
        return changes

    def land_pull(self, *, squash: bool) -> bool:
        """Somebody merges a pull request of the tool's (squashed: neither its commit nor its message survives)."""
        remote = self.outside.remote
        if not self.outside.pulls:
            return False
        head = self.outside.pulls.pop()
        commit = remote.refs.pop(f"refs/heads/{head}")
        version = head.removeprefix("release/cms-v")
        changes = self.raised(version)
        self.merge(changes, f"chore: land {version}", parents=() if squash else (commit,))
        return True

    def secret(self, worker: str) -> None:
        """`wrangler secret put`: the same bundle as a version without a mark."""
        script = self.outside.script(f"double-{worker}-production")
        old = script.serving
        if old is not None:
            made = Version(self.outside.fresh_id(), None, None, old.number, old.commit, old.good)
            script.versions[made.id] = made
            script.deployments.append((made.id, "secret"))


def opened(folder: Path, environ: Mapping[str, str]) -> Scene:
    """1.2.3 is live and tagged; one commit with a migration waits, which staging serves."""
    outside = Outside()
    scene = Scene(outside, folder, environ)
    old = scene.merge(_bytes(files()), "chore(release): cms 1.2.3")
    outside.remote.refs["refs/tags/cms-v1.2.3"] = old
    outside.releases.add("cms-v1.2.3")
    new = scene.merge(_bytes(work()), "feat: slugs")
    for environment, commit in (("production", old), ("staging", new)):
        outside.databases[f"double-{environment}"] = d1 = sqlite3.connect(
            ":memory:", check_same_thread=False, isolation_level=None
        )
        d1.execute(LEDGER)
        for name, sql in migrations(outside.remote.objects, commit).items():
            d1.executescript(sql)
            d1.execute("INSERT INTO d1_migrations(name) VALUES (?)", (name,))
        for worker in ("mcp", "cms"):
            script = outside.script(f"double-{worker}-{environment}")
            message = f"was nothing base {commit}"
            made = Version(outside.fresh_id(), f"cms-v1.2.3+{commit}", message, "1.2.3", commit)
            script.versions[made.id] = made
            script.deployments.append((made.id, message))
    return scene


def _bytes(changes: Mapping[str, bytes | str]) -> dict[str, bytes]:
    return {path: text.encode() if isinstance(text, str) else text for path, text in changes.items()}
