"""The API's requests and answers, typed. The OpenAPI document is made from these."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

ImageStatus = Literal["RECEIVED", "IN_REVIEW", "CLASSIFIED", "REJECTED", "FAILED"]
HistoryStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"]
ImageContentType = Literal[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "image/heic",
    "image/heif",
    "image/avif",
]

LabelledBy = Literal["model", "person"]
UploadStatus = Literal["AWAITED", "NOT_UPLOADED", "UPLOADED"]
Visibility = Literal["public", "link", "private"]
Source = Literal["page", "bucket", "manual"]
ReviewChoice = Literal["LABEL", "NONE", "UNUSABLE"]

MAX_NAME = 100
MAX_LABEL = 256
MAX_DESCRIPTION = 1000
MAX_OWNER_NAME = 60
MAX_TITLE = 200
MAX_FILE_NAME = 200
MAX_URL = 2048

# Control characters would break logs, e-mails and terminals; bidirectional and zero-width ones make a text
# look like another; markup and emoji, with their joiners, are just text.
_DIRECTION = r"\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_CONTROL = rf"\u0000-\u001f\u007f-\u009f{_DIRECTION}"
_NO_CONTROL = rf"^[^{_CONTROL}]*$"
# A description may have lines.
_NO_CONTROL_BUT_LINES = rf"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f{_DIRECTION}]*$"
# Joiners, fillers and blanks are drawn as nothing.
_UNSEEN = r"\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0"
# At least one character that can be seen.
_NAME = rf"^[^{_CONTROL}]*[^{_UNSEEN}{_CONTROL}][^{_CONTROL}]*$"
_NAME_OR_NONE = rf"^$|{_NAME}"


_VISIBILITY = (
    "`public`: listed. `link`: in nobody's list but its owner's; whoever has the address sees it. `private`: "
    "its owner and operators alone see it and its images; reviewers see the images that wait for them."
)

_OWNER_NAME = (
    "Who made the group, as its owner wants to be called. Whoever sees the group sees it; empty for none."
)

# Written as texts, as the table keeps them.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Share = Annotated[float, Field(json_schema_extra={"minimum": 0, "maximum": 1})]


class ApiModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class _Request(ApiModel):
    """A request's body: unknown fields are refused, and nothing is converted from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewGroup(_Request):
    """A group to create."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=_NAME)]
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION, pattern=_NO_CONTROL_BUT_LINES)] = ""
    visibility: Annotated[Visibility, Field(description=_VISIBILITY)] = "public"
    owner_name: Annotated[
        str, Field(max_length=MAX_OWNER_NAME, pattern=_NAME_OR_NONE, description=_OWNER_NAME)
    ] = ""


class ChangedGroup(_Request):
    """What shall be otherwise about a group; what is not named stays."""

    name: Annotated[str | None, Field(min_length=1, max_length=MAX_NAME, pattern=_NAME)] = None
    description: Annotated[str | None, Field(max_length=MAX_DESCRIPTION, pattern=_NO_CONTROL_BUT_LINES)] = (
        None
    )
    visibility: Annotated[Visibility | None, Field(description=_VISIBILITY)] = None
    owner_name: Annotated[
        str | None, Field(max_length=MAX_OWNER_NAME, pattern=_NAME_OR_NONE, description=_OWNER_NAME)
    ] = None


class ChangedImage(_Request):
    """What shall be otherwise about an image, something at least; what is not named, or null, stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    title: Annotated[
        str | None, Field(max_length=MAX_TITLE, pattern=_NO_CONTROL, description="Empty for none.")
    ] = None
    group_id: Annotated[
        str | None, Field(max_length=MAX_NAME, description="The group that it is moved to.")
    ] = None

    @model_validator(mode="after")
    def _names_something(self) -> "ChangedImage":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_named", "title or groupId is required")
        return self


class RetryImage(_Request):
    """How an image is classified again: with the confidence that it must meet, or the stack's own."""

    threshold: Annotated[
        float | None,
        Field(ge=0, le=1, description="For this time alone; the record says which it was."),
    ] = None


class NewImage(_Request):
    """An image about to be uploaded. Without a title it is named after what is seen in it."""

    title: Annotated[str, Field(max_length=MAX_TITLE, pattern=_NO_CONTROL)] = ""
    file_name: Annotated[str, Field(max_length=MAX_FILE_NAME, pattern=_NO_CONTROL)] = ""
    content_type: ImageContentType = "image/jpeg"


class NextReview(_Request):
    """What a reviewer has seen: labels of the last pictures, so that classes take turns, and reviews that
    are already there, which are not given again.
    """

    recent: Annotated[list[str], Field(max_length=20)] = []
    without: Annotated[list[str], Field(max_length=20)] = []
    show_guess: bool = False


class NewAnswer(_Request):
    """What a person says of a picture: a label, none of them (NONE), or that it is UNUSABLE.

    `seconds` is how long they looked at it, `guessShown` whether they saw the model's guess before.
    """

    choice: ReviewChoice
    label: Annotated[str, Field(max_length=MAX_LABEL, pattern=_NO_CONTROL)] = ""
    guess_shown: bool = False
    seconds: Annotated[float | None, Field(ge=0, le=86400)] = None


class PredictUrl(_Request):
    """Where to fetch the picture that is to be classified."""

    url: Annotated[str, Field(min_length=1, max_length=MAX_URL)]


class Group(ApiModel):
    """A group of images."""

    id: str
    name: str
    description: str
    owner_id: str
    owner_name: Annotated[str, Field(description=_OWNER_NAME)]
    created_at: Moment
    visibility: Annotated[Visibility, Field(description=_VISIBILITY)]


class GroupPage(ApiModel):
    """Some groups, newest first; `nextToken` asks for more."""

    items: list[Group]
    next_token: str | None = None


class ImageCount(ApiModel):
    """How many images there are; not `complete` where there are more than were counted."""

    count: int
    complete: bool


class GroupResult(ApiModel):
    """One group, and how many images in it the reader may see."""

    result: Group
    images: ImageCount


class GroupChanged(ApiModel):
    """The group as it is now."""

    result: Group


class GroupCreated(ApiModel):
    """The group that was created."""

    new_item: Group


class Prediction(ApiModel):
    """A label and its score, from 0 to 1."""

    label: str
    score: Share


class BoundingBox(ApiModel):
    """A face's box in parts of the upright picture's width and height."""

    left: float
    top: float
    width: float
    height: float


class Face(ApiModel):
    """A face, with the detector's confidence in percent."""

    bounding_box: BoundingBox
    confidence: float


class ImageError(ApiModel):
    """Why an image was refused or failed."""

    name: str
    cause: str


class Image(ApiModel):
    """An image and what is known of it. The URLs are presigned and short-lived."""

    image_id: str
    group_id: str | None = None
    owner_id: str | None = None
    title: str
    status: ImageStatus
    upload_status: Annotated[
        UploadStatus,
        Field(
            description="AWAITED for five minutes after it was announced; NOT_UPLOADED afterwards where the "
            "workflow has seen no upload: then its owner alone sees it, for an hour at most."
        ),
    ]
    classifying: Annotated[bool, Field(description="An execution has taken the image up and not ended yet.")]
    label: str | None = None
    labelled_by: Annotated[LabelledBy | None, Field(description="Who gave the label.")] = None
    confidence: Share | None = None
    threshold: Annotated[Share | None, Field(description="The confidence that the picture had to meet.")] = (
        None
    )
    predictions: list[Prediction] = []
    model: Annotated[
        str | None, Field(description="The model's name, where the record has it: of batches and reviews.")
    ] = None
    face_detected: bool | None = None
    faces: list[Face] = []
    error: ImageError | None = None
    created_at: Moment
    updated_at: Moment | None = None
    image_url: Annotated[
        str | None,
        Field(description="The original for its owner and for operators; for others the largest copy."),
    ] = None
    annotated_url: str | None = None
    display_url: Annotated[
        str | None, Field(description="A JPEG of at most 2,048 pixels a side, without metadata.")
    ] = None
    preview_url: Annotated[str | None, Field(description="A WebP of at most 640 pixels a side.")] = None
    thumbnail_url: Annotated[str | None, Field(description="A WebP of at most 320 pixels a side.")] = None


class ImagePage(ApiModel):
    """Some of a group's images, newest first; `nextToken` asks for more."""

    items: list[Image]
    next_token: str | None = None


class FoundPage(ApiModel):
    """Some of the pictures that fit. An answer looks at a thousand records at most: where `nextToken` is not
    null there may be more, even if few or none are given here; `searchedTo` says until when was looked.
    With a sort by confidence the surest or least sure of these are given, `compared` is how many fitted, and
    `searchedTo` is null where all were compared.
    """

    items: list[Image]
    next_token: str | None = None
    searched_to: Moment | None = None
    compared: int | None = None


class ImageResult(ApiModel):
    """One image."""

    result: Image


class Upload(ApiModel):
    """A presigned POST: send `fields` and then the picture, named `file`, as multipart/form-data to `url`."""

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: Moment


class ImageCreated(ApiModel):
    """The image's record, and where to send the picture itself."""

    new_item: Image
    upload: Upload


class ReviewSummary(ApiModel):
    """How many pictures wait for a person, and the labels that models and people have given so far."""

    waiting: int
    labels: list[str]


class Review(ApiModel):
    """A picture that waits for a person. The URL is presigned and short-lived; `guess` is the model's, best
    first, where it was asked for.
    """

    review_id: str
    image_id: str
    file_name: str
    image_url: str | None = None
    created_at: Moment
    expires_at: Moment
    lease_until: Moment
    guess: list[Prediction] = []


class ReviewNext(ApiModel):
    """The next picture, null where none waits for this reviewer, and how many wait for anybody."""

    result: Review | None
    waiting: int


class ReviewResult(ApiModel):
    """One picture that waits."""

    result: Review


class ReviewLeased(ApiModel):
    """Until when nobody else gets the picture."""

    lease_until: Moment


class ReviewAnswered(ApiModel):
    """The model's guess, best first, and until when the answer can be taken back."""

    guess: list[Prediction]
    undo_until: Moment


class HistoryItem(ApiModel):
    """One visit to a state of the workflow."""

    state: str
    status: HistoryStatus
    entered_at: Moment
    exited_at: Moment | None = None
    retries: int = 0
    error: ImageError | None = None


class History(ApiModel):
    """An execution's states in the order in which they were entered."""

    items: list[HistoryItem]


class Classification(ApiModel):
    """The five best labels, best first, and their probabilities. `imageUrl` is null for a posted picture."""

    image_url: str | None
    top5: list[str]
    prob5: list[float]


class Problem(ApiModel):
    """Why a request was not served."""

    error: str
