"""Pull requests between branches of the repository, really merged with git's plumbing; and their comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge.answers import Answer, Refusal, invalid, not_found
from release.rehearsal.forge.bare import GitError, Person
from release.rehearsal.forge.repository import now
from release.rehearsal.forge.store import Comment, Pull
from release.rehearsal.forge.stored import fields, found, made

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository


def list_pulls(repository: Repository, call: Call) -> Answer:
    """Pull requests, newest first; `state` (open by default), `head` (`owner:branch`) and `base` choose."""
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    pulls = [
        pull
        for pull in sorted(repository.state.pulls.values(), key=lambda pull: -pull.number)
        if state in ("all", pull.state)
        and head in (None, _label(repository, pull.head))
        and base in (None, pull.base)
    ]
    return Answer([_shown(repository, pull) for pull in pulls])


def pulls_of_commit(repository: Repository, call: Call) -> Answer:
    """The pull requests that a commit belongs to: merged as it, or with it between base and head."""
    sha = repository.commit(call.path["commit_sha"]).sha
    bare = repository.bare
    pulls = [
        pull
        for pull in repository.state.pulls.values()
        if pull.merge_commit == sha
        or (bare.contains(pull.head_sha, sha) and not bare.contains(pull.base_sha, sha))
    ]
    return Answer([_shown(repository, pull) for pull in pulls])


def create_pull(repository: Repository, call: Call) -> Answer:
    """A new pull request. 422 when a branch is missing, nothing differs, or one is open already."""
    head, base = call.body["head"].removeprefix(f"{repository.shapes.owner}:"), call.body["base"]
    head_sha, base_sha = _tip(repository, "head", head), _tip(repository, "base", base)
    for pull in repository.state.pulls.values():
        if (pull.head, pull.base, pull.state) == (head, base, "open"):
            raise _refused(f"A pull request already exists for {_label(repository, head)}.")
    if repository.bare.contains(base_sha, head_sha):
        raise _refused(f"No commits between {base} and {head}")
    if "title" not in call.body:  # the description leaves it out for the pull request of an issue
        raise invalid("PullRequest", "title", "missing_field")
    known = {"head": head, "base": base, "head_sha": head_sha, "base_sha": base_sha, "author": call.login}
    pull = made(Pull, repository, call, number=repository.state.new_number(), **known)
    repository.state.pulls[pull.number] = pull
    return Answer(detailed(repository, pull))


def update_pull(repository: Repository, call: Call) -> Answer:
    """Title, body, base or state changed."""
    pull = _refreshed(repository, found(repository.state.pulls, call, "pull_number"))
    changes: Json = {
        name: call.body[name] for name in ("title", "body", "base", "state") if name in call.body
    }
    if changes.get("state") == "open" and pull.merged_at:
        raise _refused("Cannot reopen a merged pull request.")
    if "state" in changes:
        changes["closed_at"] = now() if changes["state"] == "closed" else None
    changed = msgspec.structs.replace(pull, **changes, updated_at=now())
    repository.state.pulls[pull.number] = changed
    return Answer(detailed(repository, changed))


def is_merged(repository: Repository, call: Call) -> Answer:
    """204 when it was merged, 404 when not."""
    if found(repository.state.pulls, call, "pull_number").merged_at is None:
        raise not_found()
    return Answer()


def merge(repository: Repository, call: Call) -> Answer:
    """The head merged (or squashed) into the base. 409 when `sha` is not the head, 405 on a conflict."""
    pull = _refreshed(repository, found(repository.state.pulls, call, "pull_number"))
    if call.body.get("sha", pull.head_sha) != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    tree = repository.bare.merged_tree(pull.base_sha, pull.head_sha)
    if tree is None or pull.state == "closed" or pull.draft:
        raise Refusal(405, "Pull Request is not mergeable")
    method = call.body.get("merge_method", "merge")
    if method not in ("merge", "squash"):
        raise Refusal(405, f"{method.capitalize()} merges are not allowed on this repository.")
    by = Person(call.login, f"{call.login}@users.example", now())
    parents = [pull.base_sha, pull.head_sha] if method == "merge" else [pull.base_sha]
    sha = repository.bare.commit_tree(tree, parents, _merge_message(repository, pull, call, method), by)
    try:
        repository.bare.update_ref(f"refs/heads/{pull.base}", sha, pull.base_sha)
    except GitError as error:
        raise Refusal(405, "Base branch was modified. Review and try the merge again.") from error
    done = dict.fromkeys(("closed_at", "merged_at", "updated_at"), now())
    merged = msgspec.structs.replace(pull, state="closed", merge_commit=sha, merged_by=call.login, **done)
    repository.state.pulls[pull.number] = merged
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def list_comments(repository: Repository, call: Call) -> Answer:
    """The comments on a pull request, oldest first."""
    number = found(repository.state.pulls, call, "issue_number").number
    comments = [comment for comment in repository.state.comments.values() if comment.number == number]
    return Answer([_comment(repository, comment) for comment in comments])


def create_comment(repository: Repository, call: Call) -> Answer:
    number = found(repository.state.pulls, call, "issue_number").number
    comment = made(Comment, repository, call, number=number, author=call.login)
    repository.state.comments[comment.id] = comment
    return Answer(_comment(repository, comment))


def _tip(repository: Repository, field: str, branch: str) -> str:
    ref = repository.bare.ref(f"refs/heads/{branch}")
    if ref is None:
        raise invalid("PullRequest", field)
    return ref.sha


def _refreshed(repository: Repository, pull: Pull) -> Pull:
    """An open pull request follows its branches."""
    if pull.state == "closed":
        return pull
    head, base = (repository.bare.ref(f"refs/heads/{name}") for name in (pull.head, pull.base))
    return msgspec.structs.replace(
        pull,
        head_sha=head.sha if head else pull.head_sha,
        base_sha=base.sha if base else pull.base_sha,
    )


def _merge_message(repository: Repository, pull: Pull, call: Call, method: str) -> str:
    if method == "merge":
        title = f"Merge pull request #{pull.number} from {repository.shapes.owner}/{pull.head}"
        body = pull.title
    else:
        title, body = f"{pull.title} (#{pull.number})", pull.body or ""
    title = call.body.get("commit_title") or title
    return f"{title}\n\n{call.body.get('commit_message', body)}".strip() + "\n"


def _refused(message: str) -> Refusal:
    return Refusal(
        422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}]
    )


def _label(repository: Repository, branch: str) -> str:
    return f"{repository.shapes.owner}:{branch}"


def _end(repository: Repository, branch: str, sha: str) -> Json:
    shapes = repository.shapes
    return {
        "label": _label(repository, branch),
        "ref": branch,
        "sha": sha,
        "user": shapes.user(shapes.owner),
        "repo": shapes.repository(),
    }


def _shown(repository: Repository, stored: Pull) -> Json:
    pull, shapes = _refreshed(repository, stored), repository.shapes
    url, html = f"{shapes.repository_url}/pulls/{pull.number}", f"{shapes.html_url}/pull/{pull.number}"
    issue = f"{shapes.repository_url}/issues/{pull.number}"
    links = {
        "self": url,
        "html": html,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{shapes.repository_url}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{shapes.repository_url}/statuses/{pull.head_sha}",
    }
    same = "id number state title body draft created_at updated_at closed_at merged_at"
    return {
        **fields(pull, same),
        "url": url,
        **{f"{name}_url": link for name, link in links.items() if name != "self"},
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "user": shapes.user(pull.author),
        "head": _end(repository, pull.head, pull.head_sha),
        "base": _end(repository, pull.base, pull.base_sha),
        "merge_commit_sha": pull.merge_commit,
        "author_association": "OWNER",
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def detailed(repository: Repository, stored: Pull) -> Json:
    """A pull request with whether it can be merged."""
    pull, bare = _refreshed(repository, stored), repository.bare
    mergeable = pull.state == "open" and bare.merged_tree(pull.base_sha, pull.head_sha) is not None
    return {
        **_shown(repository, pull),
        "merged": pull.merged_at is not None,
        "merged_by": repository.shapes.user(pull.merged_by) if pull.merged_by else None,
        "mergeable": mergeable if pull.state == "open" else None,
        "mergeable_state": ("clean" if mergeable else "dirty") if pull.state == "open" else "unknown",
        "comments": sum(comment.number == pull.number for comment in repository.state.comments.values()),
        "commits": bare.ahead_behind(pull.base_sha, pull.head_sha)[0],
    }


def _comment(repository: Repository, comment: Comment) -> Json:
    shapes = repository.shapes
    return {
        **fields(comment, "id body created_at"),
        "url": f"{shapes.repository_url}/issues/comments/{comment.id}",
        "html_url": f"{shapes.html_url}/pull/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{shapes.repository_url}/issues/{comment.number}",
        "user": shapes.user(comment.author),
        "author_association": "OWNER",
    }
