"""The fonts: where they come from, and that nothing else is used."""

from pathlib import Path

import pytest

from loupe_imaging import fonts


def test_every_font_package_is_installed_for_development() -> None:
    assert len(fonts.font_folders()) == sum(len(places) for places in fonts.FONTS.values())
    assert all(folder.is_dir() for folder in fonts.font_folders())


def test_fontconfig_is_told_of_the_packaged_fonts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    fonts.use_packaged_fonts.cache_clear()

    fonts.use_packaged_fonts()

    configs = list(tmp_path.rglob("*.conf"))
    assert len(configs) == 1
    assert configs[0].read_text().count("<dir>") == len(fonts.font_folders())
    assert "/usr/share" not in configs[0].read_text()


def test_without_its_layer_the_function_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "font_folders", list)
    fonts.use_packaged_fonts.cache_clear()

    with pytest.raises(fonts.FontsMissingError, match="fonts layer"):
        fonts.use_packaged_fonts()
