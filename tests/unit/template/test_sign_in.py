"""Managed login: there is a style for the page's client, and its colours are the page's."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.template.rendered import rendered
from tests.unit.template.transformed import ROOT

TOKENS = (ROOT / "site/web/src/styles/tokens.css").read_text(encoding="utf-8")
LIGHT_DARK = re.compile(r"--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)")
# Which of the page's colours is which of Cognito's, the same in light and dark.
COLOURS = {
    "componentClasses.focusState.borderColor": "focus",
    "componentClasses.input.defaults.backgroundColor": "surface",
    "componentClasses.input.defaults.borderColor": "line-strong",
    "componentClasses.link.defaults.textColor": "accent-text",
    "componentClasses.link.hover.textColor": "accent-strong",
    "components.form.backgroundColor": "surface",
    "components.form.borderColor": "line",
    "components.pageBackground.color": "paper",
    "components.primaryButton.defaults.backgroundColor": "accent",
    "components.primaryButton.defaults.textColor": "on-accent",
    "components.primaryButton.hover.backgroundColor": "accent-strong",
    "components.primaryButton.hover.textColor": "on-accent",
}


@pytest.fixture
def resources() -> Mapping[str, Any]:
    return {
        name: body.get("Properties", {}) for name, body in rendered("site/template.yaml")["Resources"].items()
    }


def test_the_pages_client_has_a_style_where_managed_login_is_served(resources: Mapping[str, Any]) -> None:
    assert resources["UserPool"]["UserPoolTier"] == "ESSENTIALS"
    assert resources["UserPoolDomain"]["ManagedLoginVersion"] == 2
    style = resources["SignInStyle"]
    assert style["UserPoolId"] == resources["UserPoolDomain"]["UserPoolId"]
    assert style["ClientId"] == rendered("site/template.yaml")["Outputs"]["SignInClientId"]["Value"]
    assert style["Settings"]["categories"]["global"]["colorSchemeMode"] == "DYNAMIC"
    # It takes neither settings nor assets beside Cognito's own values.
    assert "UseCognitoProvidedValues" not in style


def test_its_colours_are_the_pages(resources: Mapping[str, Any]) -> None:
    page = {name: {"light": light, "dark": dark} for name, light, dark in LIGHT_DARK.findall(TOKENS)}
    found = list(_colours(resources["SignInStyle"]["Settings"]))

    assert {place for place, _, _ in found} == set(COLOURS)
    for place, mode, colour in found:
        assert colour == f"{page[COLOURS[place]][mode]}ff", (place, mode)
    assert len(found) == 2 * len(COLOURS)


def test_its_logo_is_the_pages_and_of_a_shape_that_cognito_takes(resources: Mapping[str, Any]) -> None:
    own = ElementTree.parse(ROOT / "site/web/public/favicon.svg").getroot()
    for asset in resources["SignInStyle"]["Assets"]:
        drawn = ElementTree.fromstring(b64decode(asset["Bytes"]))
        assert drawn.attrib["width"] == drawn.attrib["height"]
        assert drawn.attrib["viewBox"] == own.attrib["viewBox"]
        # Nothing that runs, and nothing from elsewhere.
        assert {each.tag.rpartition("}")[2] for each in drawn.iter()} == {"svg", "circle", "path"}


def _colours(settings: Mapping[str, Any], place: str = "", mode: str = "") -> Iterator[tuple[str, str, str]]:
    for name, value in settings.items():
        if name in ("lightMode", "darkMode"):
            yield from _colours(value, place, name.removesuffix("Mode"))
        elif isinstance(value, Mapping):
            yield from _colours(value, f"{place}{name}.", mode)
        elif re.fullmatch(r"\w*[cC]olor", name):
            yield f"{place}{name}", mode, str(value)
