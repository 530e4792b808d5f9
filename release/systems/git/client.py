"""Git, through its command line: what it says, and the few things it is told to do."""

from __future__ import annotations

import re
import subprocess
from copy import copy
from typing import TYPE_CHECKING, Self

from release.errors import CannotReadError, EffectError
from release.formats.git_objects import pack
from release.model.repository import Commit
from release.systems.machine import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from release.formats.git_objects import GitObject

DEADLINE = 120.0  # seconds for one git process
MOST_BYTES = 64 * 1024 * 1024  # of one object: manifests, lockfiles, migrations and records are smaller
MOST_COMMITS = 10_000  # of one release; more is never shown
MOST_SAID = 12  # lines of a refused push: GitHub names each rule, and each commit against it
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: *(\S.*)$", re.MULTILINE)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class Git:
    """One checkout and its remote. Reads raise CannotReadError, writes raise EffectError.

    `processes` counts the git processes that were started, for the gate on their number.
    """

    def __init__(self, root: Path, remote: str, environ: Mapping[str, str]) -> None:
        self.root = root
        self.remote = remote
        self.processes = 0
        self._deadline = DEADLINE
        self._env = {**environ, **_QUIET}
        self._batch: subprocess.Popen[bytes] | None = None

    def within(self, seconds: float) -> Self:
        """The same checkout and remote for somebody who cannot wait: each git process ends by then. Close it too."""
        hasty = copy(self)
        hasty._deadline, hasty._batch = seconds, None  # noqa: SLF001 - its own copy
        return hasty

    def close(self) -> None:
        """End the process that reads objects."""
        if self._batch is not None:
            self._batch.communicate()
            self._batch = None

    def status(self) -> tuple[str, str | None, tuple[str, ...]]:
        """HEAD's commit, the branch (None: detached), and the paths that differ or are not tracked."""
        out = self._read("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal")
        head, branch, dirty = "", None, []
        entries = iter(out.decode(errors="surrogateescape").split("\0"))
        for entry in entries:
            if entry.startswith("# branch.oid "):
                head = entry.removeprefix("# branch.oid ")
            elif entry.startswith("# branch.head "):
                name = entry.removeprefix("# branch.head ")
                branch = None if name == "(detached)" else name
            elif entry.startswith("? "):
                dirty.append(entry[2:])
            elif entry.startswith(("1 ", "u ")):
                dirty.append(entry.split(" ", 8 if entry[0] == "1" else 10)[-1])
            elif entry.startswith("2 "):
                dirty += [entry.split(" ", 9)[-1], next(entries, "")]
        if not re.fullmatch(r"[0-9a-f]{40,64}", head):
            raise CannotReadError("This repository has no commit yet.", "Commit something first.")
        return head, branch, tuple(sorted(dirty))

    @property
    def shallow(self) -> bool:
        """Whether the checkout was cloned with a depth; read from the file that git keeps for it."""
        return self._shallow_file.exists()

    def is_cut(self, commit: str) -> bool:
        """Whether git takes a commit for one without parents, because the checkout does not reach deeper."""
        try:
            return commit in self._shallow_file.read_text().split()
        except OSError:
            return False

    @property
    def _shallow_file(self) -> Path:
        folder = self.root / ".git"
        if folder.is_file():
            folder = (self.root / folder.read_text().removeprefix("gitdir:").strip()).resolve()
            common = folder / "commondir"
            folder = (folder / common.read_text().strip()).resolve() if common.is_file() else folder
        return folder / "shallow"

    def remote_refs(self, *patterns: str) -> dict[str, str]:
        """What the remote advertises for the patterns: ref -> object; `ref^{}` -> what an annotated tag names."""
        out = self._read("ls-remote", "--quiet", self.remote, *patterns)
        lines = (line.split("\t", 1) for line in out.decode(errors="replace").splitlines() if "\t" in line)
        return {ref: oid for oid, ref in lines}

    def object(self, name: str) -> tuple[str, str, bytes] | None:
        """Id, kind and body of an object (`HEAD:path` works too); None where this checkout has no such object."""
        if self._batch is None:
            self.processes += 1
            self._batch = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=self.root,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        asked, answers = self._batch.stdin, self._batch.stdout
        if asked is None or answers is None or "\n" in name:
            raise CannotReadError("git cat-file cannot be asked.")
        try:
            asked.write(name.encode(errors="surrogateescape") + b"\n")
            asked.flush()
        except OSError:  # it has ended: this is no repository, for one
            raise CannotReadError("git cat-file cannot be asked.") from None
        header = answers.readline().decode(errors="replace").split()
        if len(header) != 3:  # noqa: PLR2004
            return None
        if int(header[2]) > MOST_BYTES:
            self._batch.kill()
            self.close()
            raise CannotReadError(
                f"The object {name} is too large to be one of a release ({header[2]} bytes)."
            )
        body = answers.read(int(header[2]))
        answers.read(1)
        return header[0], header[1], body

    def fetch(self, *refs: str, shallow_exclude: str | None = None, depth: int | None = None) -> bool:
        """Get the objects of these refs; with `shallow_exclude` only what that ref does not contain.

        `depth` is how many commits deep. False when there is nothing that the ref does not contain.
        """
        limit = [f"--shallow-exclude={shallow_exclude}"] if shallow_exclude else []
        limit += [f"--depth={depth}"] if depth else []
        done = self._run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            *limit,
            self.remote,
            *refs,
        )
        if done.code and shallow_exclude and "no commits selected" in done.err:
            return False
        if done.code:
            raise CannotReadError(
                f"git cannot fetch from {self.remote}: {self.said(done.err)}", _REMOTE_ADVICE
            )
        return True

    def contains(self, ancestor: str, descendant: str) -> bool:
        """Whether `descendant` has `ancestor` in its history (true when they are the same)."""
        if ancestor == descendant:
            return True
        done = self._run("merge-base", "--is-ancestor", ancestor, descendant)
        if done.code not in (0, 1):
            raise CannotReadError(
                f"git cannot compare {ancestor[:7]} with {descendant[:7]}: {self.said(done.err)}"
            )
        return done.code == 0

    def log(self, tips: Sequence[str], excluded: Sequence[str], *, trailer: str) -> tuple[Commit, ...]:
        """The commits of `tips` that are not in `excluded`, newest first; `trailer` names the tags that one lands."""
        return self._log(*tips, *(f"^{commit}" for commit in excluded), trailer=trailer)

    def lacking(self, tip: str, commit: str, *, trailer: str) -> tuple[Commit, ...]:
        """The commits of `commit` that `tip` holds neither by id nor as the same change (git's patch id), newest first."""
        return self._log("--cherry-pick", "--right-only", f"{tip}...{commit}", trailer=trailer)

    def trees(self, tip: str, excluded: str) -> frozenset[str]:
        """The trees of the commits of `tip` that are not in `excluded`."""
        out = self._read("log", f"-{MOST_COMMITS}", "--format=%T", tip, f"^{excluded}", "--")
        return frozenset(out.decode().split())

    def _log(self, *what: str, trailer: str) -> tuple[Commit, ...]:
        form = f"--format=%H%x00%P%x00%s%x00%(trailers:key={trailer},valueonly,separator=%x20)%x00%b"
        out = self._read("log", f"-{MOST_COMMITS}", "-z", form, *what, "--")
        fields = out.decode(errors="replace").split("\0")
        entries = zip(*(fields[place::5] for place in range(5)), strict=False)
        return tuple(
            Commit(sha, subject, tuple(parents.split()), tuple(lands.split()), _breaking(body))
            for sha, parents, subject, lands, body in entries
        )

    def store(self, objects: Iterable[GitObject]) -> None:
        """Write objects into the repository, all with one process."""
        done = self._run("unpack-objects", "-q", data=pack(objects))
        if done.code:
            raise EffectError(f"git cannot store objects: {self.said(done.err)}")

    def push(self, refspecs: Sequence[str], leases: Mapping[str, str]) -> str | None:
        """One atomic push; a lease names what a ref must be now ("" : it must not exist).

        A leased ref's refspec has no "+": with one, git overwrites whatever is there, lease or not.
        Returns why it was refused, None when it was accepted. Look at the remote to be sure.
        """
        leased = [f"--force-with-lease={ref}:{oid}" for ref, oid in leases.items()]
        try:
            done = self._run("push", "--quiet", "--atomic", "--no-verify", *leased, self.remote, *refspecs)
        except EffectError as error:  # it did not end in time: the remote may have taken it all the same
            return error.what
        return (self.said(done.err, MOST_SAID) or f"git push ended with {done.code}") if done.code else None

    def follow(self, new: str) -> None:
        """Move this checkout, branch and index in one, to a commit whose files lie in the work tree already."""
        self._run("reset", "--quiet", "--mixed", new)

    def worktree(self, folder: Path, commit: str) -> None:
        """Check a commit out into a folder beside this checkout."""
        done = self._run("worktree", "add", "--force", "--detach", str(folder), commit)
        if done.code:
            raise EffectError(f"git cannot check {commit[:7]} out: {self.said(done.err)}")

    def prune_worktrees(self) -> None:
        """Forget the worktrees whose folders are gone."""
        self._run("worktree", "prune")

    def url(self) -> str:
        """The remote's address, without credentials."""
        out = self._read("remote", "get-url", self.remote)
        return _CREDENTIALS.sub("", out.decode(errors="replace").strip())

    def run(self, *args: str) -> shell.Captured:
        """Any other command in this checkout: its exit code and what it wrote. Raises EffectError where it does not end."""
        return self._run(*args)

    def _run(self, *args: str, data: bytes = b"") -> shell.Captured:
        self.processes += 1
        return shell.capture(["git", *args], cwd=self.root, env=self._env, data=data, deadline=self._deadline)

    def _read(self, *args: str) -> bytes:
        try:
            done = self._run(*args)
        except EffectError as error:
            raise CannotReadError(error.what, error.advice) from error
        if done.code:
            advice = _REMOTE_ADVICE if args[0] == "ls-remote" else ""
            raise CannotReadError(f"git {args[0]} failed: {self.said(done.err)}", advice)
        return done.out

    @staticmethod
    def said(err: str, most: int = 4) -> str:
        """The telling lines of what git wrote on stderr, without credentials; at most so many."""
        lines = [line.strip() for line in _CREDENTIALS.sub("", err).splitlines()]
        lines = [line for line in lines if line not in {"", "remote:"}]
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "! "))]
        return " · ".join((telling or lines)[:most])


def _breaking(body: str) -> str:
    """What the footer BREAKING CHANGE says, on its first line."""
    found = _BREAKING.search(body) if "BREAKING" in body else None
    return found[1].strip() if found else ""


_REMOTE_ADVICE = (
    "Check the network, the remote's address (`git remote -v`) and your access to it, then run again."
)
