"""The npm client: what npm is told, what it may see, and what its failures mean."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from release.errors import CannotReadError, EffectError, UsageError
from release.systems.machine.secrets import Mask
from release.systems.npm.client import Npm, failure
from release.systems.npm.registry import may_trust, token_of
from release.testing.tools import put_node

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "npm-t0ken-of-tests"
FAKE = """\
#!{python}
import json, os, pathlib, sys
rc = os.environ.get("NPM_CONFIG_USERCONFIG", "")
said = {{"argv": sys.argv[1:], "env": dict(os.environ), "rc": pathlib.Path(rc).read_text() if rc else "", "cwd": os.getcwd()}}
pathlib.Path({said!r}).write_text(json.dumps(said))
if sys.argv[1] == "config":
    print("@acme:registry=undefined\\nregistry=http://configured.test/")
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose npm writes down what it was told."""
    folder = put_node(tmp_path / "bin")
    (folder / "npm").write_text(FAKE.format(python=sys.executable, said=str(tmp_path / "said.json")))
    (folder / "npm").chmod(0o755)
    (tmp_path / "packages" / "api").mkdir(parents=True)
    return {
        "PATH": f"{folder}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "NODE_AUTH_TOKEN": TOKEN,
        "GITHUB_TOKEN": "github-t0ken",
        "CLOUDFLARE_API_TOKEN": "cloud-t0ken",
        "ACTIONS_RUNTIME_TOKEN": "actions-t0ken",
    }


def npm(tmp_path: Path, environ: dict[str, str]) -> Npm:
    """The client in a folder."""
    return Npm(tmp_path, environ, Mask.of(environ))


def publish(tmp_path: Path, environ: dict[str, str]) -> dict[str, Any]:
    """What npm was told when a tarball is published."""
    words = ("--tag", "latest-1.3", "--provenance")
    npm(tmp_path, environ).publish(
        tmp_path / "a.tgz", "@acme/api", "http://127.0.0.1:1/npm", words, 30.0, lambda _: None
    )
    return dict(json.loads((tmp_path / "said.json").read_text()))


def test_the_token_goes_through_the_environment_and_stands_nowhere_else(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    said = publish(tmp_path, environ)
    assert said["env"]["NODE_AUTH_TOKEN"] == TOKEN
    assert said["rc"] == "//127.0.0.1:1/npm/:_authToken=${NODE_AUTH_TOKEN}\n"
    assert TOKEN not in " ".join(said["argv"])
    assert not list(tmp_path.rglob("npmrc"))


def test_the_registry_on_the_command_line_outranks_every_setting(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    argv = publish(tmp_path, environ)["argv"]
    assert argv[0] == "publish"
    assert "--registry=http://127.0.0.1:1/npm/" in argv
    assert "--@acme:registry=http://127.0.0.1:1/npm/" in argv
    assert argv[argv.index("--tag") + 1] == "latest-1.3"
    assert {"--provenance", "--ignore-scripts"} <= set(argv)


def test_npm_sees_no_key_to_anything_else(tmp_path: Path, environ: dict[str, str]) -> None:
    seen = publish(tmp_path, environ)["env"]
    assert not {"GITHUB_TOKEN", "CLOUDFLARE_API_TOKEN", "ACTIONS_RUNTIME_TOKEN"} & set(seen)


def test_trusted_publishing_gets_its_identity_and_no_npmrc(tmp_path: Path, environ: dict[str, str]) -> None:
    del environ["NODE_AUTH_TOKEN"]
    identity = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "one-time",
    }
    said = publish(tmp_path, {**environ, **identity})
    assert identity.items() <= said["env"].items()
    assert (said["rc"], may_trust({**environ, **identity}), may_trust(environ)) == ("", True, False)


def test_packing_sees_no_token_at_all(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(EffectError, match="made 0 tarballs"):
        npm(tmp_path, environ).pack("packages/api", tmp_path / "out", 30.0, lambda _: None)
    said = json.loads((tmp_path / "said.json").read_text())
    assert not [name for name, value in said["env"].items() if "t0ken" in value]
    assert said["cwd"].endswith("packages/api")


def test_the_registry_is_the_environments_then_the_manifests_then_npms(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    own = {"registry": "https://own.test/npm/"}
    told = {**environ, "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/"}
    assert npm(tmp_path, told).registry("@acme/api", "packages/api", own) == "http://127.0.0.1:9"
    assert npm(tmp_path, environ).registry("@acme/api", "packages/api", own) == "https://own.test/npm"
    assert npm(tmp_path, environ).registry("@acme/api", "packages/api", {}) == "http://configured.test"


def test_a_registry_that_is_no_address_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(CannotReadError, match='npm\'s registry is "here", which is no address'):
        npm(tmp_path, environ).registry("api", "packages/api", {"registry": "here"})


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("E401", "does not accept the npm token (E401)"),
        ("ENEEDAUTH", "asks for a login (ENEEDAUTH)"),
        ("EOTP", "asks for a one-time password (EOTP)"),
        ("E403", "forbids it (E403)"),
        ("E404", "does not let this token make the package (E404)"),
        ("E409", "published at the same time (E409)"),
    ],
)
def test_npms_codes_are_told_in_words_with_what_to_do(code: str, words: str) -> None:
    tail = (
        f"npm error code {code}",
        "npm error 4xx - PUT http://127.0.0.1/x",
        "npm error A complete log of this run",
    )
    error = failure("publish", 1, tail)
    assert words in error.what
    assert "4xx - PUT" in error.what
    assert "run the same command again" in error.advice
    assert "complete log" not in error.what


def test_an_unknown_failure_says_what_npm_said() -> None:
    assert failure("pack", 7, ()).what == "npm pack failed: it ended with exit code 7"
    assert failure("pack", 1, ("npm error broken",)).what == "npm pack failed: broken"


def test_a_node_without_npm_is_told_before_anything_is_packed(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "bin" / "npm").unlink()
    with pytest.raises(UsageError, match="no npm beside the Node"):
        npm(tmp_path, environ).check()


def test_either_variable_is_a_token() -> None:
    assert [
        token_of(one) for one in ({"NPM_TOKEN": "a"}, {"NPM_TOKEN": "a", "NODE_AUTH_TOKEN": "b"}, {})
    ] == ["a", "b", ""]
