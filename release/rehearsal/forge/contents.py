"""Files and folders of a commit, and the workflows among them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, not_found
from release.rehearsal.forge.bare import GitError

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository


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
