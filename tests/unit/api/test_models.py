"""What goes in comes out as it was, or is refused: never bent."""

import json
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loupe_api.errors import BadRequestError
from loupe_api.models import NewGroup, NewImage
from loupe_api.paging import decode_token, encode_token
from loupe_api.records import prefix_of_upload, safe_file_name, upload_prefix
from tests.unit.api.world import World

# Letters and symbols by their category that are drawn as nothing.
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
UUID = "0123abcd-0123-4abc-8abc-0123456789ab"


def combines(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


@given(st.text(max_size=120))
@example("\xad")
@example("\ufe0f")
@example("a\u202eb")
def test_a_name_is_kept_letter_for_letter_or_refused(name: str) -> None:
    try:
        group = NewGroup.model_validate_json(json.dumps({"name": name}))
    except ValidationError:
        control = any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name)
        surrogate = any(0xD800 <= ord(letter) < 0xE000 for letter in name)
        # Marks that turn or hide what follows, and what is drawn as nothing.
        turning = any(unicodedata.category(letter) in ("Cf", "Zl", "Zp") for letter in name)
        unseen = all(letter.isspace() or letter in FILLERS or combines(letter) for letter in name)
        assert control or surrogate or turning or unseen or len(name) > 100
    else:
        assert group.name == name


@given(st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=8), max_size=4))
def test_an_unknown_field_is_refused_whatever_it_is_called(fields: dict[str, object]) -> None:
    known = {"title", "fileName", "contentType"}
    unknown = {name: value for name, value in fields.items() if name not in known}
    if unknown:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            NewImage.model_validate({"title": "x", **unknown})


@given(st.text(max_size=200))
def test_a_file_name_makes_one_plain_part_of_a_key(name: str) -> None:
    part = safe_file_name(name, "image/png")
    assert 1 <= len(part) <= 100
    assert "/" not in part
    assert not part.startswith(".")
    assert part == safe_file_name(part, "image/png")
    key = upload_prefix(UUID, UUID) + part
    assert len(key.encode()) <= 1024
    assert prefix_of_upload(key) == upload_prefix(UUID, UUID)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("dog.jpg", "dog.jpg"),
        ("../../etc/passwd", "passwd"),
        ("", "original.png"),
        ("...", "original.png"),
        ("犬 の 写真.png", "犬_の_写真.png"),
        ("a" * 150 + ".jpeg", "a" * 94 + ".jpeg"),
        ("<script>.png", "script_.png"),
    ],
)
def test_a_file_name_stays_recognisable(given_name: str, kept: str) -> None:
    assert safe_file_name(given_name, "image/png") == kept


@pytest.mark.parametrize("key", ["uploads/dog.jpg", "uploads/a/b/dog.jpg", f"uploads/{UUID}/dog.jpg", ""])
def test_a_key_that_the_api_did_not_give_has_no_folder_of_its_own(key: str) -> None:
    assert prefix_of_upload(key) is None


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_a_token_is_ours_or_refused(token: str) -> None:
    with pytest.raises(BadRequestError):
        decode_token(token, ("id",))


@given(st.uuids(), st.integers(0, 200), st.characters(codec="ascii"))
def test_a_token_comes_back_as_it_went_and_no_letter_of_it_can_change_its_place(
    identity: object, position: int, letter: str
) -> None:
    key = {"id": str(identity)}
    token = encode_token(key)
    assert decode_token(token, ("id",)) == key
    changed = token[: position % len(token)] + letter + token[position % len(token) + 1 :]
    try:
        other = decode_token(changed, ("id",))
    except BadRequestError:
        return
    # Another well-formed place is harmless; it is the same only for the same token.
    assert (other == key) == (changed == token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.text(min_size=1, max_size=100))
def test_what_is_accepted_over_http_is_shown_the_same(world: World, name: str) -> None:
    created = world.ask("POST", "/groups", {"name": name}, "ann")
    assert created.status in (201, 400)
    if created.status == 201:
        shown = world.ask("GET", f"/groups/{created.body['newItem']['id']}")
        assert shown.body["result"]["name"] == name
