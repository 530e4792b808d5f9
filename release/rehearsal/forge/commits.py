"""Commits, comparisons and files, from git; statuses and checks of commits, from what tests set."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, not_found, page_of
from release.rehearsal.forge.bare import GitError
from release.rehearsal.forge.store import CommitStatus
from release.rehearsal.forge.stored import chosen, fields, made

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.store import CheckRun

_MOST_COMPARED = 250  # GitHub shows so many commits of a comparison on its first page


def list_commits(repository: Repository, call: Call) -> Answer:
    """The history of a branch, tag or SHA (the default branch otherwise), newest first."""
    tip = repository.bare.resolve(call.query.get("sha", repository.bare.default_branch))
    if tip is None:
        raise not_found()
    page, size = page_of(call)
    limits = [f"--{name}={call.query[name]}" for name in ("since", "until", "author") if name in call.query]
    paths = [call.query["path"]] if "path" in call.query else []
    shown = repository.bare.commits(f"--skip={(page - 1) * size}", f"-{size}", *limits, tip, paths=paths)
    total = int(repository.bare.git("rev-list", "--count", *limits, tip, "--", *paths))
    return Answer([repository.shapes.commit(commit) for commit in shown], total)


def get_commit(repository: Repository, call: Call) -> Answer:
    """One commit by branch, tag or SHA."""
    return Answer(repository.shapes.commit(repository.commit(call.path["ref"])))


def get_git_commit(repository: Repository, call: Call) -> Answer:
    """One commit by its SHA, as the git database shows it."""
    commit = repository.bare.commit(call.path["commit_sha"])
    if commit is None:
        raise not_found()
    return Answer(repository.shapes.git_commit(commit))


def compare(repository: Repository, call: Call) -> Answer:
    """`base...head`: how far they are apart and the commits of head that base lacks, oldest first."""
    names = call.path["basehead"].split("...")
    base, head = (repository.bare.commit(name) for name in (names[0], names[-1]))
    common = repository.bare.merge_base(base.sha, head.sha) if base and head else None
    if base is None or head is None or common is None:
        raise not_found()
    ahead, behind = repository.bare.ahead_behind(base.sha, head.sha)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    found = repository.bare.commits(f"-{_MOST_COMPARED}", "--reverse", f"{base.sha}..{head.sha}")
    shapes = repository.shapes
    page = f"{shapes.html_url}/compare/{call.path['basehead']}"
    return Answer(
        {
            "url": f"{shapes.repository_url}/compare/{call.path['basehead']}",
            **dict.fromkeys(("html_url", "permalink_url"), page),
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": shapes.commit(base),
            "merge_base_commit": shapes.commit(repository.commit(common)),
            "status": status.get((ahead > 0, behind > 0), "diverged"),
            **dict.fromkeys(("ahead_by", "total_commits"), ahead),
            "behind_by": behind,
            "commits": [shapes.commit(commit) for commit in found],
        }
    )


def get_content(repository: Repository, call: Call) -> Answer:
    """A file's content in base64, or a folder's entries."""
    bare, path = repository.bare, call.path["path"].strip("/")
    ref = call.query.get("ref", bare.default_branch)
    revision = bare.resolve(ref)
    if revision is None:
        raise not_found(f"No commit found for the ref {call.query.get('ref', '')}")

    def listed(path: str) -> list[Json]:
        lines = bare.git("ls-tree", "-z", "-l", revision, "--", path).split("\0")[:-1]
        return [_entry(repository, line, ref) for line in lines]

    entry = next(iter(listed(path)), None)
    if entry is None:
        raise not_found()
    if entry["type"] == "dir":
        return Answer(listed(f"{path}/"))
    content = bare.git("cat-file", "blob", entry["sha"]).encode(errors="surrogateescape")
    return Answer({**entry, "encoding": "base64", "content": base64.encodebytes(content).decode()})


def workflow_files(repository: Repository) -> list[tuple[str, str]]:
    """Path and text of each workflow on the default branch."""
    branch = repository.bare.default_branch
    try:
        names = repository.bare.git("ls-tree", "--name-only", branch, ".github/workflows/").splitlines()
    except GitError:
        return []
    files = [name for name in names if name.endswith((".yml", ".yaml"))]
    return [(name, repository.bare.git("show", f"{branch}:{name}")) for name in files]


def _entry(repository: Repository, line: str, ref: str) -> Json:
    details, _, path = line.partition("\t")
    _, kind, sha, size = details.split()
    shapes = repository.shapes
    url = f"{shapes.repository_url}/contents/{path}?ref={ref}"
    html = f"{shapes.html_url}/{kind}/{ref}/{path}"
    git = f"{shapes.repository_url}/git/{kind}s/{sha}"
    return {
        "type": "dir" if kind == "tree" else "file",
        "size": 0 if size == "-" else int(size),
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": None if kind == "tree" else f"{shapes.html_url}/raw/{ref}/{path}",
        "_links": {"self": url, "git": git, "html": html},
    }


def combined_status(repository: Repository, call: Call) -> Answer:
    """The newest status of each context, and all of them in one word; pending when there is none."""
    sha = repository.commit(call.path["ref"]).sha
    newest = _newest(repository, sha)
    url = f"{repository.shapes.repository_url}/commits/{sha}"
    return Answer(
        {
            "state": overall(repository, sha),
            "statuses": [_status(repository, status) for status in newest],
            "sha": sha,
            "total_count": len(newest),
            "repository": repository.shapes.repository(),
            "commit_url": url,
            "url": f"{url}/status",
        }
    )


def overall(repository: Repository, sha: str) -> str:
    """GitHub's one word for a commit's statuses: failure, pending or success."""
    states = {status.state for status in _newest(repository, sha)}
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def create_status(repository: Repository, call: Call) -> Answer:
    sha = repository.commit(call.path["sha"]).sha
    status = made(CommitStatus, repository, call, sha=sha, author=call.login)
    repository.state.statuses.append(status)
    return Answer(_status(repository, status))


def list_check_runs(repository: Repository, call: Call) -> Answer:
    """The check runs on a commit; `check_name` and `status` choose among them."""
    sha = repository.commit(call.path["ref"]).sha
    runs = chosen(repository.state.check_runs.values(), call, check_name="name", status="status")
    return Answer([_check_run(repository, run) for run in runs if run.sha == sha])


def _newest(repository: Repository, sha: str) -> list[CommitStatus]:
    """The newest status of each context."""
    found = {status.context: status for status in repository.state.statuses if status.sha == sha}
    return list(found.values())


def _status(repository: Repository, status: CommitStatus) -> Json:
    return {
        **fields(status, "id state description target_url context created_at"),
        "url": f"{repository.shapes.repository_url}/statuses/{status.sha}",
        "creator": repository.shapes.user(status.author),
    }


def _check_run(repository: Repository, run: CheckRun) -> Json:
    url = f"{repository.shapes.repository_url}/check-runs/{run.id}"
    page = f"/actions/runs/{run.run}/job/{run.id}" if run.run else f"/runs/{run.id}"
    return {
        **fields(run, "id name status conclusion started_at"),
        "head_sha": run.sha,
        "url": url,
        **dict.fromkeys(("html_url", "details_url"), f"{repository.shapes.html_url}{page}"),
        "completed_at": run.started_at if run.status == "completed" else None,
        "output": {"annotations_url": f"{url}/annotations"},
    }
