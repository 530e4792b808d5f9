"""The values of [tool.release]: types, defaults and meanings; the schema comes from here."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from release.config.approval import Approval
from release.config.checklist import Checklist
from release.config.databases import Database
from release.config.health import Health
from release.config.places import FileName, Worker
from release.config.policy import Policy
from release.config.types import (
    EnvironmentVariable,
    RelativePath,
    Repository,
    Seconds,
    UrlPath,
    Value,
    Words,
)
from release.formats.version import TagPattern


class Entry(Value, frozen=True, kw_only=True):
    """A further place that repeats the version: a string in a JSON file."""

    file: Annotated[RelativePath, Meta(description="The JSON file.")]
    key: Annotated[
        tuple[str, ...], Meta(min_length=1, description="The keys that lead to the string, outermost first.")
    ]


class App(Value, frozen=True, kw_only=True):
    """What is released."""

    name: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9._-]*$",
            examples=["cms"],
            description="What people call it; used in messages.",
        ),
    ]
    manifest: Annotated[
        RelativePath, Meta(description='The JSON file whose "version" is the app\'s version.')
    ] = "package.json"
    tag: Annotated[
        str,
        Meta(examples=["cms-v{version}"], description="How its tags are named, with exactly one {version}."),
    ] = "v{version}"
    bump_also: Annotated[
        tuple[Entry, ...], Meta(description="Places that repeat the version, such as a lockfile's entry.")
    ] = ()

    @property
    def pattern(self) -> TagPattern:
        """The pattern that makes and reads this app's tags."""
        return TagPattern(self.tag)


class Identity(Value, frozen=True, kw_only=True):
    """Who the bump commit and the tag are by. It is part of the commit's id."""

    name: Annotated[
        str, Meta(pattern=r"^[^<>\s]([^<>\r\n]*[^<>\s])?$", examples=["Release"], description="The name.")
    ] = "Release"
    email: Annotated[
        str, Meta(pattern=r"^[^<>\s]+$", examples=["release@example.com"], description="The address.")
    ] = "release@localhost"


class Command(Value, frozen=True, kw_only=True):
    """A command as a list of arguments; no shell is involved."""

    run: Annotated[Words, Meta(min_length=1, description="The program and its arguments.")]
    cwd: Annotated[RelativePath, Meta(description="The folder to run it in.")] = "."


class Test(Value, frozen=True, kw_only=True):
    """The step `test`: build, test and lint, without any token in reach."""

    __test__ = False  # the name is not a hint to pytest

    commands: Annotated[tuple[Command, ...], Meta(min_length=1, description="The commands, in order.")] = (
        Command(run=("npm", "test")),
    )
    environment: Annotated[
        tuple[EnvironmentVariable, ...],
        Meta(description="Variables handed on besides the ordinary ones (PATH, HOME, LANG); no secrets."),
    ] = ()
    deadline: Annotated[Seconds, Meta(description="Seconds that each command may take.")] = 1800


class Badge(Value, frozen=True, kw_only=True):
    """The badge in the dashboard that shows the version to people."""

    selector: Annotated[
        str, Meta(min_length=1, examples=[".version-badge"], description="The badge's CSS selector.")
    ]
    path: Annotated[UrlPath, Meta(description="The page that shows it.")] = "/"
    attribute: Annotated[
        str | None,
        Meta(description="The attribute that holds the version; without it, the badge's text is read."),
    ] = None
    cookie_from: Annotated[
        EnvironmentVariable | None,
        Meta(description="The environment variable that holds the Cookie header's value."),
    ] = None
    header_from: Annotated[
        EnvironmentVariable | None,
        Meta(description='The environment variable that holds a header as "Name: value".'),
    ] = None


class Smoke(Value, frozen=True, kw_only=True):
    """How long and how often the health route is asked after a deploy."""

    deadline: Annotated[Seconds, Meta(description="Seconds until the check gives up.")] = 90
    streak: Annotated[int, Meta(ge=1, le=100, description="Good answers in a row that are needed.")] = 3
    interval: Annotated[float, Meta(gt=0, le=60, description="Seconds between two questions.")] = 1.0
    settle: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            description="Seconds before an answer counts that cannot tell the new deployment from the old.",
        ),
    ] = 60


class Environment(Value, frozen=True, kw_only=True):
    """A place to release to."""

    wrangler: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9_-]*$",
            examples=["production"],
            description="wrangler's name for it, its --env. Left out: the same name as here, or with `config` the top level.",
        ),
    ] = ""
    top_level: Annotated[
        bool, Meta(description="Whether it is the top level of the wrangler files, deployed without --env.")
    ] = False
    config: Annotated[
        FileName,
        Meta(
            description="Its wrangler file, in the folder of each worker that has one. Left out: the worker's."
        ),
    ] = ""
    url: Annotated[
        str, Meta(examples=["https://cms.example.com"], description="Where it answers; no slash at the end.")
    ]
    database: Annotated[
        str | None, Meta(description="The D1 database's name; needed where [tool.release.database] is there.")
    ] = None
    databases: Annotated[
        dict[str, Annotated[str, Meta(min_length=1)]],
        Meta(
            examples=[{"main": "cms-production", "audit": "cms-audit-production"}],
            description="The D1 database's name of each of [[tool.release.databases]]. "
            "One that is left out: its `database_name` in wrangler's configuration.",
        ),
    ] = {}  # noqa: RUF012 - frozen, and msgspec copies it
    health: Annotated[Health | bool, Meta(description="The health route; false where there is none.")] = (
        Health()
    )
    badge: Annotated[
        Badge | None, Meta(description="The dashboard's badge; without it, it is not looked at.")
    ] = None
    smoke: Annotated[Smoke, Meta(description="The smoke check.")] = Smoke()


class Rehearsal(Value, frozen=True, kw_only=True):
    """What a rehearsal on this machine needs to know."""

    unreleased: Annotated[
        RelativePath | None,
        Meta(description="A folder of patches, applied as commits since the last release."),
    ] = None
    install: Annotated[
        Words,
        Meta(
            description="The command that installs the npm packages. Left out: what the lockfile in `install_in` asks for."
        ),
    ] = ()
    install_in: Annotated[RelativePath, Meta(description="The folder to run it in.")] = "."
    skip_jobs: Annotated[
        Words,
        Meta(
            description="Jobs of the workflows (their keys) that a stage counts as successful without running them."
        ),
    ] = ()


class Settings(Value, frozen=True, kw_only=True):
    """The table [tool.release] of pyproject.toml. Paths are relative to that file's folder, with "/"."""

    app: Annotated[App, Meta(description="What is released.")]
    workers: Annotated[
        tuple[Worker, ...], Meta(min_length=1, description="The workers, in the order of their deploys.")
    ]
    environments: Annotated[
        dict[str, Environment],
        Meta(min_length=1, description="The environments by name, such as production."),
    ]
    identity: Annotated[Identity, Meta(description="Who the bump commit and the tag are by.")] = Identity()
    test: Annotated[Test, Meta(description="The commands of the step `test`.")] = Test()
    branch: Annotated[
        str, Meta(min_length=1, description="The branch that releases are cut from and recorded on.")
    ] = "main"
    remote: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]*$", examples=["origin"], description="The git remote's name."
        ),
    ] = "origin"
    linear_history: Annotated[
        bool,
        Meta(description="Whether the branch refuses merges: an overtaken release then lands as one commit."),
    ] = False
    production: Annotated[
        str, Meta(description="The environment that gets versions and tags; any other is only deployed to.")
    ] = "production"
    repository: Annotated[
        Repository | None,
        Meta(description="owner/name at GitHub; without it, GITHUB_REPOSITORY or the remote's URL says it."),
    ] = None
    database: Annotated[
        Database | None,
        Meta(description="The database, where there is one; without any, nothing is migrated."),
    ] = None
    databases: Annotated[
        tuple[Database, ...], Meta(description="The databases, in the order of their migrations.")
    ] = ()
    plugins: Annotated[
        tuple[RelativePath, ...],
        Meta(description="Plugins: files, or modules that can be imported, such as release.announce."),
    ] = ()
    plugins_off: Annotated[
        tuple[str, ...], Meta(description="Plugins that are not loaded, by name, installed ones too.")
    ] = ()
    plugin_deadline: Annotated[
        float, Meta(gt=0, le=600, description="Seconds that a plugin may take to answer, or to observe.")
    ] = 10.0
    plugin: Annotated[
        dict[str, dict[str, Any]], Meta(description="The settings of plugins, a table for each by its name.")
    ] = msgspec.field(default_factory=dict)
    record_ref: Annotated[
        str, Meta(description="The ref that holds an environment's record, with exactly one {environment}.")
    ] = "refs/release/{environment}"
    lease: Annotated[
        int, Meta(ge=60, le=86400, description="Seconds that the record's lock holds without a sign of life.")
    ] = 300
    approval: Annotated[
        Approval, Meta(description="Who has to agree to a production release, and where GitHub asks them.")
    ] = Approval()
    checklist: Annotated[Checklist, Meta(description="What is checked before production is changed.")] = (
        Checklist()
    )
    rehearsal: Annotated[Rehearsal, Meta(description="What a rehearsal needs to know.")] = Rehearsal()
    policy: Annotated[Policy, Meta(description="What a change demands of its version.")] = Policy()
