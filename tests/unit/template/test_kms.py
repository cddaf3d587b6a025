"""Uploads under a customer's key: the roles that read pictures may use it, and no other role may."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.template.rendered import of_kind, rendered

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READERS = {
    "template.yaml": {"WorkflowRole", "AnnotateImageFunctionRole"},
    # Browsers read by what the API signs.
    "site/template.yaml": {"ApiFunctionRole"},
    "batch/template.yaml": {
        "PrepareItemsFunctionRole",
        "ClassifyBatchFunctionRole",
        "FinishBatchFunctionRole",
    },
    "container/template.yaml": {"ClassifierRole", "RecorderRole"},
    # The jobs read reviewed pictures where they were uploaded.
    "training/template.yaml": {"SurveyDatasetFunctionRole", "CopyObjectsFunctionRole", "TrainingJobRole"},
}


def decrypting(template: str, **parameters: str) -> dict[str, Any]:
    """Roles with a statement about the key."""
    return {
        name: statement
        for name, role in of_kind(rendered(template, **parameters), "AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and "kms:Decrypt" in statement["Action"]
    }


@pytest.mark.parametrize("template", sorted(READERS))
def test_with_a_key_those_who_read_pictures_may_decrypt_by_way_of_s3(template: str) -> None:
    found = decrypting(template, KmsKeyArn=KEY)

    assert set(found) == READERS[template]
    for statement in found.values():
        assert statement["Resource"] == KEY
        assert statement["Condition"] == {"StringLike": {"kms:ViaService": "s3.*"}}


@pytest.mark.parametrize("template", sorted(READERS))
def test_without_a_key_nobody_may(template: str) -> None:
    assert decrypting(template) == {}
