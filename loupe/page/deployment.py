"""Build the page and put it where the stack serves it, locally as on AWS."""

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.console import remark, step, working
from loupe.errors import NodeMissingError, PageBuildError
from loupe.page.build import PageBuild
from loupe.page.configuration import page_configuration
from loupe.page.publish import Published, invalidate, page_files, publish
from loupe.settings import Settings
from loupe.stack import Stack


def deploy_page(settings: Settings, cloud: Cloud, stack: Stack) -> Published:
    """Build what changed, upload it, remove what is stale, invalidate the distribution.

    Raises NodeMissingError or PageBuildError, and StackNotFoundError for a stack that hosts no page.
    """
    bucket, distribution = stack.output("WebBucketName"), stack.output("WebDistributionId")
    build = PageBuild(settings.root)
    if build.is_current():
        dist = build.dist
    else:
        with working("Building the page (the first time takes a minute)", "Page built"):
            dist = build.bring_up_to_date()
    region, gateway_url = str(cloud.session.region_name), cloud.target.gateway_url
    files = page_files(dist, page_configuration(stack, region, gateway_url))
    with translate_errors(cloud.where):
        done = publish(cloud.client("s3"), bucket, files)
        if done.changed:
            invalidate(cloud.client("cloudfront"), distribution)
    step("Page published" if done.changed else "Page is up to date", stack.outputs.get("WebUrl", ""))
    return done


def deploy_page_if_possible(settings: Settings, cloud: Cloud, stack: Stack) -> None:
    """For `loupe up`, which goes on without the page where Node is missing or the build fails."""
    if "WebBucketName" not in stack.outputs:
        return
    try:
        deploy_page(settings, cloud, stack)
    except NodeMissingError as missing:
        remark(f"Going on without the page. {missing}")
    except PageBuildError as error:
        remark(f"Going on without the page, which could not be built. {error}")
