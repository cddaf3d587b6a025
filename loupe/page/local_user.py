"""Opens the account of whoever signs in on the local cloud (local/demo_user.py)."""

from botocore.exceptions import ClientError

from local.demo_user import EMAIL, PASSWORD
from loupe.aws import Cloud
from loupe.aws_errors import error_code, translate_errors
from loupe.stack import Stack

# It is their laptop: they see all that the page has.
GROUPS = ("reviewers", "operators")


def add_local_user(cloud: Cloud, stack: Stack) -> None:
    """Open the account in the stack's user pool, unless it is there or another issuer signs people in; as one
    of each group, those of a newer release too.
    """
    pool = stack.outputs.get("UserPoolId")
    if not cloud.target.local or pool is None:
        return
    cognito = cloud.client("cognito-idp")
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
    with translate_errors(cloud.where):
        try:
            cognito.admin_create_user(
                UserPoolId=pool, Username=EMAIL, UserAttributes=attributes, MessageAction="SUPPRESS"
            )
        except ClientError as error:
            # Their password may be another by now.
            if error_code(error) != "UsernameExistsException":
                raise
        else:
            cognito.admin_set_user_password(
                UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True
            )
        for group in GROUPS:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=EMAIL, GroupName=group)
