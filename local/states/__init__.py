"""Step Functions of the local cloud: moto's state language interpreter inside MiniStack, with its gaps
closed.

MiniStack keeps the service's address, its state machines' records, versions, aliases, tags and activities.
Everything that runs, tests, records or ends an execution is replaced by this package:

- `grammar`, `definitions`, `distributed_fields`, `machines`, `permissions`: what CreateStateMachine accepts
- `jsonata_engine`, `jsonata_functions`, `expressions`, `templates`: queries and variables
- `program`, `tasks`, `waits`, `branches`, `matching`, `failures`: how states run, wait, fail, are retried and
  stopped
- `credentials`, `services`, `shapes`, `service_names`, `service_errors`, `jobs`: service calls as the role
- `distributed`, `map_run`, `spool`, `item_reader`, `result_writer`: Distributed Map
- `api`, `executions`, `express`, `engine`, `run`, `slots`, `callbacks`, `redrive`, `restart`: executions
- `single_state`, `probe`: TestState
- `history`, `archive`, `retention`, `log_delivery`, `status_events`, `event_entries`: what executions leave
- `installation`, `patching`: how all this takes its places

`install()` must run before MiniStack's application starts.
"""

from local.states import _light_moto  # noqa: F401 (before anything that imports moto)
from local.states.installation import install

__all__ = ["install"]
