"""The policy in a whole world: what a plan shows, what is blocked, and what is kept when a person overrules it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from release.model.request import Request
from release.testing import Recorder
from release.testing.monorepo import CONFIG, MIGRATIONS
from release.views.summary import Page
from release.views.text import plan_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.model.request import Wanted
    from release.testing import Double

OFF = '[tool.release.policy]\nschema = "off"\napi = "off"\ncommits = "off"\n'
PLUGIN = """
from release.demand import Evidence
from release.hookspecs import hookimpl

@hookimpl
def release_evidence(world, past):
    return [Evidence("auth", "major", (f"{len(world.history.unreleased)} commits since {past.tag}",))]
"""
LISTED = '[[tool.release.policy.surfaces]]\nname = "cms"\nrun = ["cat", "routes.json"]\ncwd = "apps/cms"\n'


def policy(double: Double, table: str = "", files: Mapping[str, str | bytes | None] | None = None) -> None:
    """Commit the configuration with this table instead of the one that turns every source off."""
    assert OFF in CONFIG
    double.commit({"pyproject.toml": CONFIG.replace(OFF, table), **(files or {})}, "build: the policy")


def planned(
    double: Double, bump: Wanted = "patch", *, underbump: str = "", root: Path | None = None
) -> Outcome:
    return double.plan(request=Request(level=bump, underbump=underbump), root=root)


def sources(outcome: Outcome) -> dict[str, Any]:
    return {one["source"]: one["least"] for one in outcome.as_json()["policy"]["sources"]}


def notes(double: Double, tag: str) -> str:
    url = f"{double.forge.api_url}/repos/{double.environ['GITHUB_REPOSITORY']}/releases/tags/{tag}"
    with double.ops() as ops:
        headers = {"authorization": f"Bearer {double.environ['GITHUB_TOKEN']}"}
        return str(ops.http.read(url, headers=headers).json()["body"])


def test_a_patch_over_an_additive_migration_is_blocked_and_says_what_to_type(double: Double) -> None:
    policy(double)
    outcome = planned(double)

    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    schema = next(one for one in outcome.problems if one.check == "policy schema")
    assert "1.2.4 is a patch bump, and schema demands minor" in schema.what
    assert "0003_slug.sql:1 column pages.slug is new" in schema.what
    assert schema.advice.startswith("inv release --bump minor; or keep this bump")
    assert double.release().exit_code == 4


@pytest.mark.parametrize(("bump", "version"), [("auto", "1.3.0"), ("minor", "1.3.0"), ("major", "2.0.0")])
def test_the_bump_that_is_demanded_and_any_above_it_are_fine(
    double: Double, bump: Wanted, version: str
) -> None:
    policy(double)
    outcome = planned(double, bump)

    assert outcome.outcome == "planned", outcome.problems
    assert outcome.release is not None
    assert outcome.release.version == version
    assert sources(outcome) == {"schema": "minor", "api": None, "commits": "minor"}


def test_an_underbump_is_kept_in_the_tag_the_release_and_the_outcome(double: Double) -> None:
    policy(double)
    outcome = double.release(request=Request(underbump="nobody reads the slug yet"))

    assert (outcome.outcome, outcome.remarks[0].kind) == ("released", "underbump")
    said = "Underbump: patch 1.2.4, although schema demands minor, commits demand minor: nobody reads the slug yet"
    assert said in double.git(
        "tag", "--list", "--format=%(contents)", "cms-v1.2.4", cwd=double.forge.repository
    )
    assert "nobody reads the slug yet" in notes(double, "cms-v1.2.4")
    journal = (double.root / ".release/journal.ndjson").read_text("utf-8")
    assert "nobody reads the slug yet" in journal


@pytest.mark.parametrize(
    ("asked", "version"),
    [(Request(level="auto"), "1.3.0"), (Request(underbump="nobody reads the slug yet"), "1.2.4")],
)
def test_an_approved_plan_carries_what_was_asked_of_the_policy(
    double: Double, tmp_path: Path, asked: Request, version: str
) -> None:
    policy(double)
    file = tmp_path / "plan.json"
    assert double.plan(request=asked, output=file).outcome == "planned"
    outcome = double.release(plan_file=file)

    assert (outcome.outcome, outcome.release and outcome.release.version) == ("released", version)
    assert [one.why for one in outcome.remarks] == ([asked.underbump] if asked.underbump else [])


@pytest.mark.parametrize("say", ["warn", "off"])
def test_a_source_may_warn_or_be_silent(double: Double, say: str) -> None:
    policy(double, f'[tool.release.policy]\nschema = "{say}"\ncommits = "off"\n')
    outcome = planned(double)

    assert outcome.outcome == "planned"
    assert [one.check for one in outcome.warnings] == (["policy schema"] if say == "warn" else [])


@pytest.mark.parametrize("table", ["", '[tool.release.policy]\nschema = "warn"\n'])
def test_a_released_migration_that_was_edited_blocks_whatever_is_said(double: Double, table: str) -> None:
    policy(double, table, {f"{MIGRATIONS}/0001_pages.sql": "CREATE TABLE pages (id INTEGER PRIMARY KEY);\n"})
    outcome = planned(double, "major", underbump="no")

    edited = next(one for one in outcome.problems if one.check == "policy schema")
    assert edited.file == f"{MIGRATIONS}/0001_pages.sql"
    assert "was released with cms-v1.2.3 and is another file now" in edited.what


def test_what_cannot_be_told_blocks_until_a_person_overrules_it(double: Double) -> None:
    policy(double, files={f"{MIGRATIONS}/0004_rows.sql": "UPDATE nowhere SET a = 1;\n"})
    outcome = planned(double, "major")

    assert outcome.exit_code == 4
    assert "no such table: nowhere" in outcome.problems[0].what
    assert planned(double, "major", underbump="the table was made by hand").outcome == "planned"


def test_a_gap_in_the_numbers_is_only_told(double: Double) -> None:
    policy(double, files={f"{MIGRATIONS}/0005_gap.sql": "CREATE TABLE gap (a);\n"})
    outcome = planned(double, "major")

    assert outcome.outcome == "planned"
    assert [one.what for one in outcome.warnings] == ["0005_gap.sql leaves a gap: there is no 4."]


def test_the_plan_says_what_each_source_demands_and_that_the_way_back_stays_open(double: Double) -> None:
    policy(double)
    recorder = Recorder()
    double.plan(request=Request(level="minor"), listener=recorder)
    assert recorder.preview is not None
    text = "\n".join(line.text for line in plan_lines(recorder.preview))

    assert "this change needs at least a minor bump" in text
    assert "schema   minor    0003_slug.sql:1 column pages.slug is new and optional (additive)" in text
    assert "rollback open     the live version keeps working after the migrations" in text
    page = Page(preview=recorder.preview).document()
    assert "#### This change needs at least a minor bump" in page
    assert "column pages.slug is new" in page


def test_a_footer_and_a_mark_make_a_breaking_commit(double: Double) -> None:
    policy(double)
    double.commit({"a.txt": "a"}, "fix: sign-in\n\nWhy.\n\nBREAKING CHANGE: cookies of before are void")
    outcome = planned(double, "auto")

    commits = next(one for one in outcome.as_json()["policy"]["sources"] if one["source"] == "commits")
    assert commits["least"] == "major"
    assert "cookies of before are void" in commits["because"][0]


@pytest.mark.hook("release_evidence")
def test_a_plugin_adds_a_source_of_evidence(double: Double) -> None:
    table = '[tool.release.policy.sources]\nauth = "warn"\n\n'
    config = CONFIG.replace(OFF, table).replace("[tool.release]\n", '[tool.release]\nplugins = ["p.py"]\n')
    double.commit({"pyproject.toml": config, "p.py": PLUGIN}, "build: a plugin")
    outcome = planned(double, "minor")

    assert outcome.outcome == "planned", outcome.problems
    assert sources(outcome)["auth"] == "major"
    assert [one.check for one in outcome.warnings] == ["policy auth"]


def test_a_plugin_that_answers_anything_else_is_named(double: Double) -> None:
    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["p.py"]\n')
    broken = PLUGIN[: PLUGIN.index("    return")] + "    return [3]\n"
    double.commit({"pyproject.toml": config, "p.py": broken}, "build: a plugin")

    with pytest.raises(Exception, match=r"answers release_evidence\(.*\) with 3, which is no Evidence"):
        planned(double)


def routes(*names: str) -> str:
    return json.dumps({"route": list(names)})


def test_a_route_that_is_gone_demands_a_major(double: Double) -> None:
    policy(double, LISTED, {"apps/cms/routes.json": routes("GET /", "GET /pages")})
    assert double.release(request=Request(level="minor")).outcome == "released"
    double.commit({"apps/cms/routes.json": routes("GET /", "GET /new")}, "fix: routes")
    outcome = planned(double, "auto")

    assert outcome.release is not None
    assert outcome.release.version == "2.0.0"
    told = next(one for one in outcome.as_json()["policy"]["sources"] if one["source"] == "api")
    assert told["because"] == [
        "cms: route GET /pages is gone (breaking)",
        "cms: route GET /new is new (added)",
    ]


def test_a_command_that_did_not_run_before_is_said_and_not_guessed(double: Double) -> None:
    policy(double, LISTED, {"apps/cms/routes.json": routes("GET /")})
    told = next(
        one for one in planned(double, "minor").as_json()["policy"]["sources"] if one["source"] == "api"
    )

    assert told["least"] is None
    assert "cms could not be read at cms-v1.2.3" in told["note"]


def test_a_command_that_fails_now_blocks(double: Double) -> None:
    policy(double, LISTED.replace("routes.json", "nowhere.json"))
    outcome = planned(double, "major")

    assert outcome.exit_code == 4
    assert "cms cannot be read now: `cat nowhere.json` ended with 1" in outcome.problems[0].what


def test_a_depth_1_checkout_says_the_same_twice(double: Double) -> None:
    policy(double)
    full, shallow = double.clone("full"), double.clone("shallow", "--depth=1")
    expected = planned(double, "minor", root=full).as_json()

    assert planned(double, "minor", root=shallow).as_json() == expected
    assert planned(double, "minor", root=shallow).as_json() == expected


def test_the_first_release_demands_nothing(double: Double) -> None:
    policy(double)
    double.git("push", "--quiet", "origin", ":refs/tags/cms-v1.2.3")
    outcome = planned(double, "auto")

    assert outcome.as_json()["policy"] == {"least": None, "sources": [], "window": None}
