"""The programs that install packages, from npm, and a workspace that each of them installs for real."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.adopters.shapes import Shape, configuration, importing
from tests.contract.cloud_account import node
from tests.e2e.wranglers import PINNED, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# manager -> its package at npm, the program in there, and how it makes a lockfile
PROGRAMS = {
    "pnpm": ("pnpm@9.15.9", "pnpm/bin/pnpm.cjs", "pnpm@9.15.9", ("install", "--ignore-scripts")),
    "yarn": ("yarn@1.22.22", "yarn/bin/yarn.js", "yarn@1.22.22", ("install", "--ignore-scripts")),
    "berry": (
        "@yarnpkg/cli-dist@4.5.3",
        "@yarnpkg/cli-dist/bin/yarn.js",
        "yarn@4.5.3",
        ("install", "--mode=skip-build", "--no-immutable"),
    ),
    "bun": ("bun@1.2.4", "@oven/bun-linux-x64/bin/bun", "bun@1.2.4", ("install", "--ignore-scripts")),
}
BUILD = 'import { mkdirSync, writeFileSync } from "node:fs";\nmkdirSync("dist", { recursive: true });\n'
BUILD += 'writeFileSync("dist/index.js", "export const word = \'built\';\\n");\n'
SHOWS = {
    "pnpm": "pnpm: a workspace with a package that git has only unbuilt, wrangler in the worker's own folder",
    "yarn": "yarn 1: the workspace of `pnpm`",
    "berry": "yarn 4 with `nodeLinker: node-modules`: the workspace of `pnpm`",
    "bun": "bun: the workspace of `pnpm`",
}


def workspace(manager: str) -> Shape:
    """A worker that uses a package of its workspace, which a build has to make."""
    own = "*" if manager == "yarn" else "workspace:*"
    files: dict[str, object] = {
        "package.json": {
            "name": "suite",
            "private": True,
            "packageManager": PROGRAMS[manager][2],
            "workspaces": ["apps/*", "packages/*"],
            "scripts": {"test": "node --version"},
        },
        "apps/api/package.json": {
            "name": "api",
            "version": "1.2.3",
            "private": True,
            "dependencies": {"words": own},
            "devDependencies": {"wrangler": PINNED},
        },
        "apps/api/wrangler.jsonc": configuration("suite-api"),
        "apps/api/src/index.js": f'import {{ word }} from "words";\nconsole.log(word);\n{importing()}',
        "packages/words/package.json": {
            "name": "words",
            "version": "0.0.0",
            "type": "module",
            "exports": "./dist/index.js",
            "scripts": {"build": "node build.js"},
        },
        "packages/words/build.js": BUILD,
    }
    if manager == "pnpm":
        files["pnpm-workspace.yaml"] = 'packages: ["apps/*", "packages/*"]\n'
    if manager == "berry":
        files[".yarnrc.yml"] = "nodeLinker: node-modules\nenableTelemetry: false\n"
    return Shape(
        manager,
        SHOWS[manager],
        files,
        {"url.production": "https://api.example.com", "tag": "v{version}"},
        manager=manager,
    )


WORKSPACES = tuple(map(workspace, PROGRAMS))


def path_with(manager: str, base: Path) -> str:
    """PATH with this program, which is installed from npm once for all workers of a session, and Node."""
    package, inside, _, _ = PROGRAMS[manager]
    folder = put(base / f"program-{manager}", package)
    name = "yarn" if manager == "berry" else manager
    bins = folder / "bin"
    bins.mkdir(exist_ok=True)
    program = folder / "node_modules" / inside
    if not (bins / name).exists():
        program.chmod(0o755)
        fresh = bins / f".{name}.{os.getpid()}"
        fresh.symlink_to(program)
        fresh.replace(bins / name)
    return os.pathsep.join((str(bins), str(node().parent), os.environ["PATH"]))


def lock(manager: str, root: Path, environ: Mapping[str, str]) -> None:
    """Have the program make its lockfile, and install what it says."""
    words = PROGRAMS[manager][3]
    name = "yarn" if manager == "berry" else manager
    done = subprocess.run([name, *words], cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
