"""Workflows and their runs. Nothing is executed here: a run is what tests, or a later engine, make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge import commits, environments
from release.rehearsal.forge.answers import Answer, Refusal, not_found
from release.rehearsal.forge.repository import now
from release.rehearsal.forge.shapes import stable_id
from release.rehearsal.forge.store import Approval, Deployment, Run

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.shapes import Json
    from release.rehearsal.forge.store import Annotation, Environment, Job

_NAME = re.compile(r"^name:\s*['\"]?(.+?)['\"]?\s*$", re.MULTILINE)


def list_workflows(repository: Repository, _: Call) -> Answer:
    """The workflow files of the default branch."""
    files = commits.workflow_files(repository)
    return Answer(items=[_workflow(repository, path, text) for path, text in files], key="workflows")


def dispatch(repository: Repository, call: Call) -> Answer:
    """A new run of a workflow (by file name or id): 204, or 200 with its id for `return_run_details`."""
    path, text = _find(repository, call.path["workflow_id"])
    ref = str(call.required("Workflow", "ref"))
    sha = repository.bare.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    if "workflow_dispatch" not in text:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    run = Run(
        id=repository.state.new_id(),
        number=1 + sum(run.workflow == path for run in repository.state.runs.values()),
        workflow=path,
        event="workflow_dispatch",
        branch=ref.removeprefix("refs/heads/"),
        sha=sha,
        actor=call.login,
        created_at=now(),
        inputs=call.body.get("inputs", {}),
    )
    repository.state.runs[run.id] = run
    if not call.body.get("return_run_details"):
        return Answer(status=204)
    links = {"run_url": _run_url(repository, run), "html_url": _run_page(repository, run)}
    return Answer({"workflow_run_id": run.id, **links})


def list_runs(repository: Repository, call: Call) -> Answer:
    """Runs, newest first; `branch`, `event`, `actor`, `head_sha` and `status` (or conclusion) choose."""
    names = {"branch": "branch", "event": "event", "actor": "actor", "head_sha": "sha"}
    wanted = {names[name]: value for name, value in call.query.items() if name in names}
    status = call.query.get("status")
    found = [
        run
        for run in reversed(repository.state.runs.values())
        if all(getattr(run, name) == value for name, value in wanted.items())
        and status in (None, run.status, run.conclusion)
    ]
    return Answer(items=[_run(repository, run) for run in found], key="workflow_runs")


def get_run(repository: Repository, call: Call) -> Answer:
    """One run."""
    return Answer(_run(repository, _by_id(repository, call)))


def get_attempt(repository: Repository, call: Call) -> Answer:
    """One attempt of a run: the first is its actor's, each further one is by who ran it again."""
    run, number = _by_id(repository, call), call.number("attempt_number")
    if not 1 <= number <= 1 + len(run.rerun_by):
        raise not_found()
    return Answer(_run(repository, run, number))


def list_annotations(repository: Repository, call: Call) -> Answer:
    """What a job said; a job is the check run of the same number."""
    wanted = call.number("check_run_id")
    found = [job for run in repository.state.runs.values() for job in run.jobs if job.id == wanted]
    if not found:
        raise not_found()
    return Answer(items=[_annotation(repository, one) for one in found[0].annotations])


def _annotation(repository: Repository, annotation: Annotation) -> Json:
    return {
        "path": ".github",
        "blob_href": f"{repository.shapes.html_url}/blob/{repository.shapes.default_branch}/.github",
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
        "raw_details": "",
        **dict.fromkeys(("start_line", "end_line"), 1),
        **dict.fromkeys(("start_column", "end_column")),
    }


def list_jobs(repository: Repository, call: Call) -> Answer:
    """The jobs of a run."""
    run = _by_id(repository, call)
    return Answer(items=[_job(repository, run, job) for job in run.jobs], key="jobs")


def list_approvals(repository: Repository, call: Call) -> Answer:
    """Who approved or rejected the run."""
    shown = [
        {
            "state": approval.state,
            "comment": approval.comment,
            "user": repository.shapes.user(approval.login),
            "environments": [
                environments.named(repository, repository.state.environments[approval.environment])
            ],
        }
        for approval in _by_id(repository, call).approvals
    ]
    return Answer(everything=shown)


def pending_deployments(repository: Repository, call: Call) -> Answer:
    """The environment that a waiting run needs approval for; an empty list when it waits for none."""
    run = _by_id(repository, call)
    environment = repository.state.environments.get(run.waiting_for or "")
    if environment is None:
        return Answer(everything=[])
    pending = {
        "environment": environments.named(repository, environment),
        "wait_timer": environment.wait_timer,
        "wait_timer_started_at": None,
        "current_user_can_approve": _may_review(run, environment, call.login),
        "reviewers": environments.reviewers(repository, environment),
    }
    return Answer(everything=[pending])


def review(repository: Repository, call: Call) -> Answer:
    """A waiting run approved (it goes on) or rejected (it fails). 422 for who may not review."""
    run = _by_id(repository, call)
    ids, state, comment = (call.required("Review", name) for name in ("environment_ids", "state", "comment"))
    environment = repository.state.environments.get(run.waiting_for or "")
    if environment is None or environment.id not in ids:
        raise Refusal(422, "There are no pending deployments for these environments")
    if not _may_review(run, environment, call.login):
        raise Refusal(422, f"{call.login} may not review deployments to {environment.name}")
    approval = Approval(state, comment, environment.name, call.login)
    went = {"status": "queued"} if state == "approved" else {"status": "completed", "conclusion": "failure"}
    repository.state.runs[run.id] = msgspec.structs.replace(
        run, waiting_for=None, approvals=(*run.approvals, approval), **went
    )
    deployment = Deployment(
        id=repository.state.new_id(),
        ref=run.branch,
        sha=run.sha,
        task="deploy",
        environment=environment.name,
        description=comment,
        payload={},
        creator=run.actor,
        created_at=now(),
    )
    repository.state.deployments[deployment.id] = deployment
    return Answer(everything=[environments.shown(repository, deployment)])


def _may_review(run: Run, environment: Environment, login: str) -> bool:
    own = environment.prevent_self_review and login == run.actor
    return login in environment.reviewers and not own


def _by_id(repository: Repository, call: Call) -> Run:
    run = repository.state.runs.get(call.number("run_id"))
    if run is None:
        raise not_found()
    return run


def _find(repository: Repository, wanted: str) -> tuple[str, str]:
    for path, text in commits.workflow_files(repository):
        if wanted in (str(stable_id(path)), path.rpartition("/")[2]):
            return path, text
    raise not_found()


def _workflow(repository: Repository, path: str, text: str) -> Json:
    shapes, number = repository.shapes, stable_id(path)
    file = path.rpartition("/")[2]
    name = _NAME.search(text)
    first = "2020-01-01T00:00:00Z"
    return {
        "id": number,
        "node_id": f"W_{number}",
        "name": name.group(1) if name else path,
        "path": path,
        "state": "disabled_manually" if path in repository.state.disabled_workflows else "active",
        "url": f"{shapes.repository_url}/actions/workflows/{number}",
        "html_url": f"{shapes.html_url}/blob/{shapes.default_branch}/{path}",
        "badge_url": f"{shapes.html_url}/workflows/{file}/badge.svg",
        **dict.fromkeys(("created_at", "updated_at"), first),
    }


def _run_url(repository: Repository, run: Run) -> str:
    return f"{repository.shapes.repository_url}/actions/runs/{run.id}"


def _run_page(repository: Repository, run: Run) -> str:
    return f"{repository.shapes.html_url}/actions/runs/{run.id}"


def _run(repository: Repository, run: Run, attempt: int = 0) -> Json:
    url, people = _run_url(repository, run), (run.actor, *run.rerun_by)
    attempt = attempt or len(people)
    words = ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun")
    workflow = stable_id(run.workflow)
    return {
        "id": run.id,
        "node_id": f"WFR_{run.id}",
        "name": run.workflow.rpartition("/")[2],
        "display_title": run.workflow.rpartition("/")[2],
        "path": run.workflow,
        "run_number": run.number,
        "run_attempt": attempt,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": workflow,
        "workflow_url": f"{repository.shapes.repository_url}/actions/workflows/{workflow}",
        "url": url,
        "html_url": _run_page(repository, run),
        **{f"{word}_url": f"{url}/{word}" for word in words},
        "head_branch": run.branch,
        "head_sha": run.sha,
        "head_commit": None,
        "pull_requests": [],
        "actor": repository.shapes.user(run.actor),
        "triggering_actor": repository.shapes.user(people[attempt - 1]),
        **dict.fromkeys(("repository", "head_repository"), repository.shapes.repository()),
        **dict.fromkeys(("created_at", "updated_at", "run_started_at"), run.created_at),
    }


def _job(repository: Repository, run: Run, job: Job) -> Json:
    return {
        "id": job.id,
        "node_id": f"J_{job.id}",
        "run_id": run.id,
        "run_url": _run_url(repository, run),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "name": job.name,
        "workflow_name": run.workflow.rpartition("/")[2],
        "status": job.status,
        "conclusion": job.conclusion,
        "url": f"{repository.shapes.repository_url}/actions/jobs/{job.id}",
        "html_url": f"{_run_page(repository, run)}/job/{job.id}",
        "check_run_url": f"{repository.shapes.repository_url}/check-runs/{job.id}",
        "labels": ["ubuntu-latest"],
        "created_at": run.created_at,
        "started_at": job.started_at or run.created_at,
        "completed_at": run.created_at if job.status == "completed" else None,
        "runner_name": job.runner,
        **dict.fromkeys(("runner_id", "runner_group_id", "runner_group_name")),
    }
