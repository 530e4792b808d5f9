"""Which permission of a GitHub token a request asks for, in the words of GitHub's settings (pure).

The table is docs.github.com, "Permissions required for fine-grained personal access tokens"; where GitHub names them
itself (the header `x-accepted-github-permissions`), its own words are taken.
"""

from __future__ import annotations

import re

_READS = frozenset({"GET", "HEAD"})
# below /repos/OWNER/NAME, the first that matches; None: the same as the method says
_ASKED: tuple[tuple[str, str, str | None], ...] = (
    (r"/actions/permissions|/branches/.+/protection|/keys", "Administration", None),
    (r"/environments/[^/]+/(secrets|variables)", "Environments", None),
    (r"/actions/secrets", "Secrets", None),
    (r"/actions/variables", "Variables", None),
    (r"/environments|/actions/", "Actions", None),
    (r"/commits/.+/check-runs|/check-runs", "Checks", None),
    (r"/commits/.+/status|/statuses/", "Commit statuses", None),
    (r"/commits/[^/]+/pulls|/pulls", "Pull requests", None),
    (r"/issues", "Issues", None),
    (r"/deployments", "Deployments", None),
    (r"/releases/generate-notes", "Contents", "write"),
    (r"/releases|/git/|/commits|/compare/|/contents/|/branches", "Contents", None),
)


def needed(method: str, path: str, named: str = "") -> str:
    """The permission for a request, as "Contents: write"; `named` is GitHub's own header, empty where it sent none.

    `path` is below /repos/OWNER/NAME.
    """
    if named.strip():
        sets = [_spelt(one) for one in named.split(";") if one.strip()]
        return " or ".join(sets)
    usual = "read" if method in _READS else "write"
    if usual == "write" and path.endswith("/pending_deployments"):
        return "Deployments: write"  # to review asks for more than to look
    for pattern, permission, access in _ASKED:
        if re.match(pattern, path):
            return f"{permission}: {access or usual}"
    return "Metadata: read" if usual == "read" else "Administration: write"


def _spelt(names: str) -> str:
    """`pull_requests=write,contents=read` as people find it in the settings."""
    pairs = (one.strip().partition("=") for one in names.split(",") if one.strip())
    return " and ".join(
        f"{name.replace('_', ' ').capitalize()}: {access or 'read'}" for name, _, access in pairs
    )
