"""AWS cost of a million pictures, computed.

Step Functions and Lambda alone: what the designs differ in. The endpoint is the same on both sides; storage,
records, messages and Rekognition are left out. The peers' functions are counted with their requests only, as
if their code took no time at all: their real cost is higher, so Loupe's ratio is never flattered.
"""

from collections.abc import Iterator
from dataclasses import replace

from bench.context import ROOT, Bench
from bench.figures import Figure, at_most, part_of
from loupe.cost.estimate import estimate
from loupe.cost.prices import load_prices
from loupe.cost.stack_usage import EXPRESS, STANDARD, facts_of_template, usage_of
from loupe.cost.usage import FunctionUse, Usage

MILLION = 1_000_000
COUNTED = ("Step Functions", "Lambda")
# The original: Serialize, Classify, Filter. The reference architecture, from its archived repository
# (aws-samples/lambda-refarch-imagerecognition, cloudformation/state-machine.asl.json): ExtractImageMetadata,
# ImageTypeCheck, TransformMetadata, ParallelProcessing, Rekognition, Thumbnail, StoreImageMetadata; and a
# function that starts the execution. A seventh answers its web page's polling; it is not counted.
SCONES = Usage("the original's design", transitions=3, functions=(FunctionUse("any", 128, 0),) * 3)
REFERENCE = Usage(
    "the reference architecture", transitions=7, functions=(FunctionUse("any", 128, 0),) * 6, detected=1
)


def run(bench: Bench) -> Iterator[Figure]:
    """Prices do not vary: one sample each."""
    facts = facts_of_template(ROOT)
    for kind, target in ((STANDARD, at_most(0.5)), (EXPRESS, at_most(0.1))):
        bill = estimate(usage_of(replace(facts, workflow_type=kind), ROOT), load_prices(), MILLION)
        for peer in (SCONES, REFERENCE):
            theirs = estimate(peer, load_prices(), MILLION)
            yield part_of(
                f"a million pictures, {kind.title()}: Step Functions and Lambda",
                f"{peer.name} (its functions taking no time)",
                [bill.of(COUNTED)],
                [theirs.of(COUNTED)],
                "USD",
                target,
                detail={line.price: round(line.dollars, 4) for line in bill.lines},
            )
        whole = estimate(REFERENCE, load_prices(), MILLION)
        yield part_of(
            f"a million pictures, {kind.title()}: the whole bill",
            f"{REFERENCE.name} with Rekognition for labels",
            [bill.dollars],
            [whole.dollars],
            "USD",
            target,
        )
