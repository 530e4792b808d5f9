"""The checklist on a double: what is read, what blocks a release, and what `inv checklist` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.commands.checklist import course as flow
from release.model.record import Granted, Remark
from release.model.request import Request
from release.testing import CONFIG, MONDAY, approve
from release.testing import double as opened
from tests.contract.release_facts import everything, record_of, told

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request as WebRequest

    from release.commands.checklist.course import Checked
    from release.model.outcome import Outcome
    from release.plan.preview import Preview
    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

WRANGLER = """{
  // the cms
  "env": {
    "staging": {
      "d1_databases": [{ "binding": "DB", "database_name": "double-staging", "migrations_dir": "migrations" }],
      "kv_namespaces": [{ "binding": "CACHE" }],
    },
    "production": {
      "d1_databases": [{ "binding": "DB", "database_name": "double-production", "migrations_dir": "migrations" }],
      "secrets": { "required": ["SESSION_KEY"] },
    },
  },
}"""


def checked(world: Double) -> Checked:
    """`inv checklist`."""
    return flow.check(world.root, world.environ, connect=world.connect)


def standing(world: Double) -> dict[str, str]:
    """Each item as it stands."""
    return {one.item: one.standing for one in checked(world).entries}


def configured(text: str) -> dict[str, bytes | str]:
    """The double's files with a checklist of its own."""
    return {"pyproject.toml": f"{CONFIG}\n[tool.release.checklist]\n{text}"}


def blocked(world: Double, *words: str) -> Outcome:
    """A release that the checklist blocks, with exit 4 and no write at all."""
    before = everything(world)
    outcome = world.release()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert everything(world) == before
    assert all(word in told(outcome) for word in words), told(outcome)
    return outcome


def test_where_all_is_well_each_item_says_so_and_nothing_is_written(double: Double) -> None:
    before = everything(double)
    found = checked(double)
    assert found.exit_code == 0
    assert [one.standing for one in found.entries] == ["ok"] * 3 + ["unset"] * 6
    assert everything(double) == before


def test_a_red_check_blocks_and_is_named(double: Double) -> None:
    double.forge.add_check_run(double.git("rev-parse", "HEAD"), "e2e", "failure")
    blocked(double, "e2e (failure)", "Fix it on main")
    assert (standing(double)["ci"], checked(double).exit_code) == ("blocks", 4)


def test_a_check_that_has_not_ended_blocks(double: Double) -> None:
    double.forge.add_check_run(double.git("rev-parse", "HEAD"), "e2e", None)
    blocked(double, "e2e (in_progress)", "Wait for it")


def test_a_commit_on_which_nothing_ran_is_blocked(double: Double) -> None:
    double.ci = False
    double.commit({"more.txt": "more"})
    blocked(double, "No check ran", "staging is not running")


def test_the_workflow_that_releases_does_not_wait_for_itself(double: Double) -> None:
    text = "name: Deploy to Production\non:\n  workflow_dispatch:\n"
    head = double.commit({".github/workflows/deploy-prod.yml": text})
    with double.ops() as ops:
        body = {"ref": "main", "return_run_details": True}
        path = "/actions/workflows/deploy-prod.yml/dispatches"
        run = ops.github.write("POST", path, dict, "dispatch", body)["workflow_run_id"]
    double.forge.add_check_run(head, "deploy", None, workflow_run=run)
    assert double.release().outcome == "released"


def test_a_job_of_a_push_that_fails_is_not_taken_for_a_dispatched_one(double: Double) -> None:
    double.forge.add_check_run(double.git("rev-parse", "HEAD"), "e2e", "failure", workflow_run=77)
    blocked(double, "e2e (failure)", "/actions/runs/77/job/")


def test_checks_beyond_the_first_page_count(double: Double) -> None:
    head = double.git("rev-parse", "HEAD")
    for number in range(101):
        double.forge.add_check_run(head, f"unit {number:03}")
    double.forge.add_check_run(head, "zebra", "failure")
    blocked(double, "zebra (failure)")


def test_staging_behind_the_base_blocks_and_one_deployment_there_frees_it(double: Double) -> None:
    double.ci = False
    head = double.commit({"apps/cms/migrations/0004_more.sql": "CREATE TABLE more (id INTEGER);\n"})
    double.forge.add_check_run(head, "required")
    blocked(double, f"staging is not running {head[:7]}", "0004_more.sql", "inv deploy --env staging")
    assert double.deploy().outcome == "deployed"
    assert double.release().outcome == "released"


def test_main_that_moves_on_with_staging_while_an_approval_waits_blocks_nobody(double: Double) -> None:
    double.merge({"theirs.txt": "theirs"})  # CI rolls staging onto it
    found = checked(double)
    assert found.exit_code == 0
    assert "which contains it" in found.entries[1].what
    assert double.release().outcome == "released"


def unwell(loaded: LoadedVersion, request: WebRequest) -> Response:
    del loaded, request
    return Response("broken", 500)


def test_a_staging_that_is_not_healthy_blocks(double: Double) -> None:
    double.runtime.behaviour[double.script("cms", "staging")] = unwell
    blocked(double, "is not healthy", "answered 500")


def test_an_item_that_is_off_or_warns_blocks_nobody(tmp_path: Path) -> None:
    with opened(
        tmp_path, overlay=configured('ci = "off"\nstaging = "warn"\nstaging_migrations = "off"\n')
    ) as world:
        world.ci = False
        world.commit({"more.txt": "more"})
        outcome = world.release()
        assert (outcome.outcome, [one.check for one in outcome.warnings]) == ("released", ["staging"])


PAGES = """\
dashboard_page = { url = "/", selector = ".version-badge" }
login_page = { url = "/login" }
sample = { url = "/page", selector = "main h1" }
"""


def pages(loaded: LoadedVersion, request: WebRequest) -> Response:
    """A dashboard behind a login, a login, and a page that does not render."""
    from release.rehearsal.cloud.memory_runtime import well_behaved

    if request.path == "/":
        return Response("", 302, {"location": "/login?next=/"})
    if request.path == "/login":
        return Response("<form><input type=password></form>", content_type="text/html")
    return well_behaved(loaded, request)


def test_pages_warn_and_a_login_page_means_that_it_cannot_be_told(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=configured(PAGES)) as world:
        world.runtime.behaviour[world.script("cms", "staging")] = pages
        found = {one.item: one for one in checked(world).entries}
        assert "Cannot tell whether the dashboard loads: /login asks to log in" in found["dashboard"].what
        assert (found["dashboard"].standing, found["login"].standing) == ("warns", "ok")
        assert found["sample-page"].what == "The sample page does not render: /page has no main h1."
        outcome = world.release()
        assert (outcome.outcome, len(outcome.warnings)) == ("released", 2)


def test_a_session_opens_the_dashboard_and_is_never_shown(tmp_path: Path) -> None:
    def guarded(loaded: LoadedVersion, request: WebRequest) -> Response:
        if request.path == "/" and request.headers.get("cookie") != "session=s3cr3t":
            return Response("", 302, {"location": "/login"})
        return pages(loaded, request) if request.path != "/" else Response("<body>Pages</body>")

    page = 'dashboard_page = { url = "/", cookie_from = "CMS_SESSION" }\n'
    with opened(tmp_path, overlay=configured(page)) as world:
        world.runtime.behaviour[world.script("cms", "staging")] = guarded
        assert standing(world)["dashboard"] == "warns"
        world.environ["CMS_SESSION"] = "session=s3cr3t"
        found = checked(world)
        assert found.entries[3].standing == "ok"
        assert "s3cr3t" not in "\n".join(flow.lines(found))


def test_bindings_and_secrets_that_production_lacks_are_warned_of(tmp_path: Path) -> None:
    with opened(tmp_path, overlay={"apps/cms/wrangler.jsonc": WRANGLER}) as world:
        found = {one.item: one for one in checked(world).entries}
        assert "cms binds CACHE where it is tried, and not in production" in found["bindings"].what
        assert "cms has no SESSION_KEY" in found["secrets"].what
        assert "wrangler secret put SESSION_KEY --name double-cms-production" in found["secrets"].advice
        assert world.release().outcome == "released"


def test_a_wrangler_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        world.commit({"apps/cms/wrangler.jsonc": '{ "env": '}, "chore: a configuration that is not whole")
        (bindings,) = [one for one in checked(world).entries if one.item == "bindings"]
        assert "apps/cms/wrangler.jsonc cannot be understood" in bindings.what


def test_what_only_a_person_can_tell_is_asked_and_kept_with_who_ticked(tmp_path: Path) -> None:
    text = "The storefront team knows"

    def ticking(preview: Preview) -> Granted:
        (question,) = preview.questions
        assert question.what == text
        tick = Remark(kind="tick", what=text, who="grace", at=MONDAY)
        return Granted(approvals=approve(preview).approvals, remarks=(tick,))

    with opened(tmp_path, overlay=configured(f'ask = ["{text}"]\n')) as world:
        assert [one.standing for one in checked(world).entries][-1] == "ask"
        assert world.release(gate=ticking).outcome == "released"
        assert [(one.what, one.who) for one in record_of(world).remarks] == [(text, "grace")]


def test_a_healthy_release_is_finished_whatever_staging_does(double: Double) -> None:
    hook = double.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*) exit 1;; esac\n")
    hook.chmod(0o755)
    assert double.release().exit_code == 3
    hook.unlink()
    double.runtime.behaviour[double.script("cms", "staging")] = unwell
    double.forge.add_check_run(double.git("rev-parse", "HEAD"), "nightly", "failure")
    outcome = double.release()
    assert (outcome.outcome, outcome.decision) == ("released", "finish")


def test_a_github_that_cannot_be_read_is_not_taken_for_green(double: Double) -> None:
    def refuse(request: WebRequest) -> Response | None:
        answer = '{"message": "Resource not accessible by integration"}'
        return Response(answer, 403) if request.path.endswith("/check-runs") else None

    double.forge.before = refuse
    blocked(double, "Cannot tell whether CI is green", "Checks: read")


def test_a_hotfix_skips_staging_and_its_migrations_and_that_is_kept(double: Double) -> None:
    double.ci = False
    head = double.commit({"apps/cms/migrations/0004_more.sql": "CREATE TABLE more (id INTEGER);\n"})
    double.forge.add_check_run(head, "required")
    reason = "hotfix of cms-v1.2.3: login fails"
    outcome = double.release(request=Request(reason=reason))
    assert outcome.outcome == "released", outcome.problems
    skips = [one for one in record_of(double).remarks if one.kind == "skip"]
    assert [one.what.partition(":")[0] for one in skips] == ["staging", "staging-migrations"]
    assert {one.why for one in skips} == {reason}


def test_the_terminal_shows_every_item_and_the_verdict(double: Double) -> None:
    double.forge.add_check_run(double.git("rev-parse", "HEAD"), "e2e", "failure")
    text = "\n".join(flow.lines(checked(double)))
    assert "  FAIL ci                  CI is red on" in text
    assert "  ok   staging             staging runs" in text
    assert text.endswith("A release is blocked by: ci.")


def test_as_json_it_says_the_same(double: Double) -> None:
    found = flow.as_json(checked(double))
    assert (found["blocked"], found["commit"]) == (False, double.git("rev-parse", "HEAD"))
    assert {one["item"]: one["standing"] for one in found["items"]}["ci"] == "ok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('environment = "stagin"', 'there is no environment "stagin"; did you mean "staging"?'),
        ('environment = "production"', "is production itself"),
        ('required_secrets = { cmd = ["A"] }', 'there is no worker "cmd"'),
        ('ci = "maybe"', "tool.release.checklist.ci"),
        ('login_page = { url = "login" }', "tool.release.checklist.login_page.url"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    from release.config import load
    from release.errors import UsageError

    (tmp_path / "pyproject.toml").write_text(configured(text)["pyproject.toml"])  # type: ignore[arg-type]
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert said in caught.value.what
