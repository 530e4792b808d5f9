"""What the golden files show: one release of the CMS in each of its states, built by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.decide.decide import Go, Nothing
from release.model.deployment import Database, Health, SchemaObject, Smoke, WorkerDeployment
from release.model.health import HealthRule
from release.model.outcome import Failure, Outcome, StepResult
from release.model.problem import Problem
from release.model.record import Record
from release.model.release import Release, Write
from release.model.repository import Base, Checkout, Commit, Folder, History, Migration, Remote
from release.model.unread import Unread
from release.model.world import World
from release.plan.plan import forecast, make_plan
from release.plan.preview import Preview
from release.run.explain import explained, next_command
from release.steps.backfill import Backfill
from release.steps.bump import Bump
from release.steps.deploy import Deploy
from release.steps.github_release import GitHubRelease
from release.steps.migrate import Migrate
from release.steps.record import RecordRelease
from release.steps.smoke import SmokeCheck
from release.steps.test import Test
from release.steps.verify import Verify

if TYPE_CHECKING:
    from release.model.outcome import Ending, StepEnding

BASE, BUMP, OLD = "4f2c1ab" + "0" * 33, "8d1f2aa" + "0" * 33, "77aa310" + "0" * 33
MANIFEST = "apps/cms/package.json"
COMMAND = "inv release --bump patch"
PAGES = "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT)"
MIGRATIONS = (
    Migration("0001_pages.sql", f"{PAGES};".encode(), "a" * 64),
    Migration("0002_page_slug.sql", b"ALTER TABLE pages ADD COLUMN slug TEXT;", "b" * 64),
)
RELEASE = Release(
    "cms",
    "production",
    BASE,
    "1.2.3",
    "cms-v1.2.3",
    "1.2.4",
    "cms-v1.2.4",
    BUMP,
    {MANIFEST: b'{"version": "1.2.4"}'},
)
STEPS = (
    Test(("npm test", "npm run lint")),
    Bump(MANIFEST),
    Backfill("yarn db:backfill"),
    Migrate(),
    Deploy(
        "mcp",
        "alokai-cms-mcp-production",
        "mcp was not deployed; cms was not touched.",
        "Fix it on main, then run again.",
    ),
    Deploy(
        "cms",
        "alokai-cms-production",
        "The old cms serves beside the new mcp.",
        "Fix it on main, or `inv rollback`.",
    ),
    SmokeCheck(HealthRule(), number_was_live=False),
    RecordRelease("main"),
    GitHubRelease(),
    Verify(has_badge=True),
)


def live(script: str, version_id: str, tag: str | None) -> WorkerDeployment:
    """A worker that serves one version wholly."""
    return WorkerDeployment(script, ((version_id, 100.0),), tag, None)


def world() -> World:
    """Before the release: 1.2.3 is live and healthy, three commits and one migration wait."""
    return World(
        environment="production",
        checkout=Checkout(BASE, "main", (), shallow=False, files={MANIFEST: b'{"version": "1.2.3"}'}),
        remote=Remote(BASE, {"cms-v1.2.3": OLD}, None),
        record=None,
        base=Base(BASE, "f" * 40, 1_800_000_000, {}, {}, {"cms": Folder(MIGRATIONS)}),
        history=History(
            contained=True, unreleased=tuple(Commit(f"{n}" * 40, f"feat: {n}") for n in range(3))
        ),
        live={
            "mcp": live("alokai-cms-mcp-production", "9a31d2c4-0001", f"cms-v1.2.3+{OLD}"),
            "cms": live("alokai-cms-production", "f3484311-0001", f"cms-v1.2.3+{OLD}"),
        },
        databases={
            "cms": Database(
                "cms-production", "uuid", ("0001_pages.sql",), (SchemaObject("table", "pages", PAGES),)
            )
        },
        health=Health("1.2.3", OLD, None),
    )


def preview(now: World | None = None, release: Release = RELEASE, go: Go | None = None) -> Preview:
    """The plan of a release from a world."""
    now = now or world()
    forecasts = forecast(STEPS, now, release)
    go = go or Go("start", release, "3 commits since cms-v1.2.3")
    return Preview(now, go, COMMAND, release, make_plan(forecasts, now, release), forecasts)


def deployed(*workers: str, migrated: bool = True, healthy: bool | None = None) -> World:
    """The world in which these workers serve the release."""
    old = world()
    mark = RELEASE.annotation
    new = {
        name: live(f"alokai-{name}", f"1c0b6f85-{name}", mark) if name in workers else one
        for name, one in old.live.items()
    }
    database = old.databases["cms"]
    assert isinstance(database, Database)
    ledger = tuple(m.name for m in MIGRATIONS) if migrated else database.ledger
    record = Record(
        environment="production",
        nonce="",
        bookmark="00000085-0000",
        before={"mcp": "9a31d2c4-0001", "cms": "f3484311-0001"},
    )
    smoke = None if healthy is None else Smoke(healthy, "", {})
    return replace(
        old, live=new, databases={"cms": replace(database, ledger=ledger)}, record=record, smoke=smoke
    )


def tagged(*, landed: bool) -> World:
    """Live and healthy, with the tag on the remote; `landed`: the branch holds the bump too."""
    history = History(contained=True, unreleased=(), is_on_branch=landed)
    return replace(
        deployed("mcp", "cms", healthy=True), remote=Remote(BUMP, {"cms-v1.2.4": BUMP}, None), history=history
    )


def results(*failed: str) -> tuple[StepResult, ...]:
    """What the steps did, up to the one that failed."""
    found: list[StepResult] = []
    for number, one in enumerate(preview().forecasts):
        detail = getattr(one.look, "detail", "")
        otherwise: StepEnding = "skipped" if one.step.name == "backfill" else "ok"
        ending: StepEnding = "failed" if one.step.name in failed else otherwise
        found.append(StepResult(one.step.name, ending, 0.25 * number, detail, one.writes))
        if one.step.name in failed:
            break
    return tuple(found)


def failure(step: str, what: str, after: World, *, changed: bool = True, recorded: bool = False) -> Outcome:
    """The outcome of a run that failed in `step` and left the world as `after`."""
    failing = next(one for one in STEPS if one.name == step)
    before = preview()
    told = explained(
        Failure(step, what, failing.meaning, failing.advice),
        before,
        after,
        changed=changed,
        recorded=recorded,
    )
    steps = tuple(replace(one, detail=what) if one.outcome == "failed" else one for one in results(step))
    ending: Ending = "unrecorded" if changed else "failed"
    again = next_command(before, after, recorded=recorded)
    return Outcome(ending, "start", "production", RELEASE, "7be1c09", "", steps, (), told, again)


REFUSED = Failure(
    "start",
    "ann on laptop:~/cms is releasing cms-v1.2.4 to production right now.",
    "Nothing was changed.",
    "Wait for it to end, then run the same command again. `inv status` shows how far it is.",
)
PROBLEMS = (
    Problem(
        "clean tree",
        "Uncommitted changes: apps/cms/index.ts.",
        "Commit and push them.",
        "apps/cms/index.ts",
    ),
    Problem(
        "migrations",
        "The file ends without a `;`.",
        "Add it: D1 refuses the file.",
        "migrations/0002_page_slug.sql",
        3,
    ),
)
URL = "https://cms.example.com"
OUTCOMES: dict[str, Outcome] = {
    "released": Outcome("released", "start", "production", RELEASE, "7be1c09", "", results(), urls=(URL,)),
    "first-release": Outcome(
        "released", "start", "production", replace(RELEASE, previous=None, previous_tag=None), steps=results()
    ),
    "finished": Outcome("released", "finish", "production", RELEASE, steps=results()[6:], urls=(URL,)),
    "deployed": Outcome(
        "deployed",
        "start",
        "staging",
        replace(RELEASE, environment="staging", commit=BASE),
        steps=results()[2:7],
    ),
    "planned": Outcome("planned", "start", "production", RELEASE),
    "verified": Outcome("verified", "nothing", "production", RELEASE, urls=(URL,)),
    "rolled-back": Outcome("rolled-back", "nothing", "production", RELEASE, urls=(URL,)),
    "nothing": Outcome("nothing", "nothing", "production", why="no commits since cms-v1.2.3"),
    "released-already": Outcome(
        "nothing", "nothing", "production", why="cms-v1.2.4 is released already", is_so=True
    ),
    "problems": Outcome("blocked", "start", "production", RELEASE, problems=PROBLEMS, next=COMMAND),
    "locked": Outcome("blocked", "start", "production", RELEASE, failure=REFUSED, next=COMMAND),
    "test-fails": failure(
        "test",
        "`npm test` ended with exit code 1:\n  not ok 3 - a slug is kept\n  # fail 1",
        world(),
        changed=False,
    ),
    "migrate-fails": failure(
        "migrate", "0002_page_slug.sql: duplicate column name: slug", world(), changed=False
    ),
    "migrate-fails-half-way": failure("migrate", "0003_more.sql: near CREAT: syntax error", deployed()),
    "mcp-fails": failure("deploy mcp", "wrangler ended with exit code 1: no such binding", deployed()),
    "cms-fails": failure("deploy cms", "wrangler ended with exit code 1: no such binding", deployed("mcp")),
    "smoke-fails": failure(
        "smoke",
        '/api/health answered 500, for 90 s (last: "no such column: slug")',
        deployed("mcp", "cms", healthy=False),
    ),
    "push-refused": failure(
        "record", "the remote refused: protected branch", deployed("mcp", "cms", healthy=True)
    ),
    "tag-alone": failure(
        "record", "the branch takes only pull requests", tagged(landed=False), recorded=True
    ),
    "release-missing": failure("github-release", "GitHub answered 502", tagged(landed=True), recorded=True),
    "nothing-readable": failure(
        "deploy cms",
        "Cloudflare answered 503",
        replace(
            deployed("mcp"),
            live={"mcp": Unread("503"), "cms": Unread("503")},
            databases={"cms": Unread("503")},
            remote=Unread("timeout"),
        ),
    ),
}
WRITE = Write("deploy mcp", "cloudflare", "alokai-cms-mcp-production", "deploy")
PLANS: dict[str, Preview] = {
    "plan": preview(),
    "plan-minor": preview(release=replace(RELEASE, version="1.3.0", tag="cms-v1.3.0")),
    "plan-first": preview(
        replace(world(), live={"mcp": None, "cms": None}, health=Unread("404")),
        replace(RELEASE, previous=None, previous_tag=None),
        Go("start", RELEASE, "3 commits and no release yet"),
    ),
    "plan-finish": preview(
        replace(
            deployed("mcp", "cms"),
            checkout=Checkout("c" * 40, "main", (), shallow=False),
            health=Health("1.2.4", BUMP, None),
        ),
        go=Go("finish", RELEASE, "cms-v1.2.4 is live and healthy, and not recorded yet"),
    ),
    "plan-stuck": preview(
        replace(
            world(),
            live={"mcp": Unread("Cloudflare answered 503."), "cms": None},
            health=Health(None, None, "it answered 500"),
        )
    ),
}
NOTHING = Preview(world(), Nothing("no commits since cms-v1.2.3"), COMMAND)
