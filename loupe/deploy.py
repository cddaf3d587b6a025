"""Build the templates with the SAM CLI and deploy them on the local cloud; nothing is done twice that has not
changed.
"""

import fcntl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from loupe import container
from loupe.aws import Cloud
from loupe.console import step, working
from loupe.errors import StackNotFoundError
from loupe.redeploy import Redeployment
from loupe.sam import Sam, lambda_python_version
from loupe.settings import DEFAULT_STACK, Settings
from loupe.sources import Stamp, fingerprint
from loupe.stack import Stack
from loupe.stacks import StackSource, in_turn, selected
from loupe.templates import parameter_names

# So many `sam build` at once: one waits for downloads while another compiles.
BUILDS_AT_ONCE = 3


class LocalDeployment:
    """`sam build` and `sam deploy` against one local cloud.

    The builds are the project's (`.aws-sam/local/STACK`), shared by all local clouds and apart from those
    that `make deploy` makes for AWS: the local ones hold libraries for this machine.
    """

    def __init__(self, settings: Settings, gateway_url: str) -> None:
        self._settings = settings
        self._folder = settings.root / ".aws-sam" / "local"
        self._sam = Sam(settings, gateway_url)

    def bring_up_to_date(
        self,
        cloud: Cloud,
        core: str = DEFAULT_STACK,
        parameters: Mapping[str, str] | None = None,
        only: Collection[str] = (),
    ) -> Stack:
        """Build and deploy what changed since the last time on this state folder; gives the core's stack with
        the outputs of those that stand on it.

        `parameters` come on top of those in samconfig.toml, and go to every stack that has them. `only` names
        the stacks to deploy (all of them by default); the core is always one of them.
        """
        wished = {**self._sam.configured_parameters(), "ClassifierFunctionArn": "", **(parameters or {})}
        sources = selected(only)
        with self._alone(), ThreadPoolExecutor(BUILDS_AT_ONCE) as pool:
            builds = {each.name: pool.submit(self._build, each) for each in sources if self._is_stale(each)}
            for layer in in_turn(sources):
                self._deploy(cloud, core, layer, wished, builds)
        return cloud.stack(core)

    def redeployment(
        self, cloud: Cloud, core: str, only: Collection[str], deploy: Callable[[], object]
    ) -> Redeployment:
        """What updates the stacks of `only` piece by piece, and by `deploy` where that is not enough."""
        memory = self._settings.state / "updated.json"
        return Redeployment(self._settings.root, self._folder, memory, cloud, core, selected(only), deploy)

    def _deploy(
        self,
        cloud: Cloud,
        core: str,
        sources: Sequence[StackSource],
        wished: Mapping[str, str],
        builds: Mapping[str, "Future[None]"],
    ) -> None:
        """Deploy those of `sources` that are not up to date, at the same time; they need not one another."""
        stale: dict[str, StackSource] = {}
        given: dict[str, dict[str, str]] = {}
        for source in sources:
            name = source.stack_name(core)
            given[name] = self._parameters_of(source, cloud, core, wished)
            if self._deployed(name).matches(self._wanted(source, given[name])) and _find(cloud, name):
                step("Stack is up to date", name)
            else:
                stale[name] = source
                self._deployed(name).remove()
        building = [builds[source.name] for source in sources if source.name in builds]
        if building:
            with working(
                "Building functions and layers (the first time takes a minute or two)",
                f"Functions and layers built for {' and '.join(each.name for each in sources)}",
            ):
                for build in building:
                    build.result()
        if not stale:
            return
        names = " and ".join(stale)
        with (
            working(f"Deploying the stack{'s' if len(stale) > 1 else ''} {names}", f"Deployed {names}"),
            ThreadPoolExecutor(len(stale)) as pool,
        ):
            list(pool.map(lambda name: self._deploy_one(name, stale[name], given[name]), stale))

    def _deploy_one(self, name: str, source: StackSource, given: Mapping[str, str]) -> None:
        self._sam.deploy(name, self._build_folder(source) / "build" / "template.yaml", given, name)
        self._deployed(name).write(self._wanted(source, given))

    def _parameters_of(
        self, source: StackSource, cloud: Cloud, core: str, wished: Mapping[str, str]
    ) -> dict[str, str]:
        """What to give: of what was asked for what the template has, and where both have a parameter what the
        core has. Given also where it is empty: what is not given keeps the value of the last deployment.
        """
        has = parameter_names(self._settings.root / source.template)
        if source.is_core:
            # What no template has is CloudFormation's to refuse.
            elsewhere = {
                name
                for each in selected()
                if not each.is_core
                for name in parameter_names(self._settings.root / each.template)
            }
            return {name: value for name, value in wished.items() if name in has or name not in elsewhere}
        of_core = cloud.single_stack(core).parameters
        shared = {name: value for name, value in of_core.items() if name in has}
        given = {name: value for name, value in self._outputs_of(source.after, cloud, core) if name in has}
        own = {name: value for name, value in wished.items() if name in has}
        return {**shared, **given, **own, "CoreStackName": core}

    def _outputs_of(self, names: Collection[str], cloud: Cloud, core: str) -> Iterator[tuple[str, str]]:
        """Of those of these stacks that are there."""
        for each in selected(names) if names else ():
            if not each.is_core and (stack := _find(cloud, each.stack_name(core))):
                yield from stack.outputs.items()

    def bring_up_container(self, cloud: Cloud, model: Path = container.MODEL) -> Stack:
        """The same for the container stack, whose image's package needs no engine; gives the stack.

        `model` is the folder of the model in the image.
        """
        root, state = self._settings.root, self._settings.state
        wanted = fingerprint(root, container.image_uri(root, model), sources=(str(container.TEMPLATE),))
        deployed = Stamp(state / "deployed-container.json")
        with self._alone():
            if not container.is_assembled(root, model):
                with working(
                    "Putting the container's image together", "The container's image is put together"
                ):
                    container.assemble_image(root, state / "assemble.log", model)
        if deployed.matches(wanted) and (stack := _find(cloud, container.STACK)):
            step("Stack is up to date", container.STACK)
            return stack
        deployed.remove()
        with working(f"Deploying the stack {container.STACK}", f"Deployed {container.STACK}"):
            # Built already, as far as CloudFormation is concerned: the image is named.
            self._sam.deploy(
                container.STACK,
                root / container.TEMPLATE,
                {"ImageUri": container.image_uri(root, model)},
                container.STACK,
                ("--image-repository", container.REPOSITORY),
            )
        deployed.write(wanted)
        return cloud.single_stack(container.STACK)

    def _build(self, source: StackSource) -> None:
        built = self._built(source)
        built.remove()
        wanted = self._fingerprint(source)
        self._sam.build(source.template, self._build_folder(source), source.name)
        built.write(wanted)

    def _is_stale(self, source: StackSource) -> bool:
        there = (self._build_folder(source) / "build" / "template.yaml").exists()
        return not there or not self._built(source).matches(self._fingerprint(source))

    def _fingerprint(self, source: StackSource) -> str:
        root = self._settings.root
        return fingerprint(root, f"host {lambda_python_version(root)}", sources=source.sources)

    def _wanted(self, source: StackSource, given: Mapping[str, str]) -> str:
        parameters = (f"{name}={value}" for name, value in sorted(given.items()))
        return " ".join([self._fingerprint(source), *parameters])

    def _build_folder(self, source: StackSource) -> Path:
        return self._folder / source.name

    def _built(self, source: StackSource) -> Stamp:
        return Stamp(self._build_folder(source) / "built.json")

    def _deployed(self, stack_name: str) -> Stamp:
        return Stamp(self._settings.state / f"deployed-{stack_name}.json")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One build at a time in this project: two local clouds would write the same folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _find(cloud: Cloud, stack_name: str) -> Stack | None:
    """The stack, where it is there and whole."""
    try:
        stack = cloud.single_stack(stack_name)
    except StackNotFoundError:
        return None
    return stack if stack.deployed else None
