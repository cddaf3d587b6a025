"""What the API says of the live model, typed."""

from typing import Annotated, Literal

from pydantic import Field

from loupe_api.models import ApiModel, Moment, Share


class ModelLabels(ApiModel):
    """What the model can say: how many labels, and the first thousand; `complete` where these are all."""

    count: int
    items: list[str]
    complete: bool


class ModelInput(ApiModel):
    """As what the model sees a picture: in colour or grey, and so many pixels wide and high."""

    kind: Literal["color", "grey"]
    width: int
    height: int


class ModelAccuracy(ApiModel):
    """The share of pictures new to it that it named rightly: in its training's `evaluation`, or as the
    `model` itself says. `low` and `high` are the 95 % interval, `pictures` how many there were.
    """

    value: Share
    low: Share | None = None
    high: Share | None = None
    pictures: int | None = None
    measured: Literal["evaluation", "model"]


class ModelEndpoint(ApiModel):
    """The SageMaker endpoint that serves the model; `status` is SageMaker's word."""

    name: str
    status: str
    in_service: bool
    changed_at: Moment


class Model(ApiModel):
    """The live model. What it does not say of itself is null or empty, and `unknown` says why."""

    name: Annotated[str, Field(description="What it was trained or packed as.")]
    version: Annotated[
        str, Field(description="SageMaker's name of it, as batches and reviews record it; never used twice.")
    ]
    share: Annotated[
        Share, Field(description="Its share of the endpoint's traffic, of several models' the largest.")
    ]
    created_at: Annotated[Moment, Field(description="When SageMaker was given it: the end of its training.")]
    trained: Annotated[bool, Field(description="Whether this stack trained and evaluated it.")]
    endpoint: ModelEndpoint
    threshold: Annotated[Share, Field(description="The confidence that the stack asks of a picture.")]
    labels: ModelLabels | None = None
    accuracy: ModelAccuracy | None = None
    input: ModelInput | None = None
    license: str | None = None
    source: Annotated[str | None, Field(description="The data or the weights that it was made of.")] = None
    summary: str | None = None
    limits: Annotated[list[str], Field(description="What it cannot do, by its card.")]
    unknown: list[str]


class ModelResult(ApiModel):
    """The live model."""

    result: Model
