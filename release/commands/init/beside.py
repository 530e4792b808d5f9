"""What deploys the workers today, and would go on beside a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.commands.init import packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.commands.init.repository import Repository

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_DEPLOY = re.compile(
    r"\bwrangler(?:@\S+)?\s+(?:deploy|publish|versions\s+(?:upload|deploy))\b|cloudflare/wrangler-action@"
)
_ON_PUSH = re.compile(
    r"^\s*(?:-\s*)?[\"']?push[\"']?\s*:?\s*$|^\s*push\s*:|^on\s*:\s*\[?[^\n]*\bpush\b", re.MULTILINE
)
_SCRIPT = r"[\w:.-]*deploy[\w:.-]*"
_WHERE = r"(?:(?:--filter|-w|--workspace|-C|--dir|--cwd)[= ]\S+\s+)*"
_RUN = re.compile(rf"\b(?:npm|pnpm|yarn|bun|turbo|nx)\s+{_WHERE}(?:run\s+)?{_WHERE}(?P<name>{_SCRIPT})(?!\S)")


def beside(repository: Repository, ours: Mapping[str, str]) -> Iterator[str]:
    """A note for each workflow that deploys by itself when something is pushed, with the lines to take out.

    `ours` are the workflows that come with this tool: name -> content.
    """
    deploys = _scripts_that_deploy(repository)
    for path in sorted(repository.files):
        if not _WORKFLOW.fullmatch(path):
            continue
        text = repository.text(path) or ""
        if text in ours.values() or not _ON_PUSH.search(text):
            continue
        lines = [at for at, line in enumerate(text.splitlines(), 1) if _is_deploy(line, deploys)]
        if lines:
            where = ", ".join(f"{path}:{at}" for at in lines)
            yield f"{where}: this deploys on a push, beside the releases. Take it out, or it goes on doing so."


def _is_deploy(line: str, scripts: frozenset[str]) -> bool:
    if line.lstrip().startswith("#"):
        return False
    run = _RUN.search(line)
    return bool(_DEPLOY.search(line)) or (run is not None and run["name"] in {"deploy", *scripts})


def _scripts_that_deploy(repository: Repository) -> frozenset[str]:
    found: set[str] = set()
    for path in repository.files:
        if path == "package.json" or path.endswith("/package.json"):
            folder = path.rpartition("/")[0]
            scripts = packages.scripts_of(repository, folder)
            found |= {name for name, text in scripts.items() if _DEPLOY.search(text)}
    return frozenset(found)
