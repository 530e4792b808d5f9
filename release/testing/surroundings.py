"""The environment variables of a double: its addresses and tokens, a git without settings, and a Node that does nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.testing.tools import put_node

if TYPE_CHECKING:
    from release.testing.double import Double


def surroundings(world: Double) -> dict[str, str]:
    """What a command reads in the world of a double whose servers listen."""
    home = world.folder / "home"
    home.mkdir(exist_ok=True)
    path = f"{put_node(world.folder / 'bin')}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        "PATH": path,
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **world.forge.git_environment(),
        "CLOUDFLARE_API_BASE_URL": world.cloud.base_url,
        "CLOUDFLARE_API_TOKEN": world.cloud.token,
        "CLOUDFLARE_ACCOUNT_ID": world.cloud.account_id,
        "GITHUB_API_URL": world.forge.api_url,
        "GITHUB_SERVER_URL": world.forge.server_url,
        "GITHUB_REPOSITORY": f"{world.forge.owner}/{world.forge.name}",
        "GITHUB_TOKEN": world.forge.token,
        "NPM_CONFIG_REGISTRY": world.registry.url,
        "NODE_AUTH_TOKEN": world.registry.token,
        **{
            f"RELEASE_{name.upper()}_URL": world.cloud.url_for(world.script("cms", name))
            for name in ("production", "staging")
        },
    }
