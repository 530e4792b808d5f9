"""The files that this package brings along for a repository that adopts it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from release.commands.init.setup_steps import with_program

if TYPE_CHECKING:
    from release.config import Config

NAME = "cms-release"
WITH_EXTRA = f"{NAME}[rehearsal]"
PACKAGED = Path(__file__).parent / "brought"  # in a wheel; pyproject.toml says what goes there
CHECKOUT = Path(__file__).parents[3]
TASKS = '''\
"""`inv --list` shows the tasks; each explains itself with --help."""

from pathlib import Path

from release.tasks import collection

namespace = collection(Path(__file__).parent)
'''
_PUBLISHED = re.compile(r"inv publish ([a-z0-9-]+)")
_STAGING = re.compile(r"\n  deploy-staging:\n(?:    .*\n|\n)*")  # the job, to the next one or the end


def wrapper() -> str:
    """The script `inv`."""
    return _file("inv", CHECKOUT / "inv").read_text("utf-8")


def workflows(config: Config) -> dict[str, str]:
    """The workflows for GitHub Actions that fit a configuration: name -> content.

    They watch its branch and bring its package manager; a staging that is not there has no job, and a package no workflow
    unless a plugin is called after it.
    """
    folder = _file("workflows", CHECKOUT / ".github" / "workflows")
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yml"))}
    targets = {Path(plugin).stem.replace("_", "-") for plugin in config.plugins}
    return {
        name: with_program(_fitted(text, config), config)
        for name, text in texts.items()
        if (found := _PUBLISHED.search(text)) is None or found[1] in targets
    }


def _fitted(text: str, config: Config) -> str:
    if config.branch != "main":
        text = text.replace("branches: [main]", f"branches: [{json.dumps(config.branch)}]")
    tried = config.checklist.environment or "staging"
    if tried not in config.environments:
        return _STAGING.sub("", text)
    return _STAGING.sub(lambda job: _named_so(job[0], tried), text) if tried != "staging" else text


def _named_so(job: str, environment: str) -> str:
    """The job that deploys to staging, for an environment of another name."""
    return job.replace("environment: staging", f"environment: {environment}").replace(
        "--env staging", f"--env {environment}"
    )


def requirement() -> str:
    """What pip has to install to get this very package: from where it was installed here.

    A checkout with a remote is named by the remote and its commit, another folder or file by its path, a file with the
    hash that it had. The version alone is said only of what came from an index, where the name is known to be ours.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(NAME)
    except PackageNotFoundError:
        return _of_folder(CHECKOUT)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return of_origin(origin) if origin else f"{WITH_EXTRA}=={found.version}"


def of_origin(origin: dict[str, Any]) -> str:
    """The requirement for a direct origin, as pip notes it (PEP 610)."""
    url, control = str(origin["url"]), origin.get("vcs_info")
    if control:
        return f"{WITH_EXTRA} @ {control['vcs']}+{url}@{control['commit_id']}"
    if "dir_info" in origin:
        return _of_folder(Path(url2pathname(urlsplit(url).path)))
    hashes = origin.get("archive_info", {}).get("hashes") or {}
    fragment = "".join(f"#{name}={value}" for name, value in list(hashes.items())[:1])
    return f"{WITH_EXTRA} @ {url}{fragment}"


def _of_folder(folder: Path) -> str:
    """A checkout by its remote and commit, where it has both and the commit is not only here; else by its path."""
    from release.systems.machine import shell

    def said(*words: str) -> str:
        done = shell.capture(("git", "-C", str(folder), *words), cwd=folder, env=dict(os.environ))
        return "" if done.code else done.out.decode(errors="replace").strip()

    if not (folder / ".git").exists():
        return f"{WITH_EXTRA} @ {folder.resolve().as_uri()}"
    remote, commit = said("remote", "get-url", "origin"), said("rev-parse", "HEAD")
    if (
        remote.startswith(("https://", "ssh://"))
        and commit
        and said("branch", "--remotes", "--contains", commit)
    ):
        return f"{WITH_EXTRA} @ git+{remote}@{commit}"
    return f"{WITH_EXTRA} @ {folder.resolve().as_uri()}"


def _file(name: str, in_checkout: Path) -> Path:
    packaged = PACKAGED / name
    return packaged if packaged.exists() else in_checkout
