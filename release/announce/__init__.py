"""Announcements: tells Slack, Teams, mail and the rest what a release does. A plugin: `plugins = ["release.announce"]`.

The receivers' addresses are secrets: they come from an environment variable, and nothing of them is ever shown. A receiver
that is dead or slow changes nothing but a line in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from release.announce import words
from release.announce.words import Event  # noqa: TC001 - msgspec reads the annotation
from release.config.types import EnvironmentVariable, Value  # noqa: TC001 - the same
from release.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.announce.words import Announcement
    from release.config import Config
    from release.model.outcome import Outcome
    from release.model.release import Release
    from release.model.step import Check

NAME = "announce"
MARGIN = 0.8  # of a plugin's deadline: receivers that are late are named before this plugin itself is late


class NotToldError(Exception):
    """Somebody could not be told; the log says so, and nothing else happens."""


class Settings(Value, frozen=True, kw_only=True):
    """The table [tool.release.plugin.announce]."""

    urls_from: Annotated[
        EnvironmentVariable,
        Meta(
            description="The environment variable that holds apprise's URLs, several with blanks between them."
        ),
    ] = "APPRISE_URLS"
    events: Annotated[tuple[Event, ...], Meta(description="What is announced.")] = (
        "started",
        "waiting",
        "released",
        "failed",
        "rolled-back",
    )
    environments: Annotated[
        tuple[str, ...],
        Meta(description="Where; without it, only production. Packages are always announced."),
    ] = ()
    say: Annotated[
        dict[Event, str], Meta(description="Titles by event, with placeholders such as {version}.")
    ] = msgspec.field(default_factory=dict)


@hookimpl
def release_checks(config: Config) -> tuple[Check, ...]:
    """No checks; but wrong settings are refused before anything begins."""
    _settings(config)
    return ()


@hookimpl
def release_approval_awaited(
    config: Config, environ: Mapping[str, str], release: Release, plan_hash: str
) -> None:
    """Say that a plan waits."""
    _tell(config, environ, words.begun("waiting", release, plan_hash, _settings(config).say))


@hookimpl
def release_started(config: Config, environ: Mapping[str, str], release: Release, plan_hash: str) -> None:
    """Announce that a release begins; where nothing can be announced, say that once, here."""
    settings = _settings(config)
    if not environ.get(settings.urls_from):
        raise NotToldError(f"{settings.urls_from} is not set, so no announcement is sent")
    _tell(config, environ, words.begun("started", release, plan_hash, settings.say))


@hookimpl
def release_finished(
    config: Config, environ: Mapping[str, str], release: Release | None, ended: Outcome
) -> None:
    """Say how a release ended."""
    if release is not None:
        _tell(config, environ, words.finished(release, ended, _settings(config).say))


@hookimpl
def release_rolled_back(
    config: Config, environ: Mapping[str, str], tag: str, reason: str, ended: Outcome
) -> None:
    """Say that the environment is back on what served before."""
    app = config.app.name
    _tell(config, environ, words.rolled_back(app, tag, reason, ended, _settings(config).say))


def _settings(config: Config) -> Settings:
    """The settings. Raises UsageError for what is wrong in them."""
    from release.systems.machine.secrets import is_secret_name

    path = ("plugin", NAME)
    settings = config.plugin_settings(NAME, Settings)
    if not is_secret_name(settings.urls_from):
        problem = f'"{settings.urls_from}" does not say that it is secret; name it such as APPRISE_URLS or SLACK_WEBHOOK'
        raise config.refusal((*path, "urls_from"), problem)
    for name in settings.environments if config.target is None else ():
        config.environment(name)
    for event, title in settings.say.items():
        try:
            unknown = words.unknown_fields(title)
        except ValueError as error:
            raise config.refusal((*path, "say", event), f"{error}; write {{{{ for a brace") from None
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in words.FIELDS)
            raise config.refusal(
                (*path, "say", event), f'"{{{unknown[0]}}}" means nothing here; known: {known}'
            )
    return settings


def _tell(config: Config, environ: Mapping[str, str], said: Announcement | None) -> None:
    """Send an announcement that is wanted. Raises NotToldError where a receiver did not take it."""
    settings = _settings(config)
    urls = environ.get(settings.urls_from, "")
    if said is None or not urls or said.event not in settings.events:
        return
    if config.target is None and said.environment not in (settings.environments or (config.production,)):
        return
    from release.systems.machine.secrets import Mask
    from release.systems.web.receivers import addresses, send

    mask = Mask.of(environ)
    try:
        faults = send(addresses(urls), mask(said.title), mask(said.body), config.plugin_deadline * MARGIN)
    except ModuleNotFoundError:
        raise NotToldError("apprise is not installed: pip install 'cms-release[announce]'") from None
    if faults:
        raise NotToldError(f"{said.event} was not told to everybody: {'; '.join(faults)}")
