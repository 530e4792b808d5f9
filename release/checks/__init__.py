"""The built-in checks, as a plugin like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.checks.by_hand import ByHand
from release.checks.checklist import Ask, Item
from release.checks.checklist_pages import Bindings, LoginAnswers, PageLoads, Secrets
from release.checks.checklist_staging import CI, Staging, StagingMigrations
from release.checks.checkout import CleanTree, InBranch, KeepsLast, OnBranch
from release.checks.configuration import configuration
from release.checks.ledger import LedgerFits
from release.checks.machine import Tools
from release.checks.manifest import ManifestAgrees
from release.checks.migrations import Listed, Migrations, Waits, WranglerAgrees
from release.checks.reviewers import Reviewed
from release.hookspecs import hookimpl
from release.model.health import rule_of

if TYPE_CHECKING:
    from release.config import Config
    from release.model.step import Check


@hookimpl
def release_checks(config: Config, environment: str) -> list[Check]:
    """What must hold before any release or deployment."""
    checks: list[Check] = [CleanTree(), InBranch(config.branch, config.remote), Tools(), Listed()]
    for one in config.databases:
        checks += [Migrations(one.migrations, one.name), WranglerAgrees(one.name)]
        checks.append(Waits(one.migrations, one.name, bool(one.contract)))
    if config.databases:
        checks.append(LedgerFits())
    if config.target:
        from release.checks.package import Dependencies, KnownToken

        checks += [KnownToken(), Dependencies()]
    if environment == config.production and config.target is None:
        checks += [Reviewed(config.approval.two_person), _by_hand(config)]
    if environment == config.production:
        checks += [OnBranch(config.branch), ManifestAgrees(config.app), KeepsLast(config.branch)]
    if environment == config.production and not config.target:
        checks += [*checklist(config), *(Ask(text) for text in config.checklist.ask)]
    return checks


def _by_hand(config: Config) -> ByHand:
    place = config.environment(config.production)
    return ByHand(config.app, config.branch, rule_of(place), place.smoke.streak)


def checklist(config: Config) -> tuple[Item, ...]:
    """The items of the pre-deploy checklist, in the order in which they are shown; those that are off too."""
    demands = config.checklist
    return (
        Item("ci", demands.ci, CI(demands.ci_ignore)),
        Item("staging", demands.staging, Staging()),
        Item("staging-migrations", demands.staging_migrations, StagingMigrations()),
        Item("dashboard", demands.dashboard, PageLoads("dashboard", "The dashboard")),
        Item("login", demands.login, LoginAnswers()),
        Item("sample-page", demands.sample_page, PageLoads("sample-page", "The sample page")),
        Item("bindings", demands.bindings, Bindings()),
        Item("secrets", demands.secrets, Secrets(demands.required_secrets)),
        *configuration(demands),
    )
