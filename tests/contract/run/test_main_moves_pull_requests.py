"""A main that takes only pull requests: tag and record land alone, and a later run finds what became of the bump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.contract.record_on_remote import deployed, record_of, refs
from tests.contract.run.test_main_moves_landing import MAIN, TAG, bump_of, version_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.outcome import Outcome
    from release.testing import Double


@pytest.fixture
def api(double: Double) -> Iterator[httpx.Client]:
    """GitHub's REST API of a repository whose main takes only pull requests."""
    double.forge.add_ruleset("main", ["main"], [{"type": "pull_request"}])
    headers = {"Authorization": f"Bearer {double.forge.token}"}
    with httpx.Client(base_url=f"{double.forge.api_url}/repos/acme/cms/", headers=headers) as client:
        yield client


def pulls(api: httpx.Client, state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"pulls?state={state}").json()
    return found


def writes(outcome: Outcome) -> list[str]:
    return [str(write) for step in outcome.steps for write in step.writes]


def test_tag_and_record_land_alone_and_a_pull_request_is_opened(double: Double, api: httpx.Client) -> None:
    base = refs(double)[MAIN]
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert refs(double)[MAIN] == base
    bump = bump_of(double, base)
    (pull,) = pulls(api)
    assert (pull["head"]["sha"], pull["base"]["ref"]) == (bump, "main")
    assert outcome.failure is not None
    assert pull["html_url"] in outcome.failure.what
    assert "Merge it" in outcome.failure.advice
    assert record_of(double).outcome == "recorded"


def test_a_rerun_while_it_is_open_opens_no_second_one_and_deploys_nothing(
    double: Double, api: httpx.Client
) -> None:
    double.release()
    outcome = double.release(root=double.clone())
    assert (outcome.decision, outcome.exit_code) == ("finish", 3)
    assert len(pulls(api, "all")) == 1
    assert deployed(double) == ["mcp", "cms"]


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_a_later_run_finds_it_merged_and_completes_the_release(
    double: Double, api: httpx.Client, method: str
) -> None:
    base = refs(double)[MAIN]
    double.release()
    double.merge({"docs/more.md": "more\n"})
    (pull,) = pulls(api)
    api.put(f"pulls/{pull['number']}/merge", json={"merge_method": method}).raise_for_status()
    elsewhere = double.clone()
    planned = double.plan(root=elsewhere)
    outcome = double.release(root=elsewhere)
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    noted = "production: show cms-v1.2.4 as deployed"
    assert writes(planned) == writes(outcome) == ["cms-v1.2.4: make the Release", noted]
    bump_of(double, base)
    assert version_on(double, refs(double)[MAIN]) == "1.2.4"
    assert deployed(double) == ["mcp", "cms"]
    assert api.get("releases/tags/cms-v1.2.4").status_code == 200


def test_a_closed_one_is_opened_anew(double: Double, api: httpx.Client) -> None:
    double.release()
    (pull,) = pulls(api)
    api.patch(f"pulls/{pull['number']}", json={"state": "closed"}).raise_for_status()
    tag = refs(double)[TAG]
    assert double.release().exit_code == 3
    (fresh,) = pulls(api)
    assert fresh["number"] != pull["number"]
    assert refs(double)[TAG] == tag


def test_the_next_commit_waits_until_the_release_before_it_has_landed(
    double: Double, api: httpx.Client
) -> None:
    double.release()
    double.merge({"docs/more.md": "more\n"})
    assert double.release(root=double.clone()).decision == "finish"
    (pull,) = pulls(api)
    api.put(f"pulls/{pull['number']}/merge", json={}).raise_for_status()
    assert double.release(root=double.clone("third")).exit_code == 0
    double.merge({"docs/most.md": "most\n"})
    outcome = double.release(root=double.clone("fourth"))
    assert outcome.release is not None
    assert outcome.release.version == "1.2.5"
    assert outcome.exit_code == 3  # and it has its own pull request
