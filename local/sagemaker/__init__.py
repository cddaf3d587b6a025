"""SageMaker on one machine: real processes under SageMaker's container contract.

An image is a command of the image table (`images.py`), an instance is a process, `/opt/ml` is a folder that
`SAGEMAKER_BASE_DIR` names. What a model or job reads and writes in S3 goes through the local cloud's gateway
with its execution role's credentials, so that IAM decides as it does on AWS.
"""
