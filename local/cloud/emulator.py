"""MiniStack in this process, and every gap between it and AWS closed: one call a gap."""

import importlib
import logging
from typing import Any

from ministack import app
from ministack.core import cloudfront_js, lambda_runtime

from local.api_gateway import authorization, openapi, throttling
from local.cloud import forwarding
from local.cloud.durability.install import install as keep_what_is_acknowledged
from local.cloud.gaps import (
    auth_time,
    denials,
    downloads,
    edge_functions,
    encrypted_objects,
    event_delivery,
    imported_tables,
    limits,
    log_retention,
    log_streams,
    missing_keys,
    object_events,
    pass_role,
    secure_transport,
    sign_in_page,
    sign_in_style,
    sign_up,
    signatures,
    stack_exports,
    stack_permissions,
    stack_settings,
    stream_positions,
    topic_policy,
    transform_parameters,
    version_bodies,
    versioned_reads,
    wildcards,
    yaml_definitions,
)
from local.cloud.services import ServiceProcess
from local.cloud.settings import CloudSettings
from local.lambdas import asynchronous
from local.lambdas import install as lambdas
from local.mail import sns
from local.mail.delivery import MailSender

_GAPS = (
    secure_transport,
    sign_up,
    sign_in_page,
    sign_in_style,
    auth_time,
    wildcards,
    denials,
    missing_keys,
    encrypted_objects,
    topic_policy,
    pass_role,
    limits,
    log_retention,
    log_streams,
    object_events,
    event_delivery,
    imported_tables,
    stream_positions,
    stack_settings,
    stack_permissions,
    stack_exports,
    version_bodies,
    versioned_reads,
    edge_functions,
    transform_parameters,
    yaml_definitions,
)


def close_gaps(settings: CloudSettings, sender: MailSender, services: list[ServiceProcess]) -> Any:
    """MiniStack's ASGI application, with the gaps closed."""
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    # It warns at every template that nobody published its metrics.
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
    # More calls at once than a client's pool keeps connections is a burst, no fault.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    forwarding.install(services)
    signatures.install(settings.secret)
    downloads.install(settings.secret)
    for gap in _GAPS:
        gap.install()
    lambdas.install(settings)
    asynchronous.install()
    sns.install(sender)
    openapi.install()
    throttling.install()
    authorization.install()
    _install_states()
    keep_what_is_acknowledged(settings.state / "aws")
    return app.app


def stop_workers() -> None:
    """End every worker that runs functions: Lambda's and CloudFront's."""
    lambda_runtime.reset()
    cloudfront_js.reset()


def _install_states() -> None:
    """Moto's state language interpreter, where it is there."""
    try:
        states = importlib.import_module("local.states")
    except ModuleNotFoundError as missing:
        if missing.name != "local.states":
            raise
        return
    states.install()
