"""The place of work: a double whose main has our real workflows, people, a deploy key, and Actions that runs it all."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from release.rehearsal.workflows.actions import Actions
from release.rehearsal.workflows.run import Settings
from release.testing import double
from release.testing.double import ACCOUNT, CLOUD_TOKEN, DATABASES
from release.testing.monorepo import CONFIG
from tests.workflows.identity import Issuer, trusting
from tests.workflows.inv_on_a_double import DATABASES as DATABASES_VARIABLE
from tests.workflows.uses import use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.rehearsal.workflows.run import Run
    from release.testing import Double
    from release.testing.monorepo import Files
    from tests.workflows.engine import GitHubEngine

ROOT = Path(__file__).parents[2]
DEPLOYER, DISPATCHER, REVIEWER = "deploy-key", "ada", "bob"
READ_TOKEN = "cloud-read-0nly"
INV = '#!/bin/sh\ncd "$(dirname "$0")" && exec inv-on-a-double --search-root . "$@"\n'
TASKS = "from pathlib import Path\n\nfrom release.tasks import collection\n\nnamespace = collection(Path(__file__).parent)\n"
PUBLISHERS = {"@double/api": {"workflow": "publish-api.yml", "environment": "npm"}}
TEST = 'commands = [{ run = ["true"] }]'
# what installing the packages comes down to: the file by which wrangler is found
PUT_WRANGLER = """\
#!/bin/sh
mkdir -p node_modules/wrangler/wrangler-dist && : > node_modules/wrangler/wrangler-dist/cli.js
"""
# where sshd would be: the forge's repository for whoever's agent has the deploy key
SSH = """\
#!/bin/sh
for word; do command=$word; done
ssh-add -l | grep -q '{fingerprint}' || {{ echo 'git@github.com: Permission denied (publickey).' >&2; exit 255; }}
case $command in "git-receive-pack '/acme/cms"*) ;; *) echo "unexpected: $command" >&2; exit 1 ;; esac
echo {login} >>'{pushes}'
REMOTE_USER={login} exec git-receive-pack '{repository}'
"""


def overlay() -> dict[str, bytes | str]:
    """What makes the double's monorepo one that has adopted this tool: ./inv, tasks.py, and the real workflows."""
    workflows = {f".github/workflows/{file.name}": file.read_bytes() for file in workflow_files()}
    return {"inv": INV, "tasks.py": TASKS, "pyproject.toml": configuration(), **workflows}


def workflow_files() -> list[Path]:
    """The workflows of this repository."""
    return sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def configuration(test: str = TEST) -> str:
    """The double's configuration with these test commands, a command that installs, and a smoke check in a hurry."""
    smoke = "".join(
        f"\n[tool.release.environments.{name}.smoke]\nstreak = 1\ninterval = 0.01\nsettle = 0\ndeadline = 5\n"
        for name in ("production", "staging")
    )
    install = '\n[tool.release.rehearsal]\ninstall = ["put-wrangler"]\n'
    return CONFIG.replace(TEST, test) + smoke + install


@dataclass(frozen=True)
class Place:
    """A double, and the Actions that runs its workflows."""

    world: Double
    actions: Actions
    issuer: Issuer

    def push(self, changes: dict[str, bytes | str | None], message: str = "feat: more") -> Run:
        """Somebody pushes to main; the run of ci.yml, which has not begun yet."""
        (run,) = self.actions.push(self.world.merge(changes, message))
        return run

    def dispatch(self, workflow: str = "deploy-prod.yml", **inputs: str) -> Run:
        """Ada starts a workflow; its run, as far as it goes by itself."""
        wanted = {"ref": "main", "inputs": inputs, "return_run_details": True}
        told = self.api(DISPATCHER, "POST", f"actions/workflows/{workflow}/dispatches", wanted)
        self.actions.settle()
        return self.actions.runs[told["workflow_run_id"]]

    def review(self, run: Run, state: str = "approved", comment: str = "read it") -> None:
        """Bob says yes or no to what a run waits for; it goes on as far as it can."""
        waiting = self.api(REVIEWER, "GET", f"actions/runs/{run.id}/pending_deployments")
        wanted = {"environment_ids": [one["environment"]["id"] for one in waiting], "state": state}
        path = f"actions/runs/{run.id}/pending_deployments"
        self.api(REVIEWER, "POST", path, {**wanted, "comment": comment})
        self.actions.settle()

    def inv(self, who: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on somebody's laptop."""
        known = ("GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY")
        environ = {**self.actions.image, "GITHUB_TOKEN": f"{who}-t0ken"}
        environ |= {name: self.world.environ[name] for name in known}
        command = [str(self.world.root / "inv"), *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    def api(self, who: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """What GitHub answers a person."""
        forge = self.world.forge
        address = f"{forge.api_url}/repos/{forge.owner}/{forge.name}/{path}"
        token = {"Authorization": f"Bearer {who}-t0ken"}
        answer = httpx.request(method, address, headers=token, json=body, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()

    def health(self, environment: str) -> dict[str, Any]:
        """What an environment says of itself."""
        url = self.world.cloud.url_for(self.world.script("cms", environment))
        return dict(httpx.get(f"{url}/api/health", trust_env=False).json())

    def refs(self) -> dict[str, str]:
        """Every ref of the remote, the records too."""
        return {ref.name: ref.sha for ref in self.world.forge.bare.refs()}

    def record(self, environment: str = "production") -> dict[str, Any]:
        """The environment's record."""
        bare, ref = self.world.forge.bare, f"refs/release/{environment}"
        name = bare.git("ls-tree", "--name-only", ref).strip()
        return dict(json.loads(bare.git("show", f"{ref}:{name}")))

    def pushes(self) -> set[str]:
        """Who pushed over ssh."""
        return set((self.world.folder / "pushes").read_text("utf-8").split())

    def tags(self) -> dict[str, str]:
        """The remote's tags, each with the commit that it names."""
        lines = self.world.git("ls-remote", "--tags", "origin").splitlines()
        found = {ref.removeprefix("refs/tags/"): oid for oid, ref in (line.split("\t") for line in lines)}
        return {tag: found.get(f"{tag}^{{}}", oid) for tag, oid in found.items() if not tag.endswith("^{}")}


@contextmanager
def place(folder: Path, engine: GitHubEngine, files: Files | None = None) -> Iterator[Place]:
    """A Place in `folder`: staging and production are live, bob reviews production, and main takes no push but the key's."""
    with double(folder / "world", overlay={**overlay(), **(files or {})}, remote="http") as world:
        forge = world.forge
        world.ci = False  # the workflows are
        forge.contract = True
        forge.tokens |= {f"{who}-t0ken": who for who in (DISPATCHER, REVIEWER)}
        forge.protect_environment("production", [REVIEWER], prevent_self_review=True)
        forge.protect_environment("npm", [REVIEWER])
        forge.protect_environment("staging")
        forge.add_ruleset("main", ["main"], [{"type": "update"}], bypass=[DEPLOYER])
        world.cloud.api.read_tokens.add(READ_TOKEN)
        key = deploy_key(folder / "key")
        cloud = {"CLOUDFLARE_API_TOKEN": CLOUD_TOKEN}
        secrets = {
            "": {"CLOUDFLARE_READ_TOKEN": READ_TOKEN},
            "staging": cloud,
            "production": {**cloud, "RELEASE_DEPLOY_KEY": key.read_text("utf-8")},
            "npm": {"RELEASE_DEPLOY_KEY": key.read_text("utf-8")},
        }
        with Issuer() as issuer:
            settings = Settings(secrets, {"CLOUDFLARE_ACCOUNT_ID": ACCOUNT}, use, issuer.variables)
            actions = Actions(forge, engine, folder / "runner", image(world, key), settings)
            world.registry.before = trusting(world.registry, issuer, PUBLISHERS)
            yield Place(world, actions, issuer)


def deploy_key(file: Path) -> Path:
    """A new key pair; the private half."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", str(file)]
    subprocess.run(command, check=True)
    return file


def image(world: Double, key: Path) -> dict[str, str]:
    """The environment of a fresh machine: programs, and where the stand-ins for the outside world are."""
    told = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout
    ssh = SSH.format(
        fingerprint=told.split()[1],
        login=DEPLOYER,
        pushes=world.folder / "pushes",
        repository=world.forge.repository,
    )
    bin_folder = world.folder / "bin"
    program = ROOT / "tests" / "workflows" / "inv_on_a_double.py"
    for name, script in {
        "inv-on-a-double": f'#!/bin/sh\nexec "{sys.executable}" -P "{program}" "$@"\n',
        "put-wrangler": PUT_WRANGLER,
        "ssh": ssh,
    }.items():
        (bin_folder / name).write_text(script, "utf-8")
        (bin_folder / name).chmod(0o755)
    kept = (
        *("PATH", "HOME", "LC_ALL", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"),
        *("CLOUDFLARE_API_BASE_URL", "NPM_CONFIG_REGISTRY"),
    )
    urls = {name: value for name, value in world.environ.items() if name.startswith("RELEASE_")}
    return {name: world.environ[name] for name in kept} | urls | {DATABASES_VARIABLE: json.dumps(DATABASES)}
