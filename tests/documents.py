"""`python -m tests.documents`: the documents and the code use the glossary's words, and name what exists.

Checked are: words that the glossary replaces; lines of prose over 100 columns; decisions without a status
and a date, or not in their index; commands, options, make targets and files that are named and are not there;
a reference that is not as the code says.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from docs.site.reference import DOCUMENT, reference
from loupe.cli import cli

ROOT = Path(__file__).parent.parent
MAX_COLUMNS = 100
# What the glossary replaces. Former names that data of an earlier release holds are spelled in one place.
REPLACED = re.compile(
    r"\b(owing|retakeable|mend(s|ed|ing)?|untold|unsettled|settle_image|sweep_images)\b", re.I
)
MAY_NAME_THEM = {
    "docs/glossary.md",
    "CHANGELOG.md",
    "docs/upgrading.md",
    "docs/decisions/0059-pending-outcomes.md",
    "layers/core/loupe_core/record_fields.py",
    "layers/core/loupe_core/claims.py",
    "template.yaml",
    "tests/documents.py",
    "tests/unit/api/test_upgrade.py",
    "tests/unit/layers/test_claims.py",
    "tests/workflow/test_upgrade.py",
}
CODE = (".py", ".ts", ".tsx", ".yaml", ".json", ".md", ".css", ".sh")
COMMAND = re.compile(r"`loupe ([a-z][a-z-]*)")
# Up to what a shell would take for its own, or the end of the code.
CALL = re.compile(r"(?:^ *(?:\$ )?|`)(?:\.venv/bin/)?(loupe (?:[^`\n|;&#>\\]|\\\n)*)", re.M)
OPTION = re.compile(r"--[a-z][a-z-]*")
TARGET = re.compile(r"`make ([a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def tracked(*patterns: str) -> list[Path]:
    """Files of the project, as git knows them (the new ones, too)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())


def replaced_words() -> Iterator[str]:
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in CODE or name in MAY_NAME_THEM or name.endswith("lock.json"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if found := REPLACED.search(line):
                yield f"{name}:{number}: {found[0]!r}; docs/glossary.md has the word for it"


def long_lines() -> Iterator[str]:
    for path in tracked("*.md"):
        for number, line in prose(path):
            if len(line) > MAX_COLUMNS:
                yield f"{path.relative_to(ROOT)}:{number}: {len(line)} columns, {MAX_COLUMNS} at most"


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """A document's lines without code blocks, tables, and what cannot be broken (code, a link, a picture)."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.lstrip().startswith(("|", "<", "![", "[!", "`")) and " " in line.strip():
            yield number, line


def decisions() -> Iterator[str]:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("0*.md")):
        head = path.read_text(encoding="utf-8")[:600]
        if not re.search(r"^Status: ", head, re.M) or not re.search(r"Date:\s+\d{4}-\d\d-\d\d", head):
            yield f"docs/decisions/{path.name}: lacks `Status: …` and `Date: YYYY-MM-DD` under its title"
        if f"({path.name})" not in index:
            yield f"docs/decisions/README.md: lacks {path.name}"


def names() -> Iterator[str]:
    commands = set(cli.commands)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for path in tracked("*.md"):
        name = path.relative_to(ROOT).as_posix()
        if name == "CHANGELOG.md":
            continue
        text = path.read_text(encoding="utf-8")
        yield from (f"{name}: {each}" for each in options(text))
        yield from (f"{name}: no `loupe {each}`" for each in set(COMMAND.findall(text)) - commands)
        yield from (f"{name}: no `make {each}`" for each in set(TARGET.findall(text)) - targets)
        for link in set(LINK.findall(text)):
            if not (path.parent / link).exists():
                yield f"{name}: the link to {link} leads nowhere"


def options(text: str) -> Iterator[str]:
    """Options that a document gives to a command and that the command has not."""
    for line in CALL.findall(text):
        command: click.Command = cli
        path, known = "loupe", {"--help"}
        for word in line.split()[1:]:
            if isinstance(command, click.Group) and word in command.commands:
                command, path = command.commands[word], f"{path} {word}"
                known = {"--help", *(each for option in command.params for each in every_name(option))}
            elif (name := OPTION.match(word)) and name[0] not in known:
                yield f"no `{path} {name[0]}`"


def every_name(option: click.Parameter) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def outdated_reference() -> Iterator[str]:
    if DOCUMENT.read_text(encoding="utf-8") != reference():
        yield "docs/reference.md: the code says otherwise; `python -m docs.site.reference` writes it anew"


def main() -> int:
    findings = [*replaced_words(), *long_lines(), *decisions(), *names(), *outdated_reference()]
    for finding in findings:
        print(finding)
    print(f"documents: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
