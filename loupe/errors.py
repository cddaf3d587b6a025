"""What can go wrong in the command. Each is one line that says what to do; in brackets its exit code.

CommandError (1)
├── InputError (2)             an argument names something that isn't there or can't be used
├── TargetError                no local cloud runs here, or no region
│   └── CredentialsError       no credentials, or AWS refuses them
├── StackNotFoundError         the stack isn't deployed there, or lacks an output
├── CloudError                 the local cloud doesn't start, stop or answer
├── DeployError                `sam build` or `sam deploy` fails
├── PageBuildError             the page can't be built
│   └── NodeMissingError       Node or npm isn't here, or too old
├── RecordNotFoundError        no such picture in the Images table
├── RunNotFoundError           no such batch
├── ModelNotFoundError         no such model, or nothing known of it
├── ModelRefusedError (3)      a model can't be hosted, or answers wrongly where it is
└── ServiceError               any other refusal by AWS
"""


class CommandError(Exception):
    """A failure that the person at the terminal can read."""

    exit_code = 1


class InputError(CommandError):
    """An argument names something that isn't there or can't be used."""

    exit_code = 2


class TargetError(CommandError):
    """There is nothing to talk to: no local cloud, no region."""


class CredentialsError(TargetError):
    """No credentials, or the service refuses them."""


class StackNotFoundError(CommandError):
    """The stack isn't deployed there, or lacks an output that is needed."""


class CloudError(CommandError):
    """The local cloud doesn't start, stop or answer."""


class DeployError(CommandError):
    """`sam build` or `sam deploy` failed."""


class PageBuildError(CommandError):
    """`npm ci` or the page's build failed."""


class NodeMissingError(PageBuildError):
    """Node or npm isn't here, or is too old."""


class RecordNotFoundError(CommandError):
    """The Images table has no such picture."""


class RunNotFoundError(CommandError):
    """The batch stack knows no such run."""


class ModelNotFoundError(CommandError):
    """There is no such model, or no report or configuration of it."""


class ModelRefusedError(CommandError):
    """A model can't be hosted: its check, SageMaker or its own answers say why."""

    exit_code = 3


class ServiceError(CommandError):
    """AWS refused a call for a reason of its own."""
