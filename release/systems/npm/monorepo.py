"""The monorepo's own commands, as [tool.release] names them: install its packages; build, test and lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import EffectError
from release.frozen import Frozen
from release.systems.machine import shell
from release.systems.machine.secrets import without_secrets
from release.systems.npm.managers import by_corepack, command_for, reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from release.config import Config
    from release.systems.machine.secrets import Mask

HANDED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TERM",
    "CI",
    "USER",
    "SHELL",
    "TZ",
    "NODE_EXTRA_CA_CERTS",
)
INSTALL_DEADLINE = 1800.0  # seconds
_OF_NODE = frozenset({"npm", "npx", "node", "yarn", "pnpm", "bun", "bunx", "corepack"})


def run_tests(config: Config, environ: Mapping[str, str], mask: Mask, tell: Callable[[str], None]) -> None:
    """Run `[tool.release.test] commands` in order; what they see is an allow-list without tokens.

    Raises EffectError at the first that fails or does not end in time.
    """
    handed_on = (*HANDED_ON, *config.test.environment)
    env = without_secrets({name: environ[name] for name in handed_on if name in environ}, mask)
    if any(command.run[0] in _OF_NODE for command in config.test.commands):
        env = _with_node(env)
    for command in config.test.commands:
        told = _Told(mask, tell, float(config.test.deadline))
        _run(by_corepack(command.run, env), config.root / command.cwd, env, told)


def install(config: Config, environ: Mapping[str, str], mask: Mask, tell: Callable[[str], None]) -> bool:
    """Run the configured install command, else the lockfile's; False where neither is there. Raises EffectError when it fails.

    It sees the whole environment: a private registry's token is in there.
    """
    folder = config.root / config.rehearsal.install_in
    command = config.rehearsal.install or command_for(folder)
    if command:
        env = _with_node(environ)
        _run(reachable(command, folder, env), folder, env, _Told(mask, tell, INSTALL_DEADLINE))
    return bool(command)


class _Told(Frozen, frozen=True):
    mask: Mask
    tell: Callable[[str], None]
    deadline: float


def _with_node(environ: Mapping[str, str]) -> dict[str, str]:
    from release.systems.npm.node import node

    return {**environ, "PATH": f"{node(environ).parent}:{environ.get('PATH', '')}"}


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str], told: _Told) -> None:
    words = " ".join(command)
    told.tell(f"$ {words}")
    ended = shell.stream(command, cwd=folder, env=env, deadline=told.deadline, tell=told.tell, mask=told.mask)
    if ended.code is None:
        raise EffectError(f"`{words}` did not end within {told.deadline:.0f} s.")
    if ended.code:
        last = "\n  ".join(ended.tail[-8:])
        raise EffectError(f"`{words}` ended with exit code {ended.code}:\n  {last}")
