"""How often Node is started for wrangler: once a deploy, once for all migrations, never by npx, with a compile cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.config.places import Worker
from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database
from release.model.migrating import ApplyMigrations
from release.model.release import Release
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask
from release.testing.tools import put_wrangler

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = Release("cms", "production", "b" * 40, "1.2.3", "cms-v1.2.3", "1.2.4", "cms-v1.2.4", "c" * 40)
NODE = """#!/bin/sh
[ "$1" = --version ] && echo v24.0.0 && exit
printf '%s\\n' "$NODE_COMPILE_CACHE $*" >>"$STARTED"
printf '{"type":"deploy","version_id":"v1"}\\n' >"$WRANGLER_OUTPUT_FILE_PATH"
"""


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """The file in which a `node` on PATH notes how it was started."""
    put_wrangler(tmp_path)
    for name in ("node", "npx", "npm", "wrangler"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(NODE if name == "node" else "#!/bin/sh\nexit 99\n", "utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "apps" / "cms").mkdir(parents=True)
    return tmp_path / "started.txt"


@pytest.fixture
def wrangler(tmp_path: Path, started: Path) -> Wrangler:
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "STARTED": str(started)}
    return Wrangler(tmp_path, environ, Mask(()))


def test_a_deploy_starts_node_once_without_npx_and_with_a_compile_cache(
    wrangler: Wrangler, started: Path, tmp_path: Path
) -> None:
    worker = Worker(name="cms", path="apps/cms", script="cms-{environment}")

    assert wrangler.deploy(worker, "production", RELEASE, "was nothing", lambda _: None) == "v1"

    (line,) = started.read_text("utf-8").splitlines()
    cache, _, command = line.partition(" ")
    assert cache.startswith(str(tmp_path))
    assert command.startswith(f"--no-warnings {tmp_path}/node_modules/wrangler/wrangler-dist/cli.js deploy")


def test_all_migrations_start_node_once(wrangler: Wrangler, started: Path) -> None:
    effect = ApplyMigrations(Database("cms-production", "uuid", (), ()), (), Rules("migrations"))
    wrangler.migrate("apps/cms", "production", effect, lambda _: None)

    (line,) = started.read_text("utf-8").splitlines()
    assert " d1 migrations apply cms-production " in line
