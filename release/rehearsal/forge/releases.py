"""GitHub Releases: made, changed, listed, and which of them is the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge import notes
from release.rehearsal.forge.answers import Answer, Refusal, invalid, not_found
from release.rehearsal.forge.bare import ZERO
from release.rehearsal.forge.repository import now
from release.rehearsal.forge.store import Release

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.shapes import Json


def list_releases(repository: Repository, _: Call) -> Answer:
    """Every release, drafts too, newest first."""
    newest = sorted(repository.state.releases.values(), key=lambda release: -release.id)
    return Answer(items=[_shown(repository, release) for release in newest])


def latest(repository: Repository, _: Call) -> Answer:
    """The release that is marked as the latest. 404 when there is none."""
    found = _latest(repository)
    if found is None:
        raise not_found()
    return Answer(_shown(repository, found))


def by_tag(repository: Repository, call: Call) -> Answer:
    """The published release of a tag; a draft is not found so."""
    for release in repository.state.releases.values():
        if release.tag == call.path["tag"] and not release.draft:
            return Answer(_shown(repository, release))
    raise not_found()


def get_release(repository: Repository, call: Call) -> Answer:
    """One release by its id."""
    return Answer(_shown(repository, _by_id(repository, call)))


def create_release(repository: Repository, call: Call) -> Answer:
    """A new release. Unless it is a draft, a tag that does not exist is made at `target_commitish`."""
    tag = str(call.required("Release", "tag_name"))
    target = call.body.get("target_commitish") or repository.bare.default_branch
    draft = bool(call.body.get("draft"))
    if any(release.tag == tag for release in repository.state.releases.values()):
        raise invalid("Release", "tag_name", "already_exists")
    name, body = call.body.get("name"), call.body.get("body")
    if call.body.get("generate_release_notes"):
        written = notes.generate(repository, tag, target, _previous_tag(repository, tag))
        name, body = name or written.name, "\n\n".join(filter(None, (body, written.body)))
    sha = _tagged(repository, tag, target, create=not draft)
    release = Release(
        id=repository.state.new_id(),
        tag=tag,
        target=target,
        name=name or tag,
        body=body,
        draft=draft,
        prerelease=bool(call.body.get("prerelease")),
        author=call.login,
        created_at=_utc(repository.commit(sha).committer.date),
        published_at=None if draft else now(),
    )
    repository.state.releases[release.id] = release
    _mark_latest(repository, release, call)
    return Answer(_shown(repository, release), 201)


def update_release(repository: Repository, call: Call) -> Answer:
    """Some fields of a release changed; publishing a draft makes its tag."""
    old = _by_id(repository, call)
    names = {"tag_name": "tag", "target_commitish": "target"}
    fields = ("tag_name", "target_commitish", "name", "body", "draft", "prerelease")
    changes = {names.get(name, name): call.body[name] for name in fields if name in call.body}
    release = msgspec.structs.replace(old, **changes)
    if not release.draft:
        _tagged(repository, release.tag, release.target, create=True)
        release = msgspec.structs.replace(release, published_at=release.published_at or now())
    repository.state.releases[release.id] = release
    if old.draft or "make_latest" in call.body:
        _mark_latest(repository, release, call)
    return Answer(_shown(repository, release))


def delete_release(repository: Repository, call: Call) -> Answer:
    """A release removed; its tag stays."""
    del repository.state.releases[_by_id(repository, call).id]
    return Answer(status=204)


def generate_notes(repository: Repository, call: Call) -> Answer:
    """Name and body that a release of the tag would get; nothing is made."""
    tag = str(call.required("Release", "tag_name"))
    target = call.body.get("target_commitish") or repository.bare.default_branch
    previous = call.body.get("previous_tag_name") or _previous_tag(repository, tag)
    if previous and repository.bare.ref(f"refs/tags/{previous}") is None:
        raise invalid("Release", "previous_tag_name", "custom", "Invalid previous_tag parameter")
    written = notes.generate(repository, tag, target, previous)
    return Answer({"name": written.name, "body": written.body})


def _by_id(repository: Repository, call: Call) -> Release:
    release = repository.state.releases.get(call.number("release_id"))
    if release is None:
        raise not_found()
    return release


def _latest(repository: Repository) -> Release | None:
    marked = repository.state.releases.get(repository.state.latest_release or 0)
    if marked and not marked.draft and not marked.prerelease:
        return marked
    candidates = [r for r in repository.state.releases.values() if not r.draft and not r.prerelease]
    return max(candidates, key=lambda release: (release.created_at, release.id), default=None)


def _mark_latest(repository: Repository, release: Release, call: Call) -> None:
    wanted = call.body.get("make_latest", "true")
    if wanted not in ("true", "false", "legacy"):
        raise invalid("Release", "make_latest")
    if release.draft or release.prerelease:
        return
    if wanted == "true":
        repository.state.latest_release = release.id
    elif wanted == "legacy":
        repository.state.latest_release = None  # then the newest by its commit's date counts


def _previous_tag(repository: Repository, tag: str) -> str | None:
    found = _latest(repository)
    return found.tag if found and found.tag != tag else None


def _tagged(repository: Repository, tag: str, target: str, *, create: bool) -> str:
    """The commit of the tag, or of the target when the tag does not exist, which then is made if asked."""
    ref = repository.bare.ref(f"refs/tags/{tag}")
    if ref is not None:
        return ref.sha
    sha = repository.bare.resolve(target)
    if sha is None:
        raise invalid("Release", "target_commitish")
    if create:
        try:
            repository.bare.git("check-ref-format", f"refs/tags/{tag}")
        except Exception as error:
            raise Refusal(422, "Validation Failed", [{"resource": "Release", "code": "custom"}]) from error
        repository.bare.update_ref(f"refs/tags/{tag}", sha, ZERO)
    return sha


def _utc(date: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(repository: Repository, release: Release) -> Json:
    shapes = repository.shapes
    url = f"{shapes.repository_url}/releases/{release.id}"
    return {
        "id": release.id,
        "node_id": f"RE_{release.id}",
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "author": shapes.user(release.author),
        "created_at": release.created_at,
        "published_at": release.published_at,
        "url": url,
        "html_url": f"{shapes.html_url}/releases/tag/{release.tag}",
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{shapes.repository_url}/tarball/{release.tag}",
        "zipball_url": f"{shapes.repository_url}/zipball/{release.tag}",
        "assets": [],
    }
