"""GitHub Releases and their notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone


def create(github: httpx.Client, tag: str, **fields: object) -> dict[str, Any]:
    answer = github.post("releases", json={"tag_name": tag, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_release_of_a_missing_tag_makes_the_tag(github: httpx.Client, clone: Clone) -> None:
    create(github, "v1", target_commitish="main", name="One", body="first")
    assert clone.git("ls-remote", "origin", "refs/tags/v1").startswith(clone.git("rev-parse", "main"))
    found = github.get("releases/tags/v1").json()
    assert (found["name"], found["body"], found["target_commitish"]) == ("One", "first", "main")


def test_a_release_of_a_tag_that_exists_leaves_the_tag(github: httpx.Client, clone: Clone) -> None:
    clone.git("tag", "v1", "main~1")
    clone.git("push", "-q", "origin", "v1")
    create(github, "v1", target_commitish="main")
    assert clone.git("ls-remote", "origin", "refs/tags/v1").startswith(clone.git("rev-parse", "main~1"))


def test_a_draft_makes_no_tag_until_it_is_published(github: httpx.Client, clone: Clone) -> None:
    draft = create(github, "v1", draft=True)
    assert github.get("releases/tags/v1").status_code == 404
    assert github.get("git/ref/tags%2Fv1").status_code == 404
    assert draft["published_at"] is None
    published = github.patch(f"releases/{draft['id']}", json={"draft": False}).json()
    assert published["published_at"] is not None
    assert github.get("releases/tags/v1").json()["id"] == draft["id"]
    assert clone.git("ls-remote", "origin", "refs/tags/v1")


@pytest.mark.usefixtures("clone")
def test_a_second_release_of_a_tag_is_refused(github: httpx.Client) -> None:
    create(github, "v1")
    again = github.post("releases", json={"tag_name": "v1"})
    assert again.status_code == 422
    assert again.json()["errors"] == [{"resource": "Release", "field": "tag_name", "code": "already_exists"}]


@pytest.mark.usefixtures("clone")
def test_a_release_of_nothing_is_refused(github: httpx.Client) -> None:
    answer = github.post("releases", json={"tag_name": "v1", "target_commitish": "none"})
    assert answer.json()["errors"][0]["field"] == "target_commitish"
    bad = github.post("releases", json={"tag_name": "a b"})
    assert bad.status_code == 422


@pytest.mark.usefixtures("clone")
def test_the_latest_release_is_what_make_latest_says(github: httpx.Client) -> None:
    assert github.get("releases/latest").status_code == 404
    create(github, "v1")
    create(github, "v2-rc", prerelease=True)
    assert github.get("releases/latest").json()["tag_name"] == "v1"
    create(github, "v0.9.1", make_latest="false")
    assert github.get("releases/latest").json()["tag_name"] == "v1"
    newest = create(github, "v2", make_latest="true")
    assert github.get("releases/latest").json()["tag_name"] == "v2"
    github.delete(f"releases/{newest['id']}").raise_for_status()
    assert github.get("releases/latest").json()["tag_name"] == "v0.9.1"


def test_legacy_takes_the_newest_commit_as_the_latest(github: httpx.Client, clone: Clone) -> None:
    create(github, "v1")
    clone.environment["GIT_COMMITTER_DATE"] = "2030-01-01T00:00:00Z"
    clone.commit("later")
    clone.git("push", "-q", "origin", "main")
    create(github, "v2", make_latest="legacy")
    assert github.get("releases/latest").json()["tag_name"] == "v2"


def test_a_release_is_changed_and_deleted_and_its_tag_stays(github: httpx.Client, clone: Clone) -> None:
    made = create(github, "v1", body="old")
    assert github.patch(f"releases/{made['id']}", json={"body": "new"}).json()["body"] == "new"
    assert github.get(f"releases/{made['id']}").json()["body"] == "new"
    assert github.delete(f"releases/{made['id']}").status_code == 204
    assert github.get(f"releases/{made['id']}").status_code == 404
    assert clone.git("ls-remote", "origin", "refs/tags/v1")


@pytest.mark.usefixtures("clone")
def test_releases_are_listed_newest_first_in_pages(github: httpx.Client) -> None:
    for number in range(5):
        create(github, f"v{number}")
    first = github.get("releases", params={"per_page": 2})
    assert [release["tag_name"] for release in first.json()] == ["v4", "v3"]
    assert set(first.links) == {"next", "last"}
    second = github.get(first.links["next"]["url"])
    assert [release["tag_name"] for release in second.json()] == ["v2", "v1"]
    assert set(second.links) == {"prev", "first", "next", "last"}
    last = github.get(first.links["last"]["url"])
    assert [release["tag_name"] for release in last.json()] == ["v0"]
    assert set(last.links) == {"prev", "first"}


def test_notes_list_merged_and_squashed_pull_requests_since_the_previous_tag(
    forge: Forge, github: httpx.Client, clone: Clone
) -> None:
    create(github, "v1")
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit("three")
    clone.git("push", "-q", "origin", "feature")
    pull = {"title": "Add three", "head": "feature", "base": "main"}
    github.post("pulls", json=pull).raise_for_status()
    github.put("pulls/1/merge", json={}).raise_for_status()
    clone.git("fetch", "-q", "origin")
    clone.git("checkout", "-q", "-B", "main", "origin/main")
    clone.commit("four", subject="Add four (#77)")
    clone.commit("five")
    clone.git("push", "-q", "origin", "main")
    asked = {"tag_name": "v2", "target_commitish": "main", "previous_tag_name": "v1"}
    html = f"{forge.server_url}/acme/cms"
    assert github.post("releases/generate-notes", json=asked).json() == {
        "name": "v2",
        "body": f"## What's Changed\n* Add three by @releaser in {html}/pull/1\n"
        f"* Add four by @ada in {html}/pull/77\n\n\n**Full Changelog**: {html}/compare/v1...v2",
    }


@pytest.mark.usefixtures("clone")
def test_generated_notes_of_a_first_release_link_its_commits(forge: Forge, github: httpx.Client) -> None:
    made = create(github, "v1", generate_release_notes=True, body="Hello")
    link = f"{forge.server_url}/acme/cms/commits/v1"
    assert made["body"] == f"Hello\n\n**Full Changelog**: {link}"


@pytest.mark.usefixtures("clone")
def test_notes_since_a_tag_that_is_missing_are_refused(github: httpx.Client) -> None:
    answer = github.post("releases/generate-notes", json={"tag_name": "v2", "previous_tag_name": "none"})
    assert answer.status_code in (404, 422)
