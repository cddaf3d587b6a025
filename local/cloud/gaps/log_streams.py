"""FilterLogEvents looks into the streams that the request means.

AWS: `logStreamNamePrefix` restricts the search to streams whose names begin so; together with
`logStreamNames` it is an InvalidParameterException.
Stock MiniStack: the prefix is ignored, and every stream of the group answers.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

_BOTH = "LogStreamNamePrefix and LogStreamNames cannot be used together"


def install() -> None:
    """Let the prefix choose the streams."""
    cloudwatch_logs._filter_log_events = _choosing(cloudwatch_logs._filter_log_events)


def streams_beginning(prefix: str, names: Iterable[str]) -> list[str]:
    """The streams of a group that a prefix means."""
    return [name for name in names if name.startswith(prefix)]


def _choosing(filter_log_events: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def filter_chosen(request: dict[str, Any]) -> Any:
        prefix = request.get("logStreamNamePrefix")
        if not prefix:
            return filter_log_events(request)
        if request.get("logStreamNames"):
            return error_response_json("InvalidParameterException", _BOTH, 400)
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(request))
        if group is None:
            return filter_log_events(request)
        names = streams_beginning(prefix, group["streams"])
        if not names:
            return json_response({"events": [], "searchedLogStreams": []})
        return filter_log_events({**request, "logStreamNames": names})

    return filter_chosen
