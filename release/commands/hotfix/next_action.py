"""What a hotfix does next, as a pure function of how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.model.readiness import CommitCheck
    from release.model.repository import Commit
    from release.systems.github.actions import Run
    from release.systems.github.pulls import Pull

Kind = Literal[
    "make", "follow", "pick", "switch", "push", "open", "merge", "wait", "dispatch", "look", "done", "blocked"
]
Relation = Literal["same", "ahead", "behind", "apart"]
SHOWN = 3
BEGINNING = frozenset({"make", "pick", "switch"})  # what changes this checkout: asked for first


@dataclass(frozen=True)
class State:
    """How far the hotfix of a tag is.

    `local` and `remote` are the commits of its branch here and at the remote, `relation` how the first lies to the
    second; `own` are its commits since the tag, `strange` those of them that main has too; `is_from_tag` says that it
    holds the tag. `picks` are wanted and not taken yet. `checks` are those of the branch's commit, or of main's tip once
    the pull request is merged; None while they are not needed. `run` is the workflow's run since then.
    """

    tag: str
    coming: str
    branch: str
    main: str
    local: str | None = None
    remote: str | None = None
    relation: Relation = "same"
    is_from_tag: bool = True
    own: tuple[Commit, ...] = ()
    strange: tuple[Commit, ...] = ()
    picks: tuple[str, ...] = ()
    is_checked_out: bool = False
    dirty: tuple[str, ...] = ()
    pull: Pull | None = None
    tip: str = ""
    checks: tuple[CommitCheck, ...] | None = None
    run: Run | None = None
    ignored: tuple[str, ...] = field(default=())

    @property
    def will_switch(self) -> bool:
        """Whether this checkout goes to the branch, for a fix that is made there."""
        return not self.picks and not self.own and not self.is_checked_out

    @property
    def is_merged(self) -> bool:
        """Whether main has what the branch holds."""
        pull = self.pull
        return pull is not None and pull.merged_at is not None and self.local in {None, pull.head.sha}


@dataclass(frozen=True)
class Action:
    """The next thing: what it is in a few words, and, where it is not this tool's to do, what to do."""

    kind: Kind
    what: str
    advice: str = ""


def next_action(now: State) -> Action:
    """What is to be done, waited for, or in the way."""
    if now.is_merged:
        return _to_production(now)
    pull = now.pull
    if pull is not None and pull.state == "closed" and pull.merged_at is None:
        return Action(
            "blocked",
            f"The pull request of {now.branch} was closed by hand: {pull.html_url}",
            f"Open it again there, then run the same command again. Or give the hotfix up: "
            f"git push --delete origin {now.branch}, git branch -D {now.branch}",
        )
    return _on_branch(now) or _to_main(now)


def _on_branch(now: State) -> Action | None:
    if now.local is None and now.remote is None:
        return Action("make", f"{now.branch} from {now.tag}")
    if now.relation == "behind":
        return Action("follow", f"{now.branch} here follows what was pushed to it")
    if now.relation == "apart":
        return Action(
            "blocked",
            f"{now.branch} has diverged from the remote.",
            f"Reconcile them (git pull --rebase on {now.branch}), then run the same command again.",
        )
    if not now.is_from_tag:
        return Action(
            "blocked",
            f"There is a branch {now.branch} that was not made from {now.tag}.",
            f"Rename it (git branch -m {now.branch} another-name; and at the remote), then run the same command again.",
        )
    if now.strange:
        return Action(
            "blocked",
            f"{now.branch} holds what is on {now.main} since {now.tag}: {_listed(now.strange)}.",
            "A hotfix is made from the tag: take only the fix (git rebase --onto, or --pick SHA onto a fresh branch).",
        )
    if now.picks:
        return Action("pick", f"{', '.join(one[:7] for one in now.picks)} onto {now.branch}")
    return None if now.own else _without_fix(now)


def _without_fix(now: State) -> Action:
    then = "Commit the fix there, or take it from elsewhere: add --pick SHA. Then run the same command again."
    if now.is_checked_out:
        return Action("blocked", f"{now.branch} is checked out, and holds no fix yet.", then)
    if now.dirty:
        return Action(
            "blocked",
            f"{now.branch} is made, and holds no fix yet. Uncommitted changes: {', '.join(now.dirty[:SHOWN])}.",
            f"Stash them (git stash -u), then: git switch {now.branch}. {then}",
        )
    return Action("switch", f"to {now.branch}")


def _to_main(now: State) -> Action:
    if now.remote is None or now.relation == "ahead":
        return Action("push", f"{now.branch}, {_counted(now.own)}: {_listed(now.own)}")
    if now.pull is None or now.pull.merged_at is not None:
        return Action("open", f"a pull request from {now.branch} straight to {now.main}")
    return _checked(now, now.pull.html_url) or Action(
        "merge", f"{now.pull.html_url} into {now.main}: its checks are green"
    )


def _to_production(now: State) -> Action:
    if now.run is not None:
        return Action("look", f"the workflow's run {now.run.id}")
    return _checked(now, f"{now.main} at {now.tip[:7]}") or Action("dispatch", f"the release of {now.coming}")


def _checked(now: State, where: str) -> Action | None:
    """What the checks are still in the way of; None when all are green."""
    counted = [one for one in now.checks or () if one.name not in now.ignored]
    red = [one for one in counted if one.state == "red"]
    if red:
        names = ", ".join(f"{one.name} ({one.said})" for one in red[:SHOWN])
        page = next((f" {one.url}" for one in red if one.url), "")
        return Action(
            "blocked", f"CI is red on {where}: {names}.{page}", "Fix it, then run the same command again."
        )
    running = [one.name for one in counted if one.state == "running"]
    if running:
        return Action("wait", f"for CI on {where}: {', '.join(running[:SHOWN])}")
    return None if counted else Action("wait", f"for CI on {where}: nothing has started yet")


def intended(now: State) -> Iterator[str]:
    """What a hotfix will do to this checkout and at the remote, in the order in which it happens."""
    is_new = now.local is None and now.remote is None
    if is_new:
        yield f"make   {now.branch} from {now.tag}"
    if now.picks:
        yield f"pick   {', '.join(one[:7] for one in now.picks)} onto {now.branch}"
    elif not now.own:
        yield f"switch this checkout to {now.branch}, for the fix"
        return
    yield f"push   {now.branch}, open a pull request to {now.main}, merge it when its checks are green"
    yield f"then   release {now.coming}"


def _listed(commits: Sequence[Commit]) -> str:
    more = f" and {len(commits) - SHOWN} more" if len(commits) > SHOWN else ""
    return ", ".join(f"{one.sha[:7]} {one.subject}" for one in commits[:SHOWN]) + more


def _counted(commits: Sequence[Commit]) -> str:
    return f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
