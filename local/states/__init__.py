"""Step Functions of the local cloud: moto's state language interpreter inside MiniStack, with its gaps
closed.

MiniStack keeps the service's address, its state machines' records, versions, aliases, tags and TestState.
Everything that runs, records or ends an execution is replaced by this package:

- `jsonata_engine`, `expressions`, `variables`: queries, the functions that Step Functions adds, variables
- `credentials`, `services`, `shapes`, `service_names`, `service_errors`, `jobs`: calls of services as the
  machine's role
- `program`, `tasks`, `retries`, `waits`, `branches`, `matching`: how states run, wait, fail, are retried
  and stopped
- `distributed`, `item_reader`, `result_writer`: Distributed Map
- `definitions`, `machines`, `permissions`: what CreateStateMachine accepts
- `executions`, `engine`, `history`, `slots`, `callbacks`, `express`, `status_events`, `log_delivery`:
  executions

`install()` must run before MiniStack's application starts.
"""

from local.states import _light_moto  # noqa: F401 (before anything that imports moto)
from local.states.installation import install

__all__ = ["install"]
