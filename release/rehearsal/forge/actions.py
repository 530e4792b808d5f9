"""Workflows and their runs. Nothing is executed here: a run is what tests, or a later engine, make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, Refusal, not_found
from release.rehearsal.forge.commits import workflow_files
from release.rehearsal.forge.completion import BIRTH
from release.rehearsal.forge.repository import stable_id
from release.rehearsal.forge.stored import chosen, fields, found

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.store import Annotation, Job, Run

_NAME = re.compile(r"^name:\s*['\"]?(.+?)['\"]?\s*$", re.MULTILINE)


def list_workflows(repository: Repository, _: Call) -> Answer:
    """The workflow files of the default branch."""
    return Answer([_workflow(repository, path, text) for path, text in workflow_files(repository)])


def dispatch(repository: Repository, call: Call) -> Answer:
    """A new run of a workflow (by file name or id): 204, or 200 with its id for `return_run_details`."""
    path, text = _find(repository, call.path["workflow_id"])
    ref = call.body["ref"]
    sha = repository.bare.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    if "workflow_dispatch" not in text:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    branch, inputs = ref.removeprefix("refs/heads/"), call.body.get("inputs", {})
    run = repository.state.add_run(path, "workflow_dispatch", branch, sha, call.login, inputs)
    if not call.body.get("return_run_details"):
        return Answer()
    links = {"run_url": _url(repository, run), "html_url": _page(repository, run)}
    return Answer({"workflow_run_id": run.id, **links})


def list_runs(repository: Repository, call: Call) -> Answer:
    """Runs, newest first; `branch`, `event`, `actor`, `head_sha` and `status` (or conclusion) choose."""
    every, status = reversed(repository.state.runs.values()), call.query.get("status")
    runs = chosen(every, call, branch="branch", event="event", actor="actor", head_sha="sha")
    return Answer([shown(repository, run) for run in runs if status in (None, run.status, run.conclusion)])


def get_attempt(repository: Repository, call: Call) -> Answer:
    """One attempt of a run: the first is its actor's, each further one is by who ran it again."""
    run, number = found(repository.state.runs, call, "run_id"), call.number("attempt_number")
    if not 1 <= number <= 1 + len(run.rerun_by):
        raise not_found()
    return Answer(shown(repository, run, number))


def list_annotations(repository: Repository, call: Call) -> Answer:
    """What a job said; a job is the check run of the same number."""
    jobs = {job.id: job for run in repository.state.runs.values() for job in run.jobs}
    said = found(jobs, call, "check_run_id").annotations
    return Answer([_annotation(repository, annotation) for annotation in said])


def list_jobs(repository: Repository, call: Call) -> Answer:
    run = found(repository.state.runs, call, "run_id")
    return Answer([_job(repository, run, job) for job in run.jobs])


def _find(repository: Repository, wanted: str) -> tuple[str, str]:
    for path, text in workflow_files(repository):
        if wanted in (str(stable_id(path)), _file(path)):
            return path, text
    raise not_found()


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _url(repository: Repository, run: Run) -> str:
    return f"{repository.shapes.repository_url}/actions/runs/{run.id}"


def _page(repository: Repository, run: Run) -> str:
    return f"{repository.shapes.html_url}/actions/runs/{run.id}"


def _workflow(repository: Repository, path: str, text: str) -> Json:
    shapes, number = repository.shapes, stable_id(path)
    name = _NAME.search(text)
    return {
        "id": number,
        "name": name.group(1) if name else path,
        "path": path,
        "state": "disabled_manually" if path in repository.state.disabled_workflows else "active",
        "url": f"{shapes.repository_url}/actions/workflows/{number}",
        "html_url": f"{shapes.html_url}/blob/{shapes.default_branch}/{path}",
        "badge_url": f"{shapes.html_url}/workflows/{_file(path)}/badge.svg",
        "created_at": BIRTH,
    }


def shown(repository: Repository, run: Run, attempt: int = 0) -> Json:
    """A run in its last attempt, or in another."""
    shapes, people, workflow = repository.shapes, (run.actor, *run.rerun_by), stable_id(run.workflow)
    attempt = attempt or len(people)
    return {
        **fields(run, "id event status conclusion created_at"),
        **dict.fromkeys(("name", "display_title"), _file(run.workflow)),
        "path": run.workflow,
        "run_number": run.number,
        "run_attempt": attempt,
        "workflow_id": workflow,
        "workflow_url": f"{shapes.repository_url}/actions/workflows/{workflow}",
        "url": _url(repository, run),
        "html_url": _page(repository, run),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "actor": shapes.user(run.actor),
        "triggering_actor": shapes.user(people[attempt - 1]),
        **dict.fromkeys(("repository", "head_repository"), shapes.repository()),
        "run_started_at": run.created_at,
    }


def _job(repository: Repository, run: Run, job: Job) -> Json:
    return {
        **fields(job, "id name status conclusion"),
        "run_id": run.id,
        "run_url": _url(repository, run),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "workflow_name": _file(run.workflow),
        "url": f"{repository.shapes.repository_url}/actions/jobs/{job.id}",
        "html_url": f"{_page(repository, run)}/job/{job.id}",
        "check_run_url": f"{repository.shapes.repository_url}/check-runs/{job.id}",
        "labels": ["ubuntu-latest"],
        "created_at": run.created_at,
        "started_at": job.started_at or run.created_at,
        "completed_at": run.created_at if job.status == "completed" else None,
        "runner_name": job.runner,
    }


def _annotation(repository: Repository, annotation: Annotation) -> Json:
    shapes = repository.shapes
    return {
        **fields(annotation, "title message"),
        "path": ".github",
        "blob_href": f"{shapes.html_url}/blob/{shapes.default_branch}/.github",
        "annotation_level": annotation.level,
        "raw_details": "",
        **dict.fromkeys(("start_line", "end_line"), 1),
    }
