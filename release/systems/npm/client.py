"""The real npm client: packs a folder, publishes a tarball, and says which registry a package belongs to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from release.errors import CannotReadError, EffectError, UsageError
from release.systems.machine import shell
from release.systems.machine.secrets import without_secrets
from release.systems.npm.node import node
from release.systems.npm.registry import TOKENS, may_trust, token_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.systems.machine.secrets import Mask

ASKED = 60.0  # seconds that npm may take to say what it is configured to
_NOT_ITS = ("GITHUB_TOKEN", "GH_TOKEN", "GIT_CONFIG_", "CLOUDFLARE_", "CF_")
_SETTINGS = {"NPM_CONFIG_REGISTRY", "npm_config_registry"}
_QUIET = {
    "CI": "1",
    "NO_COLOR": "1",
    "NPM_CONFIG_AUDIT": "false",
    "NPM_CONFIG_FUND": "false",
    "NPM_CONFIG_LOGLEVEL": "warn",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
}
_MEANINGS = {
    "E401": (
        "The registry does not accept the npm token",
        "Set NODE_AUTH_TOKEN to a token that may publish it",
    ),
    "ENEEDAUTH": (
        "The registry asks for a login",
        "Set NODE_AUTH_TOKEN, or set up trusted publishing for this workflow (it needs `id-token: write`)",
    ),
    "EOTP": (
        "The registry asks for a one-time password",
        "Use a token that needs none (automation, or granular with publish rights), or set NPM_CONFIG_OTP",
    ),
    "E403": (
        "The registry forbids it",
        "The version may be taken, or the token may not publish this package",
    ),
    "E404": (
        "The registry does not let this token make the package",
        "Check the scope's name and the token's rights",
    ),
    "E409": ("Something else was published at the same time", "The rerun looks who it was"),
}


class Npm:
    """npm, quiet and without questions; the one that belongs to the Node in use."""

    def __init__(self, root: Path, environ: Mapping[str, str], mask: Mask) -> None:
        self._root = root
        self._environ = environ
        self._mask = mask

    def registry(self, package: str, folder: str, own: Mapping[str, object]) -> str:
        """The address of a package's registry, without a slash at its end. Raises CannotReadError.

        NPM_CONFIG_REGISTRY in the environment comes first, then `own` (the manifest's publishConfig), then npm's settings.
        """
        scope = f"{package.split('/', maxsplit=1)[0]}:registry" if package.startswith("@") else "registry"
        said = next((self._environ[name] for name in _SETTINGS if self._environ.get(name)), "")
        said = said or str(own.get(scope) or own.get("registry") or "")
        if not said:
            said = self._configured(scope, folder)
        if urlsplit(said).scheme not in {"http", "https"}:
            raise CannotReadError(
                f'npm\'s registry is "{said}", which is no address.', "npm config get registry"
            )
        return said.rstrip("/")

    def check(self) -> None:
        """Raise UsageError where there is no Node, or no npm beside it."""
        self._npm()

    def pack(self, folder: str, to: Path, deadline: float, tell: Callable[[str], None]) -> Path:
        """Pack a folder into `to`, with the scripts that the package has for that; the tarball. Raises EffectError."""
        to.mkdir(parents=True, exist_ok=True)
        for left in to.glob("*.tgz"):
            left.unlink()
        env = without_secrets(self._env(), self._mask)
        self._run(("pack", "--pack-destination", str(to)), self._root / folder, env, deadline, tell)
        made = sorted(to.glob("*.tgz"))
        if len(made) != 1:
            raise EffectError(f"npm pack made {len(made)} tarballs in {to.name}, not one.")
        return made[0]

    def publish(
        self,
        tarball: Path,
        package: str,
        registry: str,
        words: tuple[str, ...],
        deadline: float,
        tell: Callable[[str], None],
    ) -> None:
        """Upload a tarball; `words` are further options. Raises EffectError when npm says that it failed.

        The registry stands on the command line, where no publishConfig outranks it; the token comes through the
        environment, and the npmrc that names the variable is gone afterwards.
        """
        scope = (
            (f"--{package.split('/', maxsplit=1)[0]}:registry={registry}/",)
            if package.startswith("@")
            else ()
        )
        command = ("publish", str(tarball), f"--registry={registry}/", *scope, "--ignore-scripts", *words)
        with tempfile.TemporaryDirectory(prefix="npm-publish-") as scratch:
            rc = Path(scratch) / "npmrc"
            rc.write_text(_npmrc(registry) if token_of(self._environ) else "")
            env = {
                **self._env(),
                "NPM_CONFIG_USERCONFIG": str(rc),
                "NODE_AUTH_TOKEN": token_of(self._environ),
            }
            if not may_trust(self._environ):
                env = {name: value for name, value in env.items() if not name.startswith("ACTIONS_")}
            self._run(command, Path(scratch), env, deadline, tell)

    def _configured(self, scope: str, folder: str) -> str:
        """What npm's own settings say: user, project and global npmrc, then npm's default."""
        asked = tuple(dict.fromkeys((scope, "registry")))
        command = (
            *self._npm(),
            "config",
            "get",
            *asked,
            "--workspaces=false",
        )  # it refuses to speak of a workspace
        try:
            done = shell.capture(command, cwd=self._root / folder, env=self._env(), deadline=ASKED)
        except EffectError as error:
            raise CannotReadError(error.what, error.advice) from error
        lines = [line.rpartition("=")[2].strip() for line in done.out.decode(errors="replace").splitlines()]
        return next((line for line in lines if line and line != "undefined"), "")

    def _run(
        self,
        words: tuple[str, ...],
        folder: Path,
        env: Mapping[str, str],
        deadline: float,
        tell: Callable[[str], None],
    ) -> None:
        ended = shell.stream(
            (*self._npm(), *words),
            cwd=folder,
            env=env,
            deadline=deadline,
            tell=tell,
            mask=self._mask,
            heir=True,
        )
        if ended.code is None:
            raise EffectError(f"npm {words[0]} did not end within {deadline:.0f} s and was stopped.")
        if ended.code:
            raise failure(words[0], ended.code, ended.tail)

    def _npm(self) -> tuple[str, ...]:
        """Npm's own cli.js by Node directly: the shim would not tell it from a signal."""
        place = node(self._environ)
        npm = place.parent / "npm"
        if not npm.exists():
            raise UsageError("There is no npm beside the Node in use.", "Install Node with its npm.")
        found = npm.resolve()
        return (str(place), str(found)) if found.suffix == ".js" else (str(npm),)

    def _env(self) -> dict[str, str]:
        cache = self._root / ".release" / "cache"
        own = {
            "PATH": f"{node(self._environ).parent}:{self._environ.get('PATH', '')}",
            "NPM_CONFIG_CACHE": str(cache / "npm"),
            "NODE_COMPILE_CACHE": str(cache / "node"),
        }
        kept = {
            name: value
            for name, value in self._environ.items()
            if not name.startswith(_NOT_ITS) and name not in {*TOKENS, *_SETTINGS}
        }
        return {**kept, **_QUIET, **own}


def failure(command: str, code: int, tail: tuple[str, ...]) -> EffectError:
    """What npm's last lines mean, in a sentence with what to do."""
    said = [line.removeprefix("npm error").strip() for line in tail if line.startswith("npm error")]
    found = next((line.removeprefix("code ").strip() for line in said if line.startswith("code ")), "")
    told = [
        line
        for line in said
        if line and not line.startswith(("code ", "A complete log", "errno ", "network "))
    ]
    why = " ".join(told[:3]) or " ".join(tail[-3:]) or f"it ended with exit code {code}"
    if found in _MEANINGS:
        meaning, advice = _MEANINGS[found]
        return EffectError(f"{meaning} ({found}): {why}", f"{advice}, then run the same command again.")
    return EffectError(f"npm {command} failed{f' ({found})' if found else ''}: {why}")


def _npmrc(registry: str) -> str:
    """Names the variable that holds the token; npm puts its value in the place of it."""
    parts = urlsplit(registry)
    return f"//{parts.netloc}{parts.path.rstrip('/')}/:_authToken=${{NODE_AUTH_TOKEN}}\n"
