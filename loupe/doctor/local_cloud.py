"""Does the local cloud run, and is all of it up?"""

from collections.abc import Iterator
from pathlib import Path

from local.cloud.client import LOG_FILE, CloudInfo
from loupe.doctor.findings import LOCAL_CLOUD, Check, Finding

# A picture's functions run one after the other, and its notification's beside them.
FEW_WORKERS = 3


def check_local_cloud(state: Path, info: CloudInfo | None, holder: int | None) -> Iterator[Finding]:
    """`info` is what answers, `holder` the process that holds the state folder."""
    yield check_running(state, info, holder)
    if info:
        yield from check_services(state, info)
        if info.workers:
            yield check_workers(info.workers)


def check_running(state: Path, info: CloudInfo | None, holder: int | None) -> Finding:
    check = Check(LOCAL_CLOUD, "running")
    if info:
        return check.ok(f"A local cloud runs at {info.gateway_url}.")
    if holder:
        return check.problem(
            f"The process {holder} holds {state}, and its gateway does not answer.",
            f"Wait where it has just been started; else: loupe down. Its log is {state / LOG_FILE}.",
        )
    return check.ok("No local cloud runs here; `loupe up` starts one.")


def check_services(state: Path, info: CloudInfo) -> Iterator[Finding]:
    for name, service in info.services.items():
        check = Check(LOCAL_CLOUD, name)
        if service.healthy:
            yield check.ok(f"{name} answers at {service.url}.")
        else:
            yield check.problem(
                f"{name} does not answer at {service.url}.",
                f"It is started again by itself; where that fails {state / LOG_FILE} says why. "
                "`loupe down`, then `loupe up` starts all anew.",
            )


def check_workers(workers: int) -> Finding:
    """How many invocations run at once."""
    check = Check(LOCAL_CLOUD, "workers")
    if workers >= FEW_WORKERS:
        return check.ok(f"{workers} invocations run at once.")
    return check.warning(
        f"Only {workers} at once: invocations that find none free within seconds are throttled.",
        f"Start it with LOUPE_LAMBDA_WORKERS={FEW_WORKERS} or more.",
    )
