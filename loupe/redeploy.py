"""`loupe up --watch`: what changes in the project is on the local cloud some seconds later.

The code of a function, of a layer, and a definition are updated where they are, without the SAM CLI; anything
else (a template, a requirement, a new file) is built and deployed as `loupe up` does it.

CloudFormation knows nothing of such an update: where the source is again what it deployed, it finds nothing
to do. So what was updated is remembered in the state's folder, and the next `loupe up` updates it once more.
"""

import io
import json
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from loupe.aws import Cloud
from loupe.console import remark, working
from loupe.definitions import filled_in, learned
from loupe.errors import CommandError
from loupe.sources import files_of
from loupe.stack import physical_ids
from loupe.stacks import StackSource
from loupe.templates import load_template

FUNCTION, LAYER, MACHINE = (
    f"AWS::Serverless::{kind}" for kind in ("Function", "LayerVersion", "StateMachine")
)
FOLDERS = {FUNCTION: "CodeUri", LAYER: "ContentUri", MACHINE: "DefinitionUri"}
ALIAS = "live"
Stamps = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True)
class Piece:
    """A resource of one stack that can be updated by itself, and where its source and its build are."""

    stack: str
    logical_id: str
    kind: str
    name: str
    source: Path
    built: Path

    def built_file(self, path: Path) -> Path | None:
        """Where a file of the source is in the build; None where it isn't there as it is."""
        relative = path.relative_to(self.source)
        found = self.built / ("python" if self.kind == LAYER else "") / relative
        return found if found.is_file() else None


class Redeployment:
    """Updates what changed since the last look. `deploy` brings everything up to date the long way."""

    def __init__(
        self,
        root: Path,
        builds: Path,
        memory: Path,
        cloud: Cloud,
        core: str,
        sources: Sequence[StackSource],
        deploy: Callable[[], object],
    ) -> None:
        self._root, self._builds, self._memory, self._cloud, self._core = root, builds, memory, cloud, core
        self._sources, self._deploy = sources, deploy
        self._deployed = self._seen = self._look()
        self._texts = {
            path: path.read_text(encoding="utf-8") for path in self._deployed if ".asl." in path.name
        }

    def catch_up(self) -> None:
        """Update once more what was updated since CloudFormation last deployed."""
        if not (updated := self._updated()):
            return
        pieces = {
            (each.stack, each.logical_id): each for source in self._sources for each in self._pieces(source)
        }
        for stack, logical_id, text in updated:
            if piece := pieces.get((stack, logical_id)):
                self._update_piece(piece, text)
        remaining = [each for each in updated if (each[0], each[1]) not in pieces]
        self._memory.write_text(json.dumps(remaining), encoding="utf-8")

    def _updated(self) -> list[list[str]]:
        """Stack, logical id and, of a definition, its text as it was deployed last."""
        return json.loads(self._memory.read_text(encoding="utf-8")) if self._memory.exists() else []

    def update(self) -> None:
        """Look once, and update what changed and is no longer being written: what two looks find the same."""
        seen, self._seen = self._seen, self._look()
        if self._seen == self._deployed or self._seen != seen:
            return
        changed = [
            path
            for path in sorted(self._seen.keys() | self._deployed.keys())
            if self._seen.get(path) != self._deployed.get(path)
        ]
        self._deployed = self._seen
        names = ", ".join(path.relative_to(self._root).as_posix() for path in changed)
        try:
            with working(f"Deploying {names}", f"Deployed {names}"):
                self._apply(changed)
        except (CommandError, ClientError, BotoCoreError, ValueError) as error:
            remark(f"{names}: {error}")

    def _look(self) -> Stamps:
        stamps = {}
        for path in {each for source in self._sources for each in files_of(self._root, source.sources)}:
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            stamps[path] = (found.st_size, found.st_mtime_ns)
        return stamps

    def _apply(self, changed: Collection[Path]) -> None:
        pieces: dict[Piece, list[Path]] = {}
        for source in self._sources:
            of_stack = self._pieces(source)
            concerned = [self._root / each for each in source.sources]
            for path in changed:
                if not any(path.is_relative_to(each) for each in concerned):
                    continue
                found = [each for each in of_stack if path.is_relative_to(each.source)]
                if not found or not path.is_file() or not all(map(self._is_simple(path), found)):
                    self._deploy()
                    self._remember(changed)
                    return
                for each in found:
                    pieces.setdefault(each, []).append(path)
        for piece in pieces:
            self._update_piece(piece, self._texts.get(piece.source, ""))
        self._remember(changed)
        updated = {(stack, name): text for stack, name, text in self._updated()}
        updated |= {(each.stack, each.logical_id): self._texts.get(each.source, "") for each in pieces}
        listed = [[*key, text] for key, text in updated.items()]
        self._memory.write_text(json.dumps(listed), encoding="utf-8")

    def _remember(self, changed: Collection[Path]) -> None:
        self._texts |= {path: path.read_text(encoding="utf-8") for path in changed if path in self._texts}

    def _is_simple(self, path: Path) -> Callable[[Piece], bool]:
        return lambda piece: path in self._texts if piece.kind == MACHINE else bool(piece.built_file(path))

    def _pieces(self, source: StackSource) -> list[Piece]:
        """What of a stack's template can be updated by itself."""
        stack = source.stack_name(self._core)
        folder = (self._root / source.template).parent
        found = []
        for logical_id, body in load_template(self._root / source.template)["Resources"].items():
            if (kind := body["Type"]) not in FOLDERS:
                continue
            properties = body["Properties"]
            # A state machine's depends on its type; it is found by its logical id.
            name = str(properties.get("FunctionName") or properties.get("LayerName") or logical_id)
            found.append(
                Piece(
                    stack,
                    logical_id,
                    kind,
                    name.replace("${AWS::StackName}", stack),
                    (folder / properties[FOLDERS[kind]]).resolve(),
                    self._builds / source.name / "build" / logical_id,
                )
            )
        return found

    def _update_piece(self, piece: Piece, text: str) -> None:
        if piece.kind == MACHINE:
            self._update_machine(piece, text)
        elif piece.kind == LAYER:
            self._update_layer(piece)
        else:
            self._update_function(piece)

    def _update_function(self, piece: Piece) -> None:
        functions = self._cloud.client("lambda")
        functions.update_function_code(FunctionName=piece.name, ZipFile=archive(piece))
        self._publish(piece.name)

    def _update_layer(self, piece: Piece) -> None:
        functions = self._cloud.client("lambda")
        version = functions.publish_layer_version(
            LayerName=piece.name, Content={"ZipFile": archive(piece)}, CompatibleRuntimes=["python3.13"]
        )["LayerVersionArn"]
        for each in self._pieces_of(piece.stack, FUNCTION):
            found = functions.get_function_configuration(FunctionName=each.name)
            layers = [layer["Arn"] for layer in found.get("Layers", [])]
            renewed = [version if layer.split(":")[6] == piece.name else layer for layer in layers]
            if renewed != layers:
                functions.update_function_configuration(FunctionName=each.name, Layers=renewed)
                self._publish(each.name)

    def _pieces_of(self, stack: str, kind: str) -> list[Piece]:
        [source] = [each for each in self._sources if each.stack_name(self._core) == stack]
        return [each for each in self._pieces(source) if each.kind == kind]

    def _publish(self, function: str) -> None:
        functions = self._cloud.client("lambda")
        functions.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
        version = functions.publish_version(FunctionName=function)["Version"]
        functions.update_alias(FunctionName=function, Name=ALIAS, FunctionVersion=version)

    def _update_machine(self, piece: Piece, text: str) -> None:
        states = self._cloud.client("stepfunctions")
        cloudformation = self._cloud.client("cloudformation")
        arn = physical_ids(cloudformation, piece.stack, "AWS::StepFunctions::StateMachine")[piece.logical_id]
        deployed = states.describe_state_machine(stateMachineArn=arn)["definition"]
        source = piece.source.read_text(encoding="utf-8")
        try:
            values = learned(text, deployed)
        except ValueError:
            values = learned(source, deployed)  # CloudFormation has deployed it since
        states.update_state_machine(stateMachineArn=arn, definition=filled_in(source, values))


def archive(piece: Piece) -> bytes:
    """The build with the files of the source as they are now, in a ZIP.

    Compiled files are left out: they would be run in place of what changed.
    """
    out = io.BytesIO()
    inside = piece.built / "python" if piece.kind == LAYER else piece.built
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(piece.built.rglob("*")):
            if not path.is_file() or (path.suffix == ".pyc" and _is_own(piece, inside, path)):
                continue
            own = piece.source / path.relative_to(inside) if path.is_relative_to(inside) else path
            packed.write(own if own.is_file() else path, path.relative_to(piece.built))
    return out.getvalue()


def _is_own(piece: Piece, inside: Path, path: Path) -> bool:
    folder = path.relative_to(inside).parts[0]
    return folder == "__pycache__" or (piece.source / folder).exists()
