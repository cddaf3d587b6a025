"""The model server: images a second and the slowest of a hundred, for a small model and a large one.

Against onnxruntime in a bare loop, which is the limit, and against LitServe, BentoML and MLServer. All run
the same classifier on the same picture, for 1, 4 and 16 clients. The loop has as many threads as can be busy:
one for each client, at most one for each processor. The clients take processor time as well; from the loop
nobody takes any.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.context import CACHE, ROOT, Bench
from bench.figures import Figure, Spread, at_least, part_of, ratios, times_better
from bench.load import Outcome
from bench.measure import alternate
from bench.mobilenet import SIDE, write_mobilenet
from bench.samples import photo
from bench.servers import RECIPES, Server, ServerFailedError
from bench.workers import Worker
from loupe_imaging.decode import fitted
from loupe_imaging.picture import read_picture
from model.inference import cpu_count

CLIENTS = (1, 4, 16)
SECONDS = 1.5
# A turn takes seconds here, and each is hundreds of answers.
MAX_ROUNDS = 5
SLOWEST = 99
OURS = "Loupe"
DIGITS = ROOT / "model" / "artifacts" / "digits"
DIGIT = ROOT / "events" / "images" / "digit-5.png"
LOOPS = {"run": "onnxruntime in a bare loop", "decode": "a loop that also reads the picture"}


def run(bench: Bench) -> Iterator[Figure]:
    """For each model all servers stand side by side, and one at a time is asked."""
    yield from _model_figures(bench, "digits 16×16", DIGITS, DIGIT.read_bytes(), is_large=False)
    folder = CACHE / "models" / "mobilenet" / "model"
    if not (folder / "model.json").exists():
        write_mobilenet(folder)
    yield from _model_figures(bench, "MobileNetV2 224×224", folder, _small_photo(), is_large=True)


def _model_figures(
    bench: Bench, name: str, model: Path, picture: bytes, *, is_large: bool
) -> Iterator[Figure]:
    file = bench.folder / f"{name.split()[0]}.picture"
    file.write_bytes(picture)
    with ExitStack() as stack:
        servers = []
        for peer, recipe in RECIPES.items():
            bench.say(f"{name}: starting {peer}")
            folder = file.with_suffix(f".{peer}")
            server = _started(Server(peer, recipe, model, picture, folder), stack)
            servers += [server] if server else []
        loops = {way: stack.enter_context(Worker(_loop_command(model, file, way))) for way in LOOPS}
        for clients in CLIENTS:
            title = f"{name}, {clients} client{'s' if clients > 1 else ''}"
            bench.say(title)
            outcomes = _turns(servers, loops, clients, min(MAX_ROUNDS, bench.rounds))
            yield from _against_limits(title, outcomes, is_large=is_large)
            yield from _against_peers(title, outcomes)


def _started(server: Server, stack: ExitStack) -> Server | None:
    """None where a peer does not come up: the others are measured all the same."""
    try:
        return stack.enter_context(server)
    except ServerFailedError as error:
        if server.name == OURS:
            raise
        print(f"  {error}", file=sys.stderr)
        return None


def _turns(
    servers: Sequence[Server], loops: Mapping[str, Worker], clients: int, rounds: int
) -> dict[str, list[Outcome]]:
    """Every server and every loop once a round."""
    threads = min(clients, cpu_count())
    contenders: dict[str, Callable[[], Outcome]] = {
        server.name: partial(server.drive, clients, SECONDS) for server in servers
    }
    for way, worker in loops.items():
        contenders[way] = partial(_loop_outcome, worker, threads)
    return alternate(contenders, rounds)


def _loop_outcome(worker: Worker, threads: int) -> Outcome:
    answer = worker.ask(str(threads))
    return Outcome(float(answer["perSecond"]), (), float(answer["cpuPerAnswer"]))


def _against_limits(
    title: str, outcomes: Mapping[str, Sequence[Outcome]], *, is_large: bool
) -> Iterator[Figure]:
    for way, limit in LOOPS.items():
        yield part_of(
            f"{title}, images a second",
            limit,
            [each.per_second for each in outcomes[OURS]],
            [each.per_second for each in outcomes[way]],
            "/s",
            at_least(0.9) if is_large and way == "run" else None,
            cpu_ratio=_cpu_ratio(outcomes, way),
        )


def _against_peers(title: str, outcomes: Mapping[str, Sequence[Outcome]]) -> Iterator[Figure]:
    ours = outcomes[OURS]
    for peer in RECIPES:
        if peer == OURS or peer not in outcomes:
            continue
        yield part_of(
            f"{title}, images a second",
            peer,
            [each.per_second for each in ours],
            [each.per_second for each in outcomes[peer]],
            "/s",
            at_least(1),
            cpu_ratio=_cpu_ratio(outcomes, peer),
        )
        yield times_better(
            f"{title}, p{SLOWEST}",
            peer,
            [each.percentile(SLOWEST) for each in ours],
            [each.percentile(SLOWEST) for each in outcomes[peer]],
            "ms",
            at_least(1),
        )


def _cpu_ratio(outcomes: Mapping[str, Sequence[Outcome]], other: str) -> Spread:
    """Images by processor time: ours in parts of the other's."""
    ours, theirs = ([each.cpu_per_answer for each in outcomes[name]] for name in (OURS, other))
    return Spread.of(ratios(theirs, ours))


def _loop_command(model: Path, picture: Path, way: str) -> list[str | Path]:
    return [sys.executable, "-m", "bench.contenders.inference_loop", model, picture, str(SECONDS), way]


def _small_photo() -> bytes:
    """As large as the model wants it."""
    image = fitted(read_picture(photo(0.3, "jpeg").read_bytes()), SIDE, SIDE)
    return bytes(image.jpegsave_buffer(Q=90))
