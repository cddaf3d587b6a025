"""Parallel branches and the iterations of an inline Map.

AWS: the first failing branch stops the others, whose states are aborted in the history; an inline Map runs
at most 40 iterations at once, any number of items.
moto: runs as many threads as there are items, calls itself once more for every item of a worker (1,000
items overflow the stack) and keeps the execution's threads waiting for branches that were stopped.
"""

import threading
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (  # noqa: E501 (the path of a moto module)
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchesDecl
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.wait.state_wait import StateWait
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from local.states import failures
from local.states.patching import replace

CONCURRENT_ITERATIONS = 40
_ABORTED = {
    StateTask: HistoryEventType.TaskStateAborted,
    StateWait: HistoryEventType.WaitStateAborted,
    StateMap: HistoryEventType.MapStateAborted,
    StateParallel: HistoryEventType.ParallelStateAborted,
}


class _Branches:
    """The branches of one Parallel state while they run."""

    def __init__(self, programs: list[Any], frames: list[Any]) -> None:
        self._changed = threading.Condition()
        self._open = len(programs)
        self.error: dict[str, Any] | None = None
        for program, frame in zip(programs, frames, strict=True):
            threading.Thread(target=self._run, args=(program, frame), name="branch", daemon=True).start()

    def _run(self, program: Any, frame: Any) -> None:
        try:
            with frame.aws_execution_details.working():
                program.eval(frame)
        finally:
            state = frame.program_state()
            with self._changed:
                if isinstance(state, ProgramError) and self.error is None:
                    self.error = dict(state.error or {})
                self._open -= 1
                self._changed.notify_all()

    def wait(self) -> None:
        """Until all have ended or one has failed. A stopped execution ends them all."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0 or self.error is not None)


def _run_branches(self: Any, env: Any) -> None:
    given = env.stack.pop()
    frames = [env.open_inner_frame() for _ in self.programs]
    for frame in frames:
        frame.states.reset(input_value=given)
    run = env.aws_execution_details
    branches = _Branches(self.programs, frames)
    with run.waiting():
        branches.wait()
    if branches.error is not None:
        for program, frame in zip(self.programs, frames, strict=True):
            _abort(program, frame)
    for frame in frames:
        env.close_frame(frame)
    if branches.error is not None:
        raise failures.inner_failure(env, branches.error.get("error") or "", branches.error.get("cause"))
    env.stack.append([frame.states.get_input() for frame in frames])


def _abort(program: Any, frame: Any) -> None:
    """Stops a branch because of another one's failure; the history tells what it was doing."""
    doing = program.states.states.get(frame.next_state_name) if frame.is_running() else None
    kind = next((event for state, event in _ABORTED.items() if isinstance(doing, state)), None)
    if kind is not None:
        frame.event_manager.add_event(context=frame.event_history_context, event_type=kind)
    frame.set_stop(stop_date=None, cause=None, error=None)


def _run_iterations(self: Any, env: Any) -> None:
    eval_input = env.stack.pop()
    items = eval_input.input_items
    if not items:
        env.stack.append([])
        return
    pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
    count = min(len(items), eval_input.max_concurrency or CONCURRENT_ITERATIONS, CONCURRENT_ITERATIONS)
    for _ in range(count):
        self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
    with env.aws_execution_details.waiting():
        pool.await_jobs()
    if (error := pool.get_worker_exception()) is not None:
        raise error
    env.stack.append([job.job_output for job in pool.get_closed_jobs()])


def _work(self: Any) -> None:
    """One worker of an inline Map: takes items until there are none, or until it or another one fails."""
    with self._env.aws_execution_details.working():
        frame = self._env.open_frame()
        job = self._job_pool.next_job()
        if job is None:
            self._env.close_frame(frame)
        while job is not None:
            job_frame = frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            frame.close_frame(job_frame)
            failed = isinstance(job.job_output, Exception) or self.stopped()
            following = None if failed else self._job_pool.next_job()
            if following is None:
                frame.event_history_context.source_event_id = (
                    job_frame.event_history_context.last_published_event_id
                )
                self._env.close_frame(frame)
            self._job_pool.close_job(job)
            job = following


def install() -> None:
    replace(BranchesDecl, "_eval_body", _run_branches)
    replace(InlineIterationComponent, "_eval_body", _run_iterations)
    replace(IterationWorker, "eval", _work)
