"""The operations that training and processing jobs share: create, describe, stop and list."""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from local.aws_json import AwsServiceError, Operation
from local.sagemaker.errors import JobError, validation_error
from local.sagemaker.jobs import FINISHED, INTERNAL_ERROR, JobRun, Workshop, check_role
from local.sagemaker.settings import sagemaker_arn
from local.sagemaker.store import Job, Store, page

_log = logging.getLogger(__name__)


class JobOperations:
    """The jobs of one `kind`, `Training` or `Processing`; what they do is their subclass's."""

    kind: str
    not_found: str
    name_taken: str

    def __init__(self, store: Store, workshop: Workshop, jobs: dict[str, Job]) -> None:
        self._store = store
        self._workshop = workshop
        self._jobs = jobs
        self._runs: dict[str, JobRun] = {}

    def operations(self) -> Mapping[str, Operation]:
        return {
            f"Create{self.kind}Job": self._create,
            f"Describe{self.kind}Job": self._describe,
            f"Stop{self.kind}Job": self._stop,
            f"List{self.kind}Jobs": self._list,
        }

    def check_shape(self, request: dict[str, Any]) -> None:
        """Refuses what the shapes don't say."""
        raise NotImplementedError

    def check_inputs(self, request: dict[str, Any]) -> None:
        """Refuses inputs that aren't there, if that is looked at before a job is accepted."""

    def first_details(self, request: dict[str, Any]) -> dict[str, Any]:
        """What DescribeJob shows from the beginning."""
        return {}

    def begin(self, job: Job) -> None:
        """Writes that a job is in progress."""
        raise NotImplementedError

    def stopping(self, job: Job) -> None:
        """Writes that a job is being stopped."""
        raise NotImplementedError

    def work(self, run: JobRun) -> str:
        """Runs the job; its last status, or JobError with the reason."""
        raise NotImplementedError

    def end(self, job: Job, status: str, reason: str | None) -> None:
        """Writes how a job ended."""
        raise NotImplementedError

    def resume(self) -> None:
        """A job whose process ended with the last service has failed."""
        for job in list(self._jobs.values()):
            if job.status not in FINISHED:
                self.end(job, "Failed", INTERNAL_ERROR)

    def close(self) -> None:
        for run in list(self._runs.values()):
            run.abandon()

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        name, now = request[f"{self.kind}JobName"], time.time()
        arn = sagemaker_arn(f"{self.kind.lower()}-job", name)
        taken = AwsServiceError("ResourceInUse", f"{self.name_taken} ({arn})")
        if name in self._jobs:
            raise taken
        self.check_shape(request)
        check_role(self._workshop.roles, request["RoleArn"])
        self.check_inputs(request)
        job = Job(name, arn, now, now, "InProgress", request, self.first_details(request))
        with self._store.lock:
            if self._jobs.setdefault(name, job) is not job:
                raise taken
            self._store.tag(arn, request.get("Tags", []))
            run = self._runs[name] = JobRun(self._workshop, job, f"{self.kind}Jobs", request["RoleArn"])
        self.begin(job)
        threading.Thread(target=self._run, args=(run,), name=f"{self.kind} {name}", daemon=True).start()
        return {f"{self.kind}JobArn": arn}

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self._job(request)
        return {
            **job.request,
            **job.details,
            f"{self.kind}JobArn": job.arn,
            f"{self.kind}JobStatus": job.status,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
        }

    def _stop(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            job = self._job(request)
            if job.status in FINISHED:
                kind = self.kind.lower()
                raise validation_error(
                    f"The request was rejected because the {kind} job is in status {job.status}."
                )
            self.stopping(job)
            self._runs[job.name].stop()
        return {}

    def _list(self, request: dict[str, Any]) -> dict[str, Any]:
        name = f"{self.kind}JobName"
        return page(
            [self._describe({name: each}) for each in list(self._jobs)],
            request,
            name,
            f"{self.kind}JobSummaries",
        )

    def _run(self, run: JobRun) -> None:
        try:
            status, reason = self.work(run), None
        except JobError as error:
            status, reason = "Failed", str(error)
        except Exception:
            _log.exception("%s job %s", self.kind, run.job.name)
            status, reason = "Failed", INTERNAL_ERROR
        if run.abandoned:
            return
        run.clean_up()
        self.end(run.job, status, reason and reason[:1024])
        with self._store.lock:
            self._runs.pop(run.job.name, None)

    def _job(self, request: dict[str, Any]) -> Job:
        name = request[f"{self.kind}JobName"]
        if name not in self._jobs:
            raise validation_error(self.not_found.format(name=name))
        return self._jobs[name]
