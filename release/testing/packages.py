"""A monorepo with two packages, of which one needs the other: an overlay for a double."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from release.testing.monorepo import CONFIG

if TYPE_CHECKING:
    from release.testing.monorepo import Files

API, CLI = "packages/api", "packages/cli"
RELEASED = "1.3.0"
PLUGIN = """\
from release.config import Command
from release.hookspecs import hookimpl
from release.target import NpmTarget


def target(name):
    return NpmTarget(
        name=name,
        folder=f"packages/{name}",
        tag=name + "-v{version}",
        lockfile="package-lock.json",
        test=(Command(run=("true",)),),
    )


@hookimpl
def release_targets(config):
    return [target("api"), target("cli")]
"""


def files(version: str = RELEASED, config: str = CONFIG) -> Files:
    """Two packages at a version each, the plugin that publishes them, and a lockfile that knows both."""
    api = {"name": "@double/api", "version": version, "exports": "./src/index.js", "files": ["src"]}
    cli = {
        "name": "@double/cli",
        "version": "0.9.1",
        "bin": {"double": "bin/double.js"},
        "files": ["bin"],
        "dependencies": {"@double/api": f"^{version}"},
    }
    lock = {
        "name": "double",
        "lockfileVersion": 3,
        "packages": {
            "": {},
            "apps/cms": {"version": "1.2.3"},
            API: {"version": version},
            CLI: {"version": "0.9.1"},
        },
    }
    return {
        "pyproject.toml": config.replace(
            'remote = "origin"', 'remote = "origin"\nplugins = ["extensions/plugin.py"]'
        ),
        "extensions/plugin.py": PLUGIN,
        "package-lock.json": _json(lock),
        f"{API}/package.json": _json(api),
        f"{API}/src/index.js": "export const answer = 42;\n",
        f"{API}/test/index.test.js": "import '../src/index.js';\n",
        f"{CLI}/package.json": _json(cli),
        f"{CLI}/bin/double.js": "#!/usr/bin/env node\nimport '@double/api';\n",
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
