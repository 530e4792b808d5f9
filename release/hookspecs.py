"""The hooks that a plugin may implement: what each gets, when it runs, what it may return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.config import Config
    from release.model import Release
    from release.record import Approval
    from release.step import Check, Step
    from release.target import Target

PROJECT = "cms_release"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The specifications; arguments are passed by name, and an implementation takes those that it needs."""

    @hookspec
    def release_checks(self, config: Config, environment: str) -> Iterable[Check]:
        """Checks to run before anything is written, beside the built-in ones. Runs once a plan; return none or more."""
        raise NotImplementedError

    @hookspec
    def release_steps(self, config: Config, environment: str) -> Iterable[tuple[str, str, Step]]:
        """Steps to add: ("before" or "after", the core step's name, the step). Runs once a plan."""
        raise NotImplementedError

    @hookspec
    def release_targets(self, config: Config) -> Iterable[Target]:
        """Packages that `inv publish NAME` releases on their own (`release.target.NpmTarget`). Runs when one is asked for."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def release_approve(self, release: Release, plan_hash: str) -> Approval | None:
        """The approval of a plan, by its hash; None leaves the question to the next plugin, then to the terminal."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def release_notes(self, release: Release) -> str | None:
        """The text of the GitHub Release, in Markdown; None leaves it to GitHub's generated notes."""
        raise NotImplementedError

    @hookspec
    def release_step_started(self, release: Release, step: str) -> None:
        """Observe that a step starts. What is raised here is logged and changes nothing."""
        raise NotImplementedError

    @hookspec
    def release_step_finished(self, release: Release, step: str, outcome: str, seconds: float) -> None:
        """Observe that a step ended: `outcome` is ok, skipped or failed. What is raised here is logged and changes nothing."""
        raise NotImplementedError

    @hookspec
    def release_finished(self, release: Release | None, outcome: str) -> None:
        """Observe the end: `outcome` is one of section 9's. What is raised here is logged and changes nothing."""
        raise NotImplementedError
