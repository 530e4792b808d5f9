"""A worker's own build runs, and is compared with the plan, before the first write to the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.testing import double
from release.testing.monorepo import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

# A build as the Vite plugin makes it: the environment is chosen by CLOUDFLARE_ENV, the version comes from the manifest.
BUILD = """\
#!/bin/sh
set -e
mkdir -p dist .wrangler/deploy
grep -o '"version": "[^"]*"' package.json >> ../../node_modules/built
echo '{ "configPath": "../../dist/wrangler.json" }' > .wrangler/deploy/config.json
name=$CLOUDFLARE_ENV
d1="[{ \\"binding\\": \\"DB\\", \\"database_name\\": \\"double-$name\\" }]"
echo "{ \\"name\\": \\"double-cms-$name\\", \\"d1_databases\\": $d1 }" > dist/wrangler.json
"""
BUILT = CONFIG.replace('path = "apps/cms"\n', 'path = "apps/cms"\nbuild = ["./build"]\n')
IGNORED = ".release/\nnode_modules/\ndist/\n.wrangler/\n"


def files(build: str = BUILD) -> dict[str, bytes | str]:
    return {"pyproject.toml": BUILT, ".gitignore": IGNORED, "apps/cms/build": build}


def test_a_release_builds_before_it_migrates_and_with_the_number_of_the_release(tmp_path: Path) -> None:
    with double(tmp_path, overlay=files()) as world:
        released = world.release()
        built = (world.root / "node_modules" / "built").read_text("utf-8").splitlines()
    assert released.outcome == "released"
    assert built == ['"version": "1.2.4"']
    assert [one.name for one in released.steps][1:4] == ["bump", "build", "backfill"]


def test_a_build_for_another_place_ends_with_1_and_nothing_was_migrated(tmp_path: Path) -> None:
    with double(tmp_path, overlay=files(BUILD.replace("$CLOUDFLARE_ENV", "staging"))) as world:
        before = world.cloud.log
        released = world.release()
        assert world.cloud.log == before
    assert (released.outcome, released.exit_code) == ("failed", 1)
    failure = released.failure
    assert failure is not None
    assert failure.step == "build"
    assert 'the script "double-cms-staging", and the plan "double-cms-production"' in failure.what
    assert "Production is unchanged." in failure.standing


def test_what_another_build_left_behind_is_found_before_the_first_write(tmp_path: Path) -> None:
    with double(tmp_path, overlay={".gitignore": IGNORED}) as world:
        folder = world.root / "apps" / "cms"
        (folder / ".wrangler" / "deploy").mkdir(parents=True)
        (folder / ".wrangler" / "deploy" / "config.json").write_text('{"configPath": "made.json"}')
        (folder / ".wrangler" / "deploy" / "made.json").write_text('{"name": "double-cms-dev"}')
        before = world.cloud.log
        released = world.release()
        assert world.cloud.log == before
    assert (released.outcome, released.exit_code) == ("failed", 1)
    assert released.failure is not None
    assert 'the script "double-cms-dev", and the plan "double-cms-production"' in released.failure.what


def test_a_rerun_builds_again_what_does_not_serve_yet(tmp_path: Path) -> None:
    def refused(request: Request) -> Response | None:
        is_upload = request.method == "POST" and request.path.endswith("cms-production/versions")
        return Response("{}", status=403) if is_upload else None

    with double(tmp_path, overlay=files()) as world:
        world.cloud.before = refused
        assert world.release().exit_code == 3
        world.cloud.before = None
        again = world.release()
        built = (world.root / "node_modules" / "built").read_text("utf-8").splitlines()
    assert again.outcome == "released"
    assert built == ['"version": "1.2.4"'] * 2


def test_the_step_alone_builds_what_the_bump_left_and_writes_nothing(tmp_path: Path) -> None:
    with double(tmp_path, overlay=files()) as world:
        before = world.cloud.log
        assert world.release(only="bump").exit_code == 0
        alone = world.release(only="build")
        assert (alone.outcome, alone.exit_code) == ("done", 0)
        assert world.cloud.log == before
