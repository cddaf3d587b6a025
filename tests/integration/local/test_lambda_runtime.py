"""Python functions run, fail, log and are throttled as on Lambda."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from local.cloud.settings import DEFAULT_WORKERS
from tests.integration.local.conftest import LocalCloud, archive, failure
from tests.polling import WaitFor

HANDLER = '''
import json, os, sys, time

class BlurryImageError(Exception):
    """Raised by a test."""

def handler(event, context):
    print("working on", event["do"])
    return globals()["do_" + event["do"]](event, context)

def do_fail(event, context): raise BlurryImageError("too blurry")
def do_import(event, context): import moto
def do_set(event, context): return {1, 2}
def do_sleep(event, context): time.sleep(60)
def do_exit(event, context): os._exit(3)
def do_kill(event, context): os.kill(os.getpid(), 9)
def do_big(event, context): return "x" * 7_000_000
def do_environ(event, context): return dict(os.environ)
def do_hold(event, context): time.sleep(event["seconds"])
def do_process(event, context): return os.getpid()
def do_context(event, context):
    return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb]
def do_grow(event, context):
    held = []
    while True:
        held.append(b"x" * (16 << 20))
        time.sleep(0.01)
def do_layer(event, context):
    import from_layer
    return [from_layer.WHO, from_layer.__file__, os.environ["LD_LIBRARY_PATH"], os.environ["PATH"]]
'''


@pytest.fixture(scope="module")
def worker(cloud: LocalCloud, anything: str) -> str:
    cloud.function(
        "worker",
        anything,
        HANDLER,
        Timeout=3,
        MemorySize=256,
        Environment={"Variables": {"THRESHOLD": "0.9"}},
    )
    return "worker"


def test_an_exceptions_class_is_the_error_type(cloud: LocalCloud, worker: str) -> None:
    answer, kind = cloud.invoke(worker, {"do": "fail"})

    assert kind == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("BlurryImageError", "too blurry")
    assert any("do_fail" in line for line in answer["stackTrace"])


def test_a_module_that_is_not_packaged_is_missing_though_the_launcher_has_it(
    cloud: LocalCloud, anything: str, worker: str
) -> None:
    assert cloud.invoke(worker, {"do": "import"})[0]["errorType"] == "ModuleNotFoundError"

    cloud.function("importer", anything, "import moto\ndef handler(event, context): ...")
    answer, kind = cloud.invoke("importer", {})

    assert (kind, answer["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
    assert "No module named 'moto'" in answer["errorMessage"]


@pytest.mark.parametrize(
    ("action", "error_type", "message"),
    [
        ("set", "Runtime.MarshalError", "Object of type set is not JSON serializable"),
        ("sleep", "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("kill", "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ("grow", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
        ("big", "Function.ResponseSizeTooLarge", "maximum allowed payload size (6291556 bytes)"),
    ],
)
def test_a_failure_of_the_runtime_has_its_name(
    cloud: LocalCloud, worker: str, action: str, error_type: str, message: str
) -> None:
    answer, kind = cloud.invoke(worker, {"do": action})

    assert (kind, answer["errorType"]) == ("Unhandled", error_type)
    assert message in answer["errorMessage"]
    assert cloud.invoke(worker, {"do": "context"})[1] is None


def test_a_handler_that_is_missing_is_named(cloud: LocalCloud, anything: str) -> None:
    cloud.function("hollow", anything, "x = 1")

    answer, _ = cloud.invoke("hollow", {})

    assert answer["errorType"] == "Runtime.HandlerNotFound"


def test_the_environment_is_lambdas_and_not_the_hosts(
    cloud: LocalCloud, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, _ = cloud.invoke(worker, {"do": "environ"})

    assert environ["THRESHOLD"] == "0.9"
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environ["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/worker"
    assert environ["AWS_ENDPOINT_URL"] == cloud.url
    assert environ["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environ["TZ"] == ":UTC"
    host = {
        "VIRTUAL_ENV",
        "USER",
        "SHELL",
        "GATEWAY_PORT",
        "AUTH",
        "PERSIST_STATE",
        "STATE_DIR",
        "http_proxy",
    }
    assert not host & environ.keys()


def test_the_context_is_the_functions(cloud: LocalCloud, worker: str) -> None:
    name, arn, memory = cloud.invoke(worker, {"do": "context"})[0]

    assert (name, memory) == ("worker", "256")
    assert arn == "arn:aws:lambda:us-east-1:000000000000:function:worker"


def test_layers_are_merged_in_order_and_found(cloud: LocalCloud, anything: str) -> None:
    versions = []
    for who in ("first", "second"):
        files = {"python/from_layer.py": f"WHO = {who!r}", f"lib/{who}.so": "", f"bin/{who}": ""}
        published = cloud.client("lambda").publish_layer_version(
            LayerName=who, Content={"ZipFile": archive(files)}
        )
        versions.append(published["LayerVersionArn"])
    cloud.function("layered", anything, HANDLER, Layers=versions)

    who, file, libraries, path = cloud.invoke("layered", {"do": "layer"})[0]

    assert who == "second"
    opt = file.removesuffix("/python/from_layer.py")
    assert f"{opt}/lib" in libraries.split(":")
    assert f"{opt}/bin" in path.split(":")


def test_a_warm_worker_is_used_again_until_the_code_changes(cloud: LocalCloud, anything: str) -> None:
    cloud.function("warm", anything, HANDLER)
    first = cloud.invoke("warm", {"do": "process"})[0]
    assert cloud.invoke("warm", {"do": "process"})[0] == first

    cloud.client("lambda").update_function_code(
        FunctionName="warm", ZipFile=archive({"app.py": HANDLER + "\nNEW = True\n"})
    )

    assert cloud.invoke("warm", {"do": "process"})[0] != first


def test_invocations_log_between_start_and_report(cloud: LocalCloud, worker: str) -> None:
    answer = cloud.client("lambda").invoke(FunctionName=worker, Payload=b'{"do": "fail"}', LogType="Tail")

    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert lines[0].startswith("START RequestId: ")
    assert "working on fail" in lines
    assert any("BlurryImageError: too blurry" in line for line in lines)
    assert lines[-2].startswith("END RequestId: ")
    assert all(
        word in lines[-1]
        for word in ("REPORT", "Billed Duration: ", "Memory Size: 256 MB", "Max Memory Used: ")
    )


def test_a_configured_log_group_gets_the_log(cloud: LocalCloud, anything: str) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/loupe/own")
    cloud.function("logger", anything, HANDLER, LoggingConfig={"LogGroup": "/loupe/own"})

    cloud.invoke("logger", {"do": "context"})

    messages = [event["message"] for event in logs.filter_log_events(logGroupName="/loupe/own")["events"]]
    assert "working on context" in messages


def test_without_permission_a_function_runs_and_leaves_no_log(cloud: LocalCloud) -> None:
    role = cloud.role("silent", service="lambda.amazonaws.com")
    cloud.function("silent", role, HANDLER)

    assert cloud.invoke("silent", {"do": "context"})[1] is None

    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/silent")
    assert groups["logGroups"] == []


def test_calls_that_get_no_worker_in_time_are_throttled(cloud: LocalCloud, anything: str) -> None:
    cloud.function("slow", anything, HANDLER, Timeout=60)
    refused = 4

    def call(_: int) -> str:
        client = cloud.client("lambda", read_timeout=60)
        try:
            client.invoke(FunctionName="slow", Payload=json.dumps({"do": "hold", "seconds": 25}))
        except client.exceptions.TooManyRequestsException as error:
            return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Reason']}"
        return "200"

    calls = DEFAULT_WORKERS + refused
    with ThreadPoolExecutor(calls) as pool:
        statuses = list(pool.map(call, range(calls)))

    assert statuses.count("200") == DEFAULT_WORKERS
    assert statuses.count("429 ConcurrentInvocationLimitExceeded") == refused


def test_a_failed_asynchronous_invocation_goes_to_the_dead_letter_queue(
    cloud: LocalCloud, anything: str, wait_for: WaitFor
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:dead-letters"
    cloud.function("failing", anything, HANDLER, DeadLetterConfig={"TargetArn": arn})
    cloud.client("lambda").put_function_event_invoke_config(FunctionName="failing", MaximumRetryAttempts=1)
    started = time.time()

    cloud.client("lambda").invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"do": "fail"}')

    received = wait_for(
        lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"),
        "the dead letter",
    )
    assert json.loads(received[0]["Body"]) == {"do": "fail"}
    assert received[0]["MessageAttributes"]["ErrorMessage"]["StringValue"] == "too blurry"
    logs = cloud.client("logs").filter_log_events(
        logGroupName="/aws/lambda/failing", startTime=int(started * 1000)
    )
    assert sum("START" in event["message"] for event in logs["events"]) == 2


def test_a_message_of_sns_that_the_function_fails_is_tried_again_and_then_a_dead_letter(
    cloud: LocalCloud, anything: str, wait_for: WaitFor
) -> None:
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(QueueName="undelivered-messages")["QueueUrl"]
    dead = {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:undelivered-messages"}
    cloud.function("subscriber", anything, HANDLER, DeadLetterConfig=dead)
    function = cloud.client("lambda").get_function(FunctionName="subscriber")["Configuration"]["FunctionArn"]
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    started = time.time()

    sns.publish(TopicArn=topic, Message="no order that the function knows")

    received = wait_for(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "the dead letter")
    (record,) = json.loads(received[0]["Body"])["Records"]
    assert record["Sns"]["Message"] == "no order that the function knows"
    logs = cloud.client("logs").filter_log_events(
        logGroupName="/aws/lambda/subscriber", startTime=int(started * 1000)
    )
    assert sum("START" in event["message"] for event in logs["events"]) == 3


def test_a_log_is_searched_in_the_streams_that_a_prefix_means(cloud: LocalCloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/jobs")
    for stream in ("one/algo-1", "one/algo-2", "oneself/algo-1"):
        logs.create_log_stream(logGroupName="/jobs", logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": stream}
        logs.put_log_events(logGroupName="/jobs", logStreamName=stream, logEvents=[event])

    def found(prefix: str) -> set[str]:
        events = logs.filter_log_events(logGroupName="/jobs", logStreamNamePrefix=prefix)["events"]
        return {event["message"] for event in events}

    assert found("one/") == {"one/algo-1", "one/algo-2"}
    assert found("two/") == set()
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName="/jobs", logStreamNamePrefix="one", logStreamNames=["one/algo-1"])


@pytest.mark.parametrize(("kind", "size"), [("RequestResponse", 6_300_000), ("Event", 1_100_000)])
def test_a_payload_over_the_limit_is_refused(cloud: LocalCloud, worker: str, kind: str, size: int) -> None:
    payload = json.dumps({"do": "context", "x": "x" * size})

    status, code, message = failure(
        lambda: cloud.client("lambda").invoke(FunctionName=worker, InvocationType=kind, Payload=payload)
    )

    assert (status, code) == (413, "RequestEntityTooLargeException")
    assert f"for the {kind} invocation type" in message


def test_asynchronous_invocations_wait_out_a_burst(
    cloud: LocalCloud, anything: str, wait_for: WaitFor
) -> None:
    cloud.function("burst", anything, HANDLER)
    client = cloud.client("lambda")

    for _ in range(20):
        client.invoke(FunctionName="burst", InvocationType="Event", Payload=b'{"do": "hold", "seconds": 0.2}')

    def finished() -> bool:
        logs = cloud.client("logs")
        try:
            events: list[dict[str, str]] = logs.filter_log_events(logGroupName="/aws/lambda/burst")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return sum(event["message"].startswith("REPORT") for event in events) == 20

    wait_for(finished, "all 20 to run", seconds=60)
