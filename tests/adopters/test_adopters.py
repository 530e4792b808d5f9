"""Monorepos of every shape go from `inv init` to a release, a rerun after a kill, and a rollback, on the real wrangler."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from release.config import load
from release.rehearsal.checkout import git
from release.rehearsal.stage import Stage
from tests.adopters import managers
from tests.adopters.shapes import SHAPES
from tests.contract.cloud_account import node, node_modules
from tests.e2e.conftest import share_packages
from tests.e2e.scene import ROOT, TIMEOUT, bare_environment, inv, invocation
from tests.unit.monorepos import ENVIRON, made
from tools import shapes_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.adopters.shapes import Shape
    from tests.e2e.scene import Ended

IGNORED = "node_modules\n.wrangler\n.release\n.venv\ndist\n.yarn\n"
IN_TURN = SHAPES[1]  # the one that `inv test` walks; `inv test --all` walks them all


def adopted(shape: Shape, root: Path, environ: dict[str, str] | None = None) -> Path:
    """The repository after `inv init` and a commit, with a smoke check of seconds."""
    texts = shape.texts()
    locked = installed(texts) if shape.manager == "npm" else {}
    made(root, {**texts, **locked, ".gitignore": IGNORED}, *shape.tags)
    if shape.manager != "npm":
        managers.lock(shape.manager, root, environ or bare_environment())
    answers = [word for key, value in shape.answers.items() for word in ("--answer", f"{key}={value}")]
    wrote = inv("init", "--yes", *answers, root=root, environ=environ)
    assert wrote.code == 0, str(wrote)
    path = root / "pyproject.toml"
    hurried = re.sub(
        r"^(\[tool\.release\.environments\.[a-z-]+\])$",
        r"\1\nsmoke = { deadline = 8, interval = 0.2, settle = 1 }",
        path.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    path.write_text(hurried, "utf-8")
    commit(root, "chore: adopt the release tool")
    return root


def installed(texts: Mapping[str, str]) -> dict[str, str]:
    """The manifest with wrangler, and the lockfile of the packages that the example has installed already."""
    locked = json.loads((ROOT / "examples" / "cms" / "package-lock.json").read_text("utf-8"))["packages"]
    asked = {"wrangler": locked["node_modules/wrangler"]["version"]}
    packages = {
        path: entry
        for path, entry in locked.items()
        if path.startswith("node_modules/") and not entry.get("link")
    }
    root = {**json.loads(texts["package.json"]), "devDependencies": asked}
    lock = {"lockfileVersion": 3, "requires": True, "packages": {"": {"devDependencies": asked}, **packages}}
    return {"package.json": json.dumps(root, indent=2), "package-lock.json": json.dumps(lock, indent=2)}


def commit(root: Path, subject: str, environ: dict[str, str] | None = None) -> None:
    git(root, environ or ENVIRON, "add", "--all")
    git(root, environ or ENVIRON, "commit", "--quiet", "--message", subject)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.name)
def test_init_needs_no_change_of_what_is_there(shape: Shape, tmp_path: Path) -> None:
    root = adopted(shape, tmp_path / "repository")
    before = {name: text for name, text in shape.texts().items() if name != "package.json"}
    assert {name: (root / name).read_text("utf-8") for name in before} == before
    again = inv("init", root=root)
    assert (again.code, again.out) == (0, ""), str(again)
    assert inv("init", "--check", root=root).code == 0


def test_the_page_has_the_table_of_these_shapes() -> None:
    text = shapes_page.PAGE.read_text("utf-8")
    assert shapes_page.page(text) == text, "python -m tools.shapes_page writes it anew"


class Walk:
    """A stage of an adopted repository, and commands on it."""

    def __init__(self, stage: Stage, environ: dict[str, str]) -> None:
        self.stage, self.clone = stage, stage.clone
        self.environ = environ | stage.environment

    def inv(self, *words: str) -> Ended:
        ended = inv(*words, root=self.clone, environ=self.environ)
        assert "Traceback" not in ended.err, ended.err
        return ended

    def commit(self, subject: str, files: dict[str, str]) -> None:
        """A commit on main, which goes to the environment where commits are tried, if there is one."""
        for name, text in files.items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text, "utf-8")
        git(self.clone, self.environ, "add", "--all")
        git(self.clone, self.environ, "commit", "--quiet", "--message", subject)
        git(self.clone, self.environ, "push", "--quiet", "origin", "main")
        tried = load(self.clone).tried_in
        if tried:
            deployed = self.inv("deploy", "--env", tried)
            assert deployed.code == 0, str(deployed)

    def deploys_by_hand(self) -> None:
        """What a person does who has no release tool."""
        wrangler = self.clone / "node_modules" / "wrangler" / "bin" / "wrangler.js"
        done = subprocess.run(
            [str(node()), str(wrangler), "deploy"],
            cwd=self.clone,
            env={**self.environ, "CI": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def killed(self, *words: str) -> None:
        """Start a command and kill it in its first deploy."""
        command = invocation(*words, root=self.clone)
        with subprocess.Popen(
            command,
            cwd=self.clone,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                if line.startswith("...  deploy"):
                    process.kill()
        assert process.returncode < 0, "it had ended before its first deploy"

    def tables(self, database: str) -> set[str]:
        account = (
            f"{self.environ['CLOUDFLARE_API_BASE_URL']}/accounts/{self.environ['CLOUDFLARE_ACCOUNT_ID']}"
        )
        token = {"Authorization": f"Bearer {self.environ['CLOUDFLARE_API_TOKEN']}"}
        listed = httpx.get(f"{account}/d1/database", headers=token, timeout=TIMEOUT).json()["result"]
        (uuid,) = [one["uuid"] for one in listed if one["name"] == database]
        sql = {"sql": "SELECT name FROM d1_migrations"}
        answer: Any = httpx.post(
            f"{account}/d1/database/{uuid}/query", json=sql, headers=token, timeout=TIMEOUT
        ).json()
        return {row["name"] for row in answer["result"][-1]["results"]}


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walk]:
    shape: Shape = request.param
    node_modules()  # installed once, and kept for every stage
    environ = bare_environment()
    if shape.manager != "npm":
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
        environ["PATH"] = managers.path_with(shape.manager, shared)
    root = adopted(shape, tmp_path / "repository", environ)
    share_packages(root)
    stage = Stage(root, tmp_path / "stage", environ)
    stage.start(lambda _: None)
    try:
        yield Walk(stage, environ)
    finally:
        stage.stop()
        shutil.rmtree(tmp_path / "stage", ignore_errors=True)


def walked(*shapes: Shape) -> pytest.MarkDecorator:
    pairs, names = [(one, one) for one in shapes], [one.name for one in shapes]
    return pytest.mark.parametrize(("walk", "shape"), pairs, ids=names, indirect=["walk"])


def goes_all_the_way(walk: Walk, shape: Shape) -> None:
    """A release, a second one that is killed and run again, and a rollback of that."""
    if shape.by_hand:
        walk.deploys_by_hand()
    first = walk.inv("release", "--yes", "--json")
    assert ("was deployed by hand" in first.out) is shape.by_hand
    assert (first.code, first.answer["tag"]) == (0, shape.tag), str(first)
    for name in shape.tables:
        assert walk.tables(name), name
    walk.commit("fix: a word", {"docs/word.md": "a word\n"})
    walk.killed("release", "--yes")
    second = walk.inv("release", "--yes", "--json")
    assert second.code == 0, str(second)
    back = walk.inv("rollback", "--yes", "--json")
    assert back.code == 0, str(back)
    assert json.loads(walk.inv("status", "--json").out)["environments"]


@pytest.mark.rehearsal
@walked(IN_TURN)
def test_one_shape_goes_all_the_way(walk: Walk, shape: Shape) -> None:
    goes_all_the_way(walk, shape)


@pytest.mark.rehearsal
@pytest.mark.whole
@walked(*(one for one in (*SHAPES, *managers.WORKSPACES) if one is not IN_TURN))
def test_every_shape_goes_all_the_way(walk: Walk, shape: Shape) -> None:
    goes_all_the_way(walk, shape)
