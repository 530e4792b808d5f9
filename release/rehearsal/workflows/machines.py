"""What every machine of a stage's jobs has from the start: addresses, tokens, a home of its own, and an ssh that stays here."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from release.rehearsal.workflows.run import Settings
from release.rehearsal.workflows.uses import use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from release.rehearsal.forge import Forge

DEPLOYER = "deploy-key"
_NOT_A_JOBS = (
    "GITHUB_",
    "GIT_CONFIG_",
    "RELEASE_STAGE",
    "RELEASE_REMOTE",
    "CLOUDFLARE_API_TOKEN",
    "NODE_AUTH_TOKEN",
    "NPM_CONFIG_",
)
_KEPT = (
    "LANG",
    "LC_ALL",
    "TZ",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "npm_config_cafile",
)
# where sshd would be: the forge's repository, for what git asks of it over ssh
_SSH = """\
#!/bin/sh
for word; do command=$word; done
unset GIT_CONFIG_COUNT GIT_DIR
case $command in
  "git-receive-pack '"*) REMOTE_USER={login} exec git-receive-pack '{repository}' ;;
  "git-upload-pack '"*) exec git-upload-pack '{repository}' ;;
  *) echo "ssh of a stage: not played: $command" >&2; exit 1 ;;
esac
"""


def image(
    folder: Path, forge: Forge, stage: Mapping[str, str], environ: Mapping[str, str], packages: Path
) -> dict[str, str]:
    """The environment of a fresh machine in a stage whose variables are `stage`.

    No token is in it: as on GitHub a step has those that its workflow hands to it. HOME is in the stage's folder.
    """
    tools, home = folder / "bin", folder / "home"
    for place in (tools, home):
        place.mkdir(parents=True, exist_ok=True)
    ssh = tools / "ssh"
    ssh.write_text(_SSH.format(login=DEPLOYER, repository=forge.repository), "utf-8")
    ssh.chmod(0o755)
    kept = {name: environ[name] for name in _KEPT if name in environ}
    (home / ".npmrc").write_text(_registries(environ), "utf-8")
    found = {name: value for name, value in stage.items() if not name.startswith(_NOT_A_JOBS)}
    return {
        **kept,
        **found,
        "PATH": f"{tools}:{environ.get('PATH', '')}",
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "npm_config_cache": str(packages / "npm"),
        "npm_config_prefer_offline": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
    }


def _registries(environ: Mapping[str, str]) -> str:
    """Where the person's npm finds packages, and nothing by which it could publish: no token is in these lines."""
    file = Path(environ.get("NPM_CONFIG_USERCONFIG") or Path(environ.get("HOME", "")) / ".npmrc")
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError:
        return ""
    found = [line for line in lines if re.match(r"^\s*(@[^:/\s]+:)?(registry|cafile)\s*=", line)]
    return "".join(f"{line.strip()}\n" for line in found)


def settings(folder: Path, stage: Mapping[str, str], passed_over: Sequence[str]) -> Settings:
    """The secrets and variables of the stage's repository, under the names that our workflows give them."""
    cloud = stage.get("CLOUDFLARE_API_TOKEN", "")
    secrets = {
        "CLOUDFLARE_API_TOKEN": cloud,
        "CLOUDFLARE_READ_TOKEN": cloud,
        "RELEASE_DEPLOY_KEY": _deploy_key(folder / "deploy-key"),
    }
    variables = {"CLOUDFLARE_ACCOUNT_ID": stage.get("CLOUDFLARE_ACCOUNT_ID", "")}
    return Settings({"": secrets}, variables, use, passed_over=frozenset(passed_over))


def _deploy_key(file: Path) -> str:
    """A key that opens nothing but this stage; empty where there is no ssh-keygen."""
    if not file.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rehearsal", "-f", str(file)]
        with contextlib.suppress(OSError):
            subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return file.read_text("utf-8") if file.exists() else ""
