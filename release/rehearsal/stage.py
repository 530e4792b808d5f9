"""The stage: a local cloud, a local forge and a clone, wired so that a release cannot tell them from the real ones."""

from __future__ import annotations

import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from release.config import load
from release.rehearsal import checkout, packages, publishing, wiring
from release.rehearsal.checkout import StageError, git
from release.rehearsal.cloud import workerd
from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
from release.rehearsal.cloud.server import Cloud
from release.rehearsal.facts import Facts, is_kept, keep, known
from release.rehearsal.forge import Forge
from release.rehearsal.likeness_on_stage import lay, put_secrets
from release.rehearsal.own_secrets import of_stage
from release.rehearsal.registry import verdaccio
from release.rehearsal.seed import put_live
from release.rehearsal.workflows import machines
from release.rehearsal.workflows.player import Player
from release.systems.machine.local_folder import local_folder
from release.systems.npm.node import node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config import Config
    from release.config.target import Target
    from release.rehearsal.checkout import Say
    from release.rehearsal.cloud.runtime import Runtime
    from release.rehearsal.likeness import Likeness
    from release.rehearsal.registry.verdaccio import Verdaccio

OWNER = "rehearsal"
WORKFLOWS = ".github/workflows"
CI = "rehearsal"  # the check that is green on whatever is pushed to main: nothing of CI runs on a stage


class Stage:
    """One machine's own Cloudflare, GitHub and checkout. `folder` holds all of it; `root` is what is rehearsed."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        environ: Mapping[str, str],
        cache: Path | None = None,
        *,
        publishes: bool = False,
        serves: bool = True,
        plays: bool = False,
        like: Likeness | None = None,
    ) -> None:
        """Prepare; nothing is written or started yet.

        With `publishes` it gets an npm registry with the last packages; without `serves` no cloud is started. With
        `plays` its GitHub plays the repository's workflows. `like` is the real environment that its production is made like.
        """
        self.root = root
        self.folder = folder
        self.clone = folder / "clone"
        self._cache = cache
        self._environ = wiring.without_credentials(environ)
        self._connections = wiring.connections(environ)
        self._like = like
        self._facts: Facts | None = None
        self._publishes, self._serves, self._plays = publishes, serves, plays
        self._player: Player | None = None
        self._targets: tuple[Target, ...] = ()
        self.registry: Verdaccio | None = None
        self.cloud: Cloud
        self.forge: Forge

    def start(self, say: Say) -> Self:
        """Start the servers; on the first start make the clone and put its last release live.

        Raises StageError when a part of it fails; nothing is left running then.
        """
        fresh = not is_kept(self.folder)
        if fresh:
            self._set_up(say)
        self._facts = known(self.folder)
        config = load(self.clone)
        self._open(config, say)
        try:
            self._connect(config)
            if not self._facts.ready:
                self._seed(config, say)
            if self._plays and (self.clone / WORKFLOWS).is_dir():
                self._play(config)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every server and process of this stage; its state stays in the folder."""
        if self._player is not None:
            self._player.stop()
        try:
            self.cloud.stop()
        finally:
            self.forge.stop()
            if self.registry is not None:
                self.registry.stop()

    def __enter__(self) -> Self:
        """Do nothing: `start` takes who is told."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point every client at this stage: wrangler, git, the GitHub client, and this tool."""
        facts, config = self._known(), load(self.clone)
        return {
            **(self._cloud(config, facts) if self._serves else {}),
            "GITHUB_API_URL": self.forge.api_url,
            "GITHUB_SERVER_URL": self.forge.server_url,
            "GITHUB_REPOSITORY": f"{OWNER}/{config.app.name}",
            "GITHUB_TOKEN": facts.forge_token,
            **self.forge.git_environment(),
            "NO_PROXY": f"127.0.0.1,{self._environ.get('NO_PROXY', '')}".rstrip(","),
            "no_proxy": f"127.0.0.1,{self._environ.get('no_proxy', '')}".rstrip(","),
            **self._npm(),
            "RELEASE_STAGE": str(self.clone),
            "RELEASE_STAGE_OF": str(self.root),
            "RELEASE_REMOTE": self.forge.clone_url,
        }

    @property
    def last_tag(self) -> str:
        """The tag that was live when the stage was made."""
        return self._known().last_tag

    def _set_up(self, say: Say) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        local_folder(self.root)
        say("cloning this repository at HEAD")
        config = checkout.clone(self.root, self.clone, self._environ)
        self._share_compiled(self.clone)
        tag = checkout.last_release(config, self._environ, say)
        targets = publishing.targets_of(config) if self._publishes else ()
        publishing.tag_last(config, targets, tag, self._environ)
        facts = Facts(
            account=wiring.account_for(config),
            cloud_token=secrets.token_urlsafe(32),
            forge_token=secrets.token_urlsafe(32),
            last_tag=tag,
        )
        with ThreadPoolExecutor(1) as lane:
            installed = lane.submit(
                packages.install, config, self.clone, self._kept_packages(), self._environ, say
            )
            bare = Forge(self.folder / "forge", OWNER, config.app.name, facts.forge_token).repository
            git(bare, self._environ, "config", "receive.shallowUpdate", "true")
            git(self.clone, self._environ, "push", "--quiet", str(bare), config.branch, "--tags")
            installed.result()
        keep(self.folder, facts)

    def _kept_packages(self) -> Path:
        """One folder for all projects of a repository: what one has installed, another may use."""
        whole, _ = checkout.top(self.root, self._environ)
        cache = self._cache or local_folder(Path(whole)) / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        return cache

    def _share_compiled(self, root: Path) -> None:
        """Let wrangler in a checkout find what Node compiled of it on other stages: a third of each start."""
        kept, own = self._kept_packages() / "node", local_folder(root) / "cache"
        for folder in (kept, own):
            folder.mkdir(parents=True, exist_ok=True)
        if not (own / "node").exists():
            (own / "node").symlink_to(kept)

    def _open(self, config: Config, say: Say) -> None:
        facts = self._known()
        self.cloud = Cloud(
            facts.account,
            facts.cloud_token,
            self.folder / "cloud",
            self._runtime(say),
            hyperdrives=wiring.hyperdrives(config, self._connections),
        )
        self.forge = Forge(self.folder / "forge", OWNER, config.app.name, facts.forge_token)
        self.forge.ci = CI
        named = {uuid: name for name, uuid in wiring.databases(config).items()}
        for uuid, name in {**named, **wiring.bound(config), **named}.items():
            self.cloud.add_database(uuid, name)
        self._targets = publishing.targets_of(config) if self._publishes else ()
        if self._targets:
            modules = verdaccio.install(self._kept_packages(), self._environ, say)
            self.registry = verdaccio.Verdaccio(self.folder / "registry", modules, self._environ)
        self.forge.start()
        try:
            if self._serves:
                self.cloud.start()
            if self.registry is not None:
                self.registry.start()
        except BaseException:
            self.stop()
            raise

    def _runtime(self, say: Say) -> Runtime:
        """Our own miniflare and workerd: the wrangler of what is rehearsed is a client, of any age."""
        if not self._serves:
            return MemoryRuntime()
        cache = self._kept_packages()
        modules = workerd.install(cache, self._environ, say)
        return MiniflareRuntime(node(self._environ), modules, self.folder / "workerd", cache / "node")

    def _connect(self, config: Config) -> None:
        git(self.clone, self._environ, "remote", "set-url", config.remote, self.forge.clone_url)
        git(self.clone, {**self._environ, **self.forge.git_environment()}, "fetch", "--quiet", config.remote)

    def _seed(self, config: Config, say: Say) -> None:
        """Every environment gets something live: production the last tag, any other this very commit; so do the packages."""
        facts, environ = self._known(), {**self._environ, **self.environment}
        self.forge.protect_environment(config.approval.environment, ["releaser"])
        served = list(config.environments) if self._serves else []
        if served:
            put_secrets(self.cloud, *of_stage(load(self.root), self._like), say)
        said = [facts.last_tag] if served else []
        said += [f"the last {target.name}" for target in self._targets]
        say(f"putting {', '.join(said)} live")
        with ThreadPoolExecutor(max(1, len(served) + len(self._targets))) as lanes:
            live = [lanes.submit(self._put_live, config, name, environ, say) for name in served]
            live += [lanes.submit(self._publish_last, config, target, environ) for target in self._targets]
            for one in live:
                one.result()
        if self._like is not None:
            for line in lay(self.cloud, self._like):
                say(line)
        self.forge.add_check_run(git(self.clone, self._environ, "rev-parse", "HEAD"), CI)
        facts.ready = True
        keep(self.folder, facts)

    def _play(self, config: Config) -> None:
        """Let the workflows run; the check that stands for CI elsewhere is not given any more."""
        folder, stage = self.folder / "runner", self.environment
        folder.mkdir(exist_ok=True)
        self.forge.ci = None
        fresh = machines.image(folder, self.forge, stage, self._environ, self._kept_packages())
        settings = machines.settings(folder, stage, config.rehearsal.skip_jobs)
        self._player = Player(self.forge, folder, fresh, settings)
        self.forge.page = self._player.page
        self._player.start()

    def _put_live(self, config: Config, name: str, environ: Mapping[str, str], say: Say) -> None:
        tag = self._known().last_tag
        if name != config.production:
            put_live(self.clone, name, tag, environ)
            return
        last = self.folder / "last"
        checkout.worktree(self.clone, last, tag, self._environ)
        if checkout.lend_configuration(self.clone, last):
            say(f"{tag} is from before [tool.release]: it is put live as today's says")
        packages.install(config, last, self._kept_packages(), self._environ, say)
        self._share_compiled(last)
        put_live(last, name, tag, environ)
        git(self.clone, self._environ, "worktree", "remove", "--force", str(last))

    def _publish_last(self, config: Config, target: Target, environ: Mapping[str, str]) -> None:
        folder = self.folder / f"last-{target.name}"
        publishing.publish_last(config, self._targets, target, folder, self._kept_packages(), environ)

    def _cloud(self, config: Config, facts: Facts) -> dict[str, str]:
        named = {name: f"RELEASE_{name.upper().replace('-', '_')}_URL" for name in config.environments}
        return {
            "CLOUDFLARE_API_BASE_URL": self.cloud.base_url,
            "CLOUDFLARE_API_TOKEN": facts.cloud_token,
            "CLOUDFLARE_ACCOUNT_ID": facts.account,
            **{variable: self._url(config, name) for name, variable in named.items()},
            **wiring.health_urls(config, self.cloud.url_for),
        }

    def _npm(self) -> dict[str, str]:
        """Where npm and this tool find the registry; nothing where the stage has none."""
        if self.registry is None:
            return {}
        return {"NPM_CONFIG_REGISTRY": self.registry.url, "NODE_AUTH_TOKEN": self.registry.token}

    def _url(self, config: Config, name: str) -> str:
        """Where an environment answers: its last worker, which is the one that people see."""
        return self.cloud.url_for(config.placed(config.workers[-1].name, name).script)

    def _known(self) -> Facts:
        if self._facts is None:
            raise StageError("The stage is not started.", "inv rehearsal.start")
        return self._facts
