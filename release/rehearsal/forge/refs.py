"""References, annotated tags and branches, straight from git."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from release.rehearsal.forge import rules
from release.rehearsal.forge.answers import Answer, Refusal, not_found
from release.rehearsal.forge.bare import ZERO, GitError, Ref
from release.rehearsal.forge.repository import UNVERIFIED, now, utc

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository

_FULL_NAME = re.compile(r"refs/[^/]+/(?!.*(\.\.|//|@\{|\.lock$|\.$|/$))[^\x00-\x20~^:?*\[\\]+")


def get_ref(repository: Repository, call: Call) -> Answer:
    """One ref by its name without `refs/`; 404 also for a mere prefix."""
    ref = repository.bare.ref(f"refs/{call.path['ref']}")
    if ref is None:
        raise not_found()
    return Answer(repository.shapes.ref(ref))


def matching_refs(repository: Repository, call: Call) -> Answer:
    """Every ref whose name starts with what was asked, without pages; an empty list when none does."""
    refs = repository.bare.refs(f"refs/{call.path['ref']}")
    return Answer([repository.shapes.ref(ref) for ref in refs])


def create_ref(repository: Repository, call: Call) -> Answer:
    """A new ref, a branch or a lightweight tag."""
    name, sha = call.body["ref"], call.body["sha"]
    if not _FULL_NAME.fullmatch(name):
        raise Refusal(422, f"{name} is not a valid ref name.")
    kind = _object_type(repository, sha)
    rules.check_rest_write(repository, name)
    try:
        repository.bare.update_ref(name, sha, ZERO)
    except GitError as error:
        raise Refusal(422, "Reference already exists") from error
    return Answer(repository.shapes.ref(Ref(name, sha, kind)))


def update_ref(repository: Repository, call: Call) -> Answer:
    """An existing ref moved; without `force` only forward."""
    name, sha = f"refs/{call.path['ref']}", call.body["sha"]
    ref = repository.bare.ref(name)
    if ref is None:
        raise Refusal(422, "Reference does not exist")
    kind = _object_type(repository, sha)
    rules.check_rest_write(repository, name)
    if not call.body.get("force") and not repository.bare.contains(sha, ref.sha):
        raise Refusal(422, "Update is not a fast forward")
    repository.bare.update_ref(name, sha, ref.sha)
    return Answer(repository.shapes.ref(Ref(name, sha, kind)))


def delete_ref(repository: Repository, call: Call) -> Answer:
    """A ref removed."""
    name = f"refs/{call.path['ref']}"
    if repository.bare.ref(name) is None:
        raise Refusal(422, "Reference does not exist")
    rules.check_rest_write(repository, name)
    repository.bare.delete_ref(name)
    return Answer()


def create_tag(repository: Repository, call: Call) -> Answer:
    """A tag object; a ref to it is made apart, as on GitHub."""
    tag, message, sha, kind = (call.body[name] for name in ("tag", "message", "object", "type"))
    if _object_type(repository, sha) != kind:
        raise Refusal(422, f"Object {sha} is not a {kind}")
    tagger = {"name": call.login, "email": f"{call.login}@users.example", "date": now()}
    tagger |= call.body.get("tagger") or {}
    seconds = int(datetime.fromisoformat(tagger["date"]).timestamp())
    line = f"tagger {tagger['name']} <{tagger['email']}> {seconds} +0000"
    made = repository.bare.git(
        "mktag", stdin=f"object {sha}\ntype {kind}\ntag {tag}\n{line}\n\n{message.rstrip()}\n"
    )
    return Answer(_tag(repository, made.strip()))


def get_tag(repository: Repository, call: Call) -> Answer:
    """A tag object by its SHA."""
    return Answer(_tag(repository, call.path["tag_sha"]))


def list_branches(repository: Repository, call: Call) -> Answer:
    """Every branch, or the protected ones alone."""
    url, wanted = f"{repository.shapes.repository_url}/commits", call.query.get("protected")
    shown: list[Json] = []
    for ref in repository.bare.refs("refs/heads/"):
        name = ref.name.removeprefix("refs/heads/")
        protected = rules.is_protected(repository, name)
        if wanted is None or protected is (wanted == "true"):
            commit = {"sha": ref.sha, "url": f"{url}/{ref.sha}"}
            shown.append({"name": name, "commit": commit, "protected": protected})
    return Answer(shown)


def get_branch(repository: Repository, call: Call) -> Answer:
    """A branch with its tip."""
    name = call.path["branch"]
    ref = repository.bare.ref(f"refs/heads/{name}")
    if ref is None:
        raise not_found("Branch not found")
    url = f"{repository.shapes.repository_url}/branches/{name}"
    protected = rules.is_protected(repository, name)
    return Answer(
        {
            "name": name,
            "commit": repository.shapes.commit(repository.commit(ref.sha)),
            "_links": {"self": url, "html": f"{repository.shapes.html_url}/tree/{name}"},
            "protected": protected,
            "protection": {"enabled": protected},
            "protection_url": f"{url}/protection",
        }
    )


def _object_type(repository: Repository, sha: str) -> str:
    try:
        return repository.bare.git("cat-file", "-t", sha).strip() if re.fullmatch("[0-9a-f]{40}", sha) else ""
    except GitError as error:
        raise Refusal(422, "Object does not exist") from error


def _tag(repository: Repository, sha: str) -> Json:
    try:
        text = repository.bare.git("cat-file", "tag", sha)
    except GitError as error:
        raise not_found() from error
    head, _, message = text.partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.splitlines())
    signed = re.fullmatch(r"(?P<name>.*) <(?P<email>.*)> (?P<time>\d+) [+-]\d{4}", fields["tagger"])
    who = signed.groupdict() if signed else {"name": "", "email": "", "time": "0"}
    shown = repository.shapes.ref(Ref(f"tags/{sha}", fields["object"], fields["type"]))
    return {
        **{name: shown[name] for name in ("url", "object")},
        "tag": fields["tag"],
        "sha": sha,
        "message": message.rstrip("\n"),
        "tagger": {"name": who["name"], "email": who["email"], "date": utc(int(who["time"]))},
        "verification": UNVERIFIED,
    }
