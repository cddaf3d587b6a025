"""The endpoint fails, throttles, times out or is absent: what is retried, and how it ends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from tests.integration.workflow.conftest import Behaving, Workflow, serve

CLASSIFY = "classify-image-data"


def test_a_model_that_answers_500_is_tried_four_times(workflow: Workflow, model_behaving: Behaving) -> None:
    key = workflow.put(workflow.picture())
    with model_behaving(status=500, answer="out of memory"):
        ending = workflow.run(workflow.manual(key))
    assert ending["error"] == "EndpointFailedError"
    assert workflow.attempts(ending["executionArn"], CLASSIFY) == 4
    assert workflow.record(key)["status"] == "FAILED"
    workflow.only_message(key)


def test_a_model_that_refuses_the_picture_is_asked_once(workflow: Workflow, model_behaving: Behaving) -> None:
    key = workflow.put(workflow.picture())
    with model_behaving(status=400, answer="cannot read it"):
        ending = workflow.run(workflow.manual(key))
    assert ending["error"] == "EndpointRejectedError"
    assert "cannot read it" in ending["cause"]
    assert workflow.attempts(ending["executionArn"], CLASSIFY) == 1


def test_an_answer_that_is_no_inference_is_asked_once(workflow: Workflow, model_behaving: Behaving) -> None:
    key = workflow.put(workflow.picture())
    with model_behaving(answer="<html>hello</html>"):
        ending = workflow.run(workflow.manual(key))
    assert ending["error"] == "EndpointRejectedError"
    assert workflow.attempts(ending["executionArn"], CLASSIFY) == 1


def test_bare_scores_have_labels_by_position(workflow: Workflow, model_behaving: Behaving) -> None:
    key = workflow.put(workflow.picture())
    with model_behaving(answer="[0.06, 0.94]"):
        ending = workflow.run(workflow.manual(key))
    assert json.loads(ending["output"])["label"] == "1"
    assert json.loads(ending["output"])["confidence"] == 0.94


def test_a_throttled_endpoint_is_tried_again_until_it_answers(
    workflow: Workflow, model_behaving: Behaving
) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    with model_behaving(serverless, answer="[0.99]", sleep=1.5):
        keys = [workflow.put(workflow.picture()) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            endings = list(pool.map(lambda key: workflow.run(workflow.manual(key)), keys))
    assert [ending["status"] for ending in endings] == ["SUCCEEDED"] * 4
    assert sum(workflow.attempts(ending["executionArn"], CLASSIFY) for ending in endings) > 4


def test_an_absent_endpoint_fails_at_once_and_says_so(workflow: Workflow) -> None:
    sagemaker, endpoint = workflow.stack.client("sagemaker"), workflow.stack.outputs["EndpointName"]
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=endpoint)
    try:
        key = workflow.put(workflow.picture())
        ending = workflow.run(workflow.manual(key))
    finally:
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    assert ending["error"] == "EndpointNotFoundError"
    assert endpoint in ending["cause"]
    assert workflow.attempts(ending["executionArn"], CLASSIFY) == 1
    workflow.only_message(key)
    # The endpoint is being created again: not ready yet is transient, so the next picture gets through.
    again = workflow.run(workflow.manual(workflow.put(workflow.picture())))
    assert again["status"] == "SUCCEEDED"
    serve(sagemaker, endpoint, config)
