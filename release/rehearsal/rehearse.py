"""`inv rehearse`: the same release, for real, on this machine alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from release.model.outcome import Listeners
from release.rehearsal.control import staged
from release.rehearsal.not_run import not_run
from release.rehearsal.own_folder import own_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.model.outcome import Listener, Outcome
    from release.model.request import Request
    from release.rehearsal.likeness import Likeness
    from release.run.sequence import Gate


def rehearse(
    root: Path,
    environ: Mapping[str, str],
    request: Request,
    gate: Gate,
    listening: Callable[[], Listener],
    say: Callable[[str], None],
    *,
    target: str | None = None,
    like: Likeness | None = None,
) -> Outcome:
    """Set up a stage of its own, release on it, and take it away again; `target` is a package to publish instead.

    `like` is the real environment that the stage's production is made like. A package that was published is installed
    back from the stage's registry. Raises StageError.
    """
    publishes = target is not None
    with (
        _said_to_be_one(say, "publish" if publishes else "release"),
        own_folder(root) as folder,
        staged(root, folder, publishes=publishes, like=like) as hosted,
    ):
        from release.model.options import Options
        from release.run.release import release  # while the stage sets itself up: it costs as long as a plan

        listener, stage = listening(), hosted.ready(say)
        clone, variables = Path(stage["RELEASE_STAGE"]), rehearsed(environ, stage)
        try:
            outcome = release(
                clone, variables, Options(request, target=target), gate, _Rehearsed((listener,))
            )
        finally:
            if cause := hosted.cause():  # before the stage is taken away, so not by us
                say(
                    f"The stage ended in the middle of the rehearsal, which says nothing about the release.\n{cause}"
                )
        if line := not_run(stage):
            say(line)
        if target is not None and outcome.outcome == "released":
            _install_back(clone, target, outcome, variables, say)
        return replace(outcome, urls=())


@contextmanager
def _said_to_be_one(say: Callable[[str], None], what: str) -> Iterator[None]:
    """Say before and behind it that it is a rehearsal."""
    say(f"rehearsal of a {what}: everything happens on this machine alone")
    try:
        yield
    finally:
        say("this was a rehearsal: nothing outside this machine was changed")


class _Rehearsed(Listeners, frozen=True):
    """Tells all but the addresses, which are dead by the time that they are read."""

    def ended(self, outcome: Outcome) -> None:
        """The end, without addresses."""
        super().ended(replace(outcome, urls=()))


def _install_back(
    clone: Path, target: str, outcome: Outcome, environ: Mapping[str, str], say: Callable[[str], None]
) -> None:
    from release.formats.manifest import value_at
    from release.plan.targets import configured
    from release.rehearsal.publishing import installed_back

    config, _ = configured(clone, target)
    name = value_at((clone / config.app.manifest).read_bytes(), ("name",), config.app.manifest)
    installed_back(name, outcome.release.version if outcome.release else "", environ, say)


def rehearsed(environ: Mapping[str, str], stage: Mapping[str, str]) -> dict[str, str]:
    """The process's environment, in which every address and token is the stage's."""
    own = (
        "NPM_TOKEN",
        "NODE_AUTH_TOKEN",
        "NPM_CONFIG_REGISTRY",
        "npm_config_registry",
        "CLOUDFLARE_",
        "GITHUB_",
        "GH_",
        "GIT_CONFIG_",
        "RELEASE_",
        "ACTIONS_",
        "CF_",
    )
    kept = {name: value for name, value in environ.items() if not name.startswith(own)}
    return {**kept, **stage}
