"""SageMaker on one machine: real processes under SageMaker's container contract.

An image is a command of the image table (`images.py`), an instance is a process, `/opt/ml` is a folder that
`SAGEMAKER_BASE_DIR` names. What a model or job reads and writes in S3 goes through the local cloud's gateway
with its execution role's credentials, so that IAM decides as it does on AWS. Containers find those
credentials where AWS's SDKs look for a container's.

Hosting     catalog (models, configurations, tags), endpoints, deployment, fleet, instances, invocation,
capture Jobs        training, training_run, checkpoints, metrics, processing, jobs Beneath     app,
containers, supervisor, logs, roles, credentials, artifacts, images, store, settings, errors

Settings, all optional:

LOUPE_SAGEMAKER_IMAGES               a JSON file that replaces the image table
LOUPE_SAGEMAKER_STARTUP_SECONDS      120: within this a container must answer /ping, unless its variant says
otherwise LOUPE_SAGEMAKER_INVOCATION_SECONDS   60: within this a model must answer
LOUPE_SAGEMAKER_STOP_GRACE_SECONDS   120: between SIGTERM and SIGKILL of a stopped job

What AWS has and this has not, and refuses where it is asked for: several containers in a model, multi-model
and asynchronous endpoints, shadow variants, jobs on several instances, inputs other than S3 prefixes. Spot
jobs are accepted and never interrupted. State-change events are not sent to EventBridge, nor metrics to
CloudWatch.
"""
