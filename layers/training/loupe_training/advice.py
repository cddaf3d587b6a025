"""What to do about an error, in a sentence."""

from loupe_training.outcome import Failure

DENIED = "Give the role of the training workflow the permission named above, then start again."
OTHERWISE = "Open the execution to see where it failed, fix the cause, then start again."
STILL_WANTED = "Start again if the model is still wanted."
JOB_LOG = "Look at the log of the job (CloudWatch, group /aws/sagemaker/{group})."
MEMORY = "A process that was killed may have had too little memory: choose a larger {parameter}."

ADVICE = {
    "InvalidInputError": 'Start the execution again with an input such as {"name": "digits", "source": '
    '"s3://my-bucket/digits/"}.',
    "DatasetNotFoundError": "Check the bucket and the prefix (they are case-sensitive), then start again.",
    "DatasetChangedError": "Wait until nobody writes there, then start again; what is copied stays.",
    "CopyFailedError": "Start again: what is copied stays.",
    "EmptyDatasetError": "Put pictures there: a folder a class, IDX files, a .lst manifest or a CSV.",
    "EmptyClassError": "Add pictures to the class, or remove it.",
    "SingleClassError": "Add pictures of a second class.",
    "UnreadableFilesError": "Replace or remove the files named above.",
    "LabelsWithoutFilesError": "Upload the missing files, or remove their lines from the manifest.",
    "FilesWithoutLabelsError": "Name the files in the manifest, remove them, or start with "
    '"preparation": {"ignore-unlabelled": true}.',
    "ManifestError": "Fix the line named above.",
    "HyperparameterError": 'Fix "hyperparameters" in the input.',
    "BackboneError": 'Check what "backbone" in the input points to.',
    "AccuracyTooLowError": "Look at the confusion matrix and the mistakes in the report. More or cleaner "
    "pictures help, then more epochs; or set a lower minimumAccuracy in the input.",
    "LiveModelBetterError": "The live model stays. If the new one shall serve all the same (it knows other "
    'pictures, say), start again with "replace": "always" (loupe train --replace always).',
    "SmokeTestFailedError": "The live endpoint was not touched. Look at the log of the trial endpoint "
    "(CloudWatch, group /aws/sagemaker/Endpoints/{run}-trial).",
    "DeploymentFailedError": "Look at the log of the endpoint (CloudWatch, group "
    "/aws/sagemaker/Endpoints/{endpoint}), then start again.",
    "SupersededError": "Nothing, if the other model is wanted; else start again. This one is kept.",
    "TrainingTimeoutError": "Set the stack parameter MaximumTrainingSeconds higher, or TrainingInstanceType "
    "larger; starting again trains from the beginning.",
    "JobStoppedError": STILL_WANTED,
    "ExecutionAborted": STILL_WANTED,
    "TrainingFailedError": f"{JOB_LOG.format(group='TrainingJobs')} "
    f"{MEMORY.format(parameter='TrainingInstanceType')}",
    "PreparationFailedError": f"{JOB_LOG.format(group='ProcessingJobs')} "
    f"{MEMORY.format(parameter='ProcessingInstanceType')}",
    "EvaluationFailedError": JOB_LOG.format(group="ProcessingJobs"),
    "SageMaker.ResourceLimitExceededException": "Ask AWS for a higher quota of that instance type, or choose "
    "another (stack parameters TrainingInstanceType, ProcessingInstanceType, HostingInstanceType).",
}
DATASET_DENIED = (
    "Ask the owner of the bucket to let this stack read it (s3:ListBucket on the bucket, s3:GetObject on its "
    "objects), and see that the stack parameter DatasetBuckets allows it, and the permissions boundary, if "
    "the stack has one: iam/boundary.json lets roles read buckets called after the application alone."
)


def advice(failure: Failure, run: str, endpoint: str) -> str:
    """What a person can do about the failure of the execution that `run` names."""
    if failure.error == "AccessDeniedError":
        return DATASET_DENIED if "s3://" in failure.cause else DENIED
    known = ADVICE.get(failure.error)
    if known is None:
        return DENIED if "not authorized" in failure.cause else OTHERWISE
    return known.replace("{run}", run).replace("{endpoint}", endpoint)
