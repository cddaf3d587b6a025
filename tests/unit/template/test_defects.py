"""What DefectsAlarm counts: never that a picture took more memory than there is."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECODERS = {"template.yaml": ("SerializeImageData", "AnnotateImage"), "site/template.yaml": ("Predict",)}


@pytest.mark.parametrize("template", DECODERS)
def test_a_function_that_decodes_pictures_may_be_killed_for_memory(template: str) -> None:
    text = (ROOT / template).read_text()

    for function in DECODERS[template]:
        resource = text.partition(f"  {function}Defects:\n")[2].split("MetricTransformations")[0]
        assert "[Logs, DecoderDefects, Pattern]" in resource
    counted = text.partition("    DecoderDefects:\n")[2].partition("\nGlobals:")[0]
    assert "Runtime.ExitError" not in counted
    assert "OutOfMemory" not in counted
    assert "exit status" in counted
    assert "segmentation" in counted


@pytest.mark.parametrize("template", DECODERS)
def test_any_other_function_must_not(template: str) -> None:
    counted = (ROOT / template).read_text().partition("    Defects:\n")[2].partition("    # ")[0]

    assert "Runtime.ExitError" in counted
    assert "Runtime.OutOfMemory" in counted
