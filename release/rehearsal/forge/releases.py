"""GitHub Releases: made, changed, listed, and which of them is the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge import notes
from release.rehearsal.forge.answers import Answer, Refusal, invalid, not_found
from release.rehearsal.forge.bare import ZERO, GitError
from release.rehearsal.forge.repository import now, utc
from release.rehearsal.forge.store import Release
from release.rehearsal.forge.stored import fields, found, made

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository

_STORED = {  # a body's fields, and what they are called in the store
    "tag_name": "tag",
    "target_commitish": "target",
    **{name: name for name in ("name", "body", "draft", "prerelease")},
}


def latest(repository: Repository, _: Call) -> Answer:
    """The release that is marked as the latest. 404 when there is none."""
    marked = _latest(repository)
    if marked is None:
        raise not_found()
    return Answer(shown(repository, marked))


def by_tag(repository: Repository, call: Call) -> Answer:
    """The published release of a tag; a draft is not found so."""
    for release in repository.state.releases.values():
        if release.tag == call.path["tag"] and not release.draft:
            return Answer(shown(repository, release))
    raise not_found()


def create_release(repository: Repository, call: Call) -> Answer:
    """A new release. Unless it is a draft, a tag that does not exist is made at `target_commitish`."""
    tag = call.body["tag_name"]
    target = call.body.get("target_commitish") or repository.bare.default_branch
    draft = bool(call.body.get("draft"))
    if any(release.tag == tag for release in repository.state.releases.values()):
        raise invalid("Release", "tag_name", "already_exists")
    name, body = call.body.get("name"), call.body.get("body")
    if call.body.get("generate_release_notes"):
        written = notes.generate(repository, tag, target, _previous_tag(repository, tag))
        body = "\n\n".join(filter(None, (body, written)))
    sha = _tagged(repository, tag, target, create=not draft)
    texts = {"tag": tag, "target": target, "name": name or tag, "body": body, "author": call.login}
    dates = {
        "created_at": utc(repository.commit(sha).committer.date),
        "published_at": None if draft else now(),
    }
    release = made(Release, repository, call, **texts, **dates)
    repository.state.releases[release.id] = release
    _mark_latest(repository, release, call)
    return Answer(shown(repository, release))


def update_release(repository: Repository, call: Call) -> Answer:
    """Some fields of a release changed; publishing a draft makes its tag."""
    old = found(repository.state.releases, call, "release_id")
    changes = {_STORED[name]: value for name, value in call.body.items() if name in _STORED}
    release = msgspec.structs.replace(old, **changes)
    if not release.draft:
        _tagged(repository, release.tag, release.target, create=True)
        release = msgspec.structs.replace(release, published_at=release.published_at or now())
    repository.state.releases[release.id] = release
    if old.draft or "make_latest" in call.body:
        _mark_latest(repository, release, call)
    return Answer(shown(repository, release))


def delete_release(repository: Repository, call: Call) -> Answer:
    """A release removed; its tag stays."""
    del repository.state.releases[found(repository.state.releases, call, "release_id").id]
    return Answer()


def generate_notes(repository: Repository, call: Call) -> Answer:
    """Name and body that a release of the tag would get; nothing is made."""
    tag = call.body["tag_name"]
    target = call.body.get("target_commitish") or repository.bare.default_branch
    previous = call.body.get("previous_tag_name") or _previous_tag(repository, tag)
    if previous and repository.bare.ref(f"refs/tags/{previous}") is None:
        raise invalid("Release", "previous_tag_name", "custom", "Invalid previous_tag parameter")
    return Answer({"name": tag, "body": notes.generate(repository, tag, target, previous)})


def _latest(repository: Repository) -> Release | None:
    candidates = [r for r in repository.state.releases.values() if not r.draft and not r.prerelease]
    marked = [release for release in candidates if release.id == repository.state.latest_release]
    return max(marked or candidates, key=lambda release: (release.created_at, release.id), default=None)


def _mark_latest(repository: Repository, release: Release, call: Call) -> None:
    wanted = call.body.get("make_latest", "true")
    if release.draft or release.prerelease:
        return
    if wanted == "true":
        repository.state.latest_release = release.id
    elif wanted == "legacy":
        repository.state.latest_release = None  # then the newest by its commit's date counts


def _previous_tag(repository: Repository, tag: str) -> str | None:
    marked = _latest(repository)
    return marked.tag if marked and marked.tag != tag else None


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
        except GitError as error:
            raise Refusal(422, "Validation Failed", [{"resource": "Release", "code": "custom"}]) from error
        repository.bare.update_ref(f"refs/tags/{tag}", sha, ZERO)
    return sha


def shown(repository: Repository, release: Release) -> Json:
    shapes = repository.shapes
    url = f"{shapes.repository_url}/releases/{release.id}"
    return {
        **fields(release, "id name body draft prerelease created_at published_at"),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "author": shapes.user(release.author),
        "url": url,
        "html_url": f"{shapes.html_url}/releases/tag/{release.tag}",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{shapes.repository_url}/tarball/{release.tag}",
        "zipball_url": f"{shapes.repository_url}/zipball/{release.tag}",
    }
