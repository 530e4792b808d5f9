"""The hooks that a plugin may implement: what each gets, when it runs, what it may return.

docs/plugins.md lists them from here: `python -m tools.hooks_page` after a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from release.config import Config
    from release.config.target import Target
    from release.model.evidence import Baseline, Evidence
    from release.model.outcome import Outcome
    from release.model.record import Approval
    from release.model.release import Release
    from release.model.step import Check, Step
    from release.model.world import World

PROJECT = "cms_release"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The specifications. Arguments are passed by name, and an implementation takes those that it needs.

    `config` is [tool.release] (`config.plugin_settings` has a plugin's own table), `environ` the environment variables.
    """

    @hookspec
    def release_checks(self, config: Config, environ: Mapping[str, str], environment: str) -> Iterable[Check]:
        """Checks to run before anything is written, beside the built-in ones.

        Runs once for each plan. Return none or more; a check that finds a problem blocks the release.
        """
        raise NotImplementedError

    @hookspec
    def release_steps(
        self, config: Config, environ: Mapping[str, str], environment: str
    ) -> Iterable[tuple[str, str, Step]]:
        """Steps to add: ("before" or "after", the name of the step beside which it runs, the step).

        Runs once for each plan. Return none or more. The named step is one of the core, or another plugin's; where the
        sequence at hand does not have that core step (a deployment to staging has no `record`), the addition is left out.
        """
        raise NotImplementedError

    @hookspec
    def release_targets(self, config: Config, environ: Mapping[str, str]) -> Iterable[Target]:
        """Packages that `inv publish NAME` releases on their own (`release.target.NpmTarget`).

        Runs when a package is asked for, and for `inv plugins`. Return none or more; each name only once.
        """
        raise NotImplementedError

    @hookspec
    def release_evidence(
        self, config: Config, environ: Mapping[str, str], world: World, past: Baseline
    ) -> Iterable[Evidence]:
        """What else says by how much the number must be raised: `release.demand.Evidence`, one a source.

        Runs once for each plan of a production release, before the number is decided. `world.history.unreleased` are
        the commits since the last release, `past` is what that release held. Return none or more; [tool.release.policy]
        sources says for each by its name whether a lower bump is blocked (as without it), warned of, or let pass.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def release_approve(
        self, config: Config, environ: Mapping[str, str], release: Release, plan_hash: str
    ) -> Approval | None:
        """The approval of a plan, by its hash.

        Runs when every check has passed and before the lock is taken; it may wait for a person, for an hour at most.
        Return None to leave the question to the next plugin, then to the terminal. It answers for the plan alone: what a
        person has to tick (checklist.ask) is asked at the terminal or of the run's reviewers all the same.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def release_notes(self, config: Config, environ: Mapping[str, str], release: Release) -> str | None:
        """The text of the GitHub Release, in Markdown.

        Runs once for each plan. Return None to leave it to the next plugin, then to GitHub's generated notes.
        """
        raise NotImplementedError

    @hookspec
    def release_approval_awaited(
        self, config: Config, environ: Mapping[str, str], release: Release, plan_hash: str
    ) -> None:
        """Observe that a plan waits for a person.

        That is at the terminal, or where `inv plan` hands it on: in a file (`--output`), or as a job's output in Actions.
        """
        raise NotImplementedError

    @hookspec
    def release_started(
        self, config: Config, environ: Mapping[str, str], release: Release, plan_hash: str
    ) -> None:
        """Observe that a release or deployment begins: it is approved, and its lock is taken."""
        raise NotImplementedError

    @hookspec
    def release_step_started(
        self, config: Config, environ: Mapping[str, str], release: Release, step: str
    ) -> None:
        """Observe that a step starts."""
        raise NotImplementedError

    @hookspec
    def release_step_finished(
        self,
        config: Config,
        environ: Mapping[str, str],
        release: Release,
        step: str,
        outcome: str,
        seconds: float,
    ) -> None:
        """Observe that a step ended: `outcome` is ok, skipped or failed."""
        raise NotImplementedError

    @hookspec
    def release_finished(
        self,
        config: Config,
        environ: Mapping[str, str],
        release: Release | None,
        outcome: str,
        ended: Outcome,
    ) -> None:
        """Observe the end, also where nothing was begun.

        `outcome` is released, deployed, done (one step alone), failed, unrecorded, blocked or nothing; `ended` has all
        that is known of it: steps, failure, what to do next. `release` is None where there was nothing to release.
        """
        raise NotImplementedError

    @hookspec
    def release_rolled_back(
        self, config: Config, environ: Mapping[str, str], tag: str, reason: str, ended: Outcome
    ) -> None:
        """Observe the end of `inv rollback`: `tag` was left, `ended.outcome` is rolled-back or unrecorded (half way).

        Plugins are only looked for when the rollback is over: none can be in its way.
        """
        raise NotImplementedError
