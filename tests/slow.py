"""What `make test` leaves to `make test-all`: the claims that it holds, and why it takes long.

`python -m tests.slow` prints the table that stands in CONTRIBUTING.md; a test compares the two.
"""

from typing import NamedTuple


class Slow(NamedTuple):
    """Tests by the start of their id below `tests/`: a folder, a file, a function, one case of it."""

    tests: str
    claim: str
    why: str


SLOW = (
    Slow("integration/batch", "a million pictures: sources, reports, stops", "a stack and models of its own"),
    Slow("integration/training", "training to endpoint, its failures and roles", "trains and hosts models"),
    Slow("integration/model/test_training.py", "training jobs by PyTorch", "trains models"),
    Slow("integration/command/test_train.py", "`loupe train`", "trains a model"),
    Slow(
        "integration/command/test_model.py::test_a_model_is_made", "`loupe model`", "trains and hosts models"
    ),
    Slow(
        "integration/api/test_clients.py",
        "clients that generators make of the OpenAPI document",
        "installs the generators",
    ),
    Slow(
        "integration/review",
        "races of reviewers on the deployed stack",
        "a stack of its own, and minutes of waiting",
    ),
    Slow(
        "workflow/test_many_reviewers.py::test_each_picture_ends_once_whatever_fails[200]",
        "two hundred reviews, every call with every fault",
        "minutes; the same with fourteen is in `make test`",
    ),
    Slow(
        "integration/documents",
        "the shell commands of tutorials do what they say",
        "a local cloud for each; one trains",
    ),
    Slow("integration/soak", "all at once while processes are killed", "half an hour by its nature"),
    Slow("integration/stacks", "each stack alone, upgrades, deletion", "deploys each stack several times"),
    Slow(
        "integration/pipeline", "buildspecs, deployers' policies, linters", "deploys; `make check` lints too"
    ),
    Slow("integration/local/test_deploy.py", "`sam deploy` of a small stack", "several deployments"),
    Slow(
        "integration/local/test_durability.py",
        "nothing acknowledged is lost by a hard end",
        "starts a dozen local clouds",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_buckets_tables_and_stacks_survive_a_restart",
        "state survives a clean stop",
        "starts the local cloud twice",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_a_shared_machine_has_a_key_of_its_own",
        "random root keys stay over a restart",
        "starts the local cloud twice",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_attached_it_ends",
        "an attached cloud ends with its parent",
        "starts a local cloud; `loupe up`'s own end is in `make test`",
    ),
    Slow(
        "integration/command/test_lifecycle.py::test_up_stays_until_ctrl_c",
        "a second `loupe up` finds all as it was",
        "deploys all stacks",
    ),
    Slow(
        "integration/command/test_lifecycle.py::test_killed_it_takes",
        "`loupe up` killed takes its cloud along",
        "starts a local cloud",
    ),
    Slow(
        "integration/command/test_lifecycle.py::test_interrupted_on_its_way_up_it_leaves_no_process_and_no_port[15]",
        "SIGTERM ends `loupe up` as Ctrl-C does",
        "starts a local cloud; Ctrl-C's is in `make test`",
    ),
    Slow(
        "integration/command/test_lifecycle.py::test_interrupted_on_its_way_up_it_leaves_no_process_and_no_port[1]",
        "a closed terminal ends `loupe up` as Ctrl-C does",
        "starts a local cloud; Ctrl-C's is in `make test`",
    ),
    Slow(
        "integration/command/test_command.py::test_a_second_detached_up",
        "a second `loupe up` deploys nothing anew",
        "goes through all stacks; unit tests hold the comparison",
    ),
    Slow(
        "integration/workflow/test_permissions.py",
        "each statement of a role is needed",
        "takes each away in turn",
    ),
    Slow("integration/workflow/test_scale.py", "hundreds at once", "hundreds of executions"),
    Slow("integration/workflow/test_express.py", "the definition as an Express one", "a stack of its own"),
    Slow(
        "integration/workflow/test_faults.py::test_each_upload",
        "every call with every fault",
        "hours for all rows",
    ),
    Slow("integration/workflow/test_other_models.py", "another model without code", "hosts MobileNet"),
    Slow(
        "integration/workflow/test_endpoint_faults.py::test_a_model_that_answers_500",
        "a failing model is tried four times",
        "waits between attempts; workflow tests hold the retries",
    ),
    Slow(
        "integration/workflow/test_endpoint_faults.py::test_a_throttled_endpoint",
        "a throttled endpoint is tried again",
        "waits between attempts; workflow tests hold the retries",
    ),
    Slow(
        "integration/workflow/test_uploads.py::test_the_schedule_of_finalize_images",
        "EventBridge's schedule reaches the function",
        "waits for a minute to pass",
    ),
    Slow(
        "integration/workflow/test_uploads.py::test_the_same_event_ten_times",
        "ten deliveries of one event at once are one picture",
        "twenty executions; workflow tests hold the claim",
    ),
    Slow(
        "integration/workflow/test_uploads.py::test_an_aborted_execution_that_nobody",
        "an aborted execution is recorded and notified",
        "waits for a lease to end; workflow tests hold the outcome",
    ),
    Slow(
        "integration/functions/test_built_layers.py",
        "layers' sizes and contents as built for Lambda",
        "builds them",
    ),
    Slow(
        "integration/functions/test_sam_cli.py::test_local_invoke",
        "`sam local invoke`",
        "needs a container engine",
    ),
    Slow("integration/container/test_engine.py", "images, built and run", "needs a container engine"),
    Slow(
        "integration/container/test_container_stack.py", "the container stack deployed", "a stack of its own"
    ),
    Slow("integration/states/test_restart.py", "a stop aborts what runs", "starts the local cloud twice"),
    Slow(
        "integration/states/test_jobs.py::test_a_service_that_does_not_answer",
        "a service that is away is an SdkClientException",
        "starts another local cloud",
    ),
    Slow(
        "unit/test_policies.py::test_a_templates_policies_are_fine_in_every_partition",
        "parliament finds nothing in any policy",
        "renders each template six times; `make check` holds it too",
    ),
    Slow(
        "unit/model/test_photos.py::test_the_temperature",
        "the photo model's temperature",
        "needs private photos",
    ),
    Slow(
        "unit/formats/test_fuzz.py::test_ten_minutes",
        "ten minutes of changed headers",
        "ten minutes by its nature",
    ),
    Slow("web/test_review.py::test_thirty_pictures", "thirty reviews by keyboard", "the others answer a few"),
    Slow(
        "web/test_loading.py::test_gallery_of_two_thousand",
        "a gallery of two thousand",
        "three quarters of a minute",
    ),
    Slow(
        "web/test_hosting.py::test_stale_file",
        "a second deployment removes stale files",
        "builds the page again",
    ),
    Slow(
        "integration/sagemaker",
        "the local SageMaker answers as AWS does",
        "hosts dozens of models; what the stacks need of it, their own tests show",
    ),
    Slow(
        "integration/rekognition",
        "the local Rekognition answers as AWS does",
        "detects faces in dozens of photos; what the stacks need of it, their own tests show",
    ),
    Slow(
        "integration/states/test_distributed_map.py",
        "the local Distributed Map does as AWS says",
        "batches are slow tests, too; workflow tests hold what batches make of it",
    ),
    Slow(
        "integration/states/test_map_runs.py",
        "map runs, their counts and redrive, as AWS says",
        "batches are slow tests, too; workflow tests hold what batches make of it",
    ),
    Slow(
        "integration/model/test_server.py",
        "the model server's answers, and its end",
        "starts it a dozen times; unit tests hold what it answers",
    ),
    Slow(
        "integration/local/test_lambda_runtime.py::test_calls_that_get_no_worker",
        "a function out of workers throttles",
        "waits for busy workers",
    ),
    Slow(
        "integration/local/test_lambda_runtime.py::test_asynchronous_invocations_wait_out_a_burst",
        "asynchronous calls wait out a burst",
        "waits for busy workers",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_the_state_is_for_its_user_alone",
        "files of the local cloud are their user's alone",
        "starts a local cloud; unit tests hold the mask",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_killed_hard_it_takes",
        "a local cloud killed hard takes its processes along",
        "starts a local cloud",
    ),
    Slow(
        "integration/local/test_lifecycle.py::test_while_it_starts",
        "a second local cloud is refused while one starts",
        "starts a local cloud",
    ),
    Slow(
        "integration/command/test_command.py::test_logs_tell",
        "`loupe logs` shows functions and the workflow",
        "waits for logs; unit tests hold what is shown",
    ),
    Slow(
        "integration/command/test_command.py::test_ctrl_c_ends_a_watch",
        "Ctrl-C ends `loupe classify --watch`",
        "waits for pictures; unit tests hold the watch",
    ),
    Slow(
        "integration/command/test_model.py::test_a_server_that_answers_otherwise",
        "a model that fails its check leaves nothing",
        "hosts a model; the other refusal is in `make test`",
    ),
    Slow(
        "integration/functions/test_sam_cli.py::test_remote_invoke",
        "`sam remote invoke`",
        "a quarter of a minute for each start of the SAM CLI",
    ),
    Slow(
        "integration/workflow/test_uploads.py::test_every_picture_ends_once_where_all_status_events",
        "pictures end where every status event is lost",
        "half a minute of executions; workflow tests hold the outcomes",
    ),
    Slow(
        "integration/api/test_pictures.py::test_a_gallery_of_many_pictures",
        "a gallery pages in order",
        "makes dozens of pictures; unit tests hold the paging",
    ),
    Slow(
        "integration/api/test_safe_fetch.py::test_whatever_bytes_come",
        "a fetch takes any bytes for a picture or refuses them",
        "sixty servers; unit tests hold the parsing",
    ),
    Slow(
        "workflow/test_train_model_sizes.py::test_the_payloads_of_an_import",
        "an import's payloads do not grow with its objects",
        "imports thousands of objects",
    ),
    Slow(
        "unit/api/test_found_images.py::test_a_hundred_thousand_records",
        "a hundred thousand records are listed with bounded reads",
        "makes a hundred thousand records",
    ),
    Slow(
        "web/test_access.py::test_axe_finds_nothing_serious[phone in dark]",
        "axe, on a phone in the dark",
        "the desktop's in light is in `make test`",
    ),
    Slow(
        "web/test_access.py::test_narrow_window_never_scrolls_sideways[320]",
        "no page is wider than 320 px",
        "390 px are in `make test`",
    ),
    Slow(
        "web/test_access.py::test_narrow_window_never_scrolls_sideways_where_members_are[390]",
        "no page for members is wider than 390 px",
        "320 px are in `make test`",
    ),
    Slow(
        "web/test_gallery.py::test_badges_of_cards_collide_with_nothing[1280]",
        "badges collide with nothing on a desktop",
        "the phone's are in `make test`",
    ),
    Slow(
        "web/test_gallery.py::test_of_more_groups_than_a_page",
        "sixty-one groups, the newest first",
        "the API's unit tests hold the order",
    ),
    Slow(
        "web/test_access.py::test_menu_of_a_group_stays_beside_its_title[1280]",
        "a group's menu stays in place on a desktop",
        "the phone's is in `make test`",
    ),
    Slow(
        "web/test_operating.py::test_operator_sees_how_the_stack_does[phone]",
        "operators' page on a phone",
        "the desktop's is in `make test`",
    ),
    Slow(
        "web/test_operating.py::test_runs_are_listed_followed_and_their_reports_opened[phone]",
        "batch runs on a phone",
        "the desktop's are in `make test`",
    ),
    Slow(
        "web/test_operating.py::test_reviewer_sees_how_good_the_model_is[phone]",
        "quality on a phone",
        "the desktop's is in `make test`",
    ),
    Slow(
        "web/test_operating.py::test_header_of_who_has_every_page_fits_a_phone[360]",
        "the header on 360 px",
        "320 px are in `make test`",
    ),
    Slow(
        "web/test_model.py::test_card_says_what_the_model_is_and_its_labels_are_searched[phone]",
        "the model's card on a phone",
        "the desktop's is in `make test`",
    ),
    Slow(
        "web/test_uploads.py::test_upload_that_finds_the_storage_busy",
        "an upload waits out a busy storage",
        "waits; the page's own tests hold it",
    ),
    Slow(
        "web/test_uploads.py::test_preview_is_small",
        "previews are small however large the picture",
        "makes a huge picture",
    ),
    Slow(
        "web/test_loading.py::test_api_that_is_down",
        "an API that is down is asked again",
        "waits; the page's own tests hold it",
    ),
    Slow(
        "unit/model/test_head.py::test_it_is_at_least_as_good_as_nearest_centroid",
        "few pictures: at least as good as the nearest centroid",
        "fits twenty heads; `make bench PARTS=training` measures it on real pictures",
    ),
    Slow(
        "unit/model/test_digits_artifact.py::test_the_pictures_are_the_ones",
        "the digits' pictures are what their script writes",
        "writes them all anew",
    ),
    Slow(
        "unit/layers/test_memory.py::test_a_large_picture_fits_a_small_worker[48 MP GIF]",
        "a GIF of 48 megapixels fits",
        "seconds to write it; other formats are in `make test`",
    ),
    Slow(
        "unit/layers/test_memory.py::test_a_large_picture_fits_a_small_worker[48 MP TIFF of 16 bits]",
        "a TIFF of 48 megapixels fits",
        "seconds to write it; other formats are in `make test`",
    ),
    Slow(
        "unit/layers/test_memory.py::test_a_large_picture_fits_a_small_worker[48 MP WebP]",
        "a WebP of 48 megapixels fits",
        "seconds to write it; other formats are in `make test`",
    ),
    Slow(
        "unit/api/test_groups.py::test_a_group_of_more_than_a_page",
        "a group of more than a page of images is deleted whole",
        "makes a page of images",
    ),
    Slow(
        "integration/workflow/test_endpoint_faults.py::test_an_absent_endpoint",
        "an absent endpoint fails at once",
        "a quarter of a minute; workflow tests hold that it is not tried again",
    ),
    Slow(
        "web/test_session.py::test_each_refusal_has_its_own_words[429",
        "too many requests are said in their own words",
        "waits; the page's own tests hold the words",
    ),
    Slow(
        "web/test_session.py::test_each_refusal_has_its_own_words[503",
        "a busy API is said in its own words",
        "waits; the page's own tests hold the words",
    ),
)


def why_slow(test: str) -> str | None:
    """Why a test is slow, by its id below `tests/`, or None where it isn't."""
    for each in SLOW:
        rest = test.removeprefix(each.tests)
        # A folder is not another whose name begins like it.
        if rest != test and ("::" in each.tests or rest[:1] in ("", "/", ":")):
            return each.why
    return None


def table() -> str:
    """In Markdown."""
    rows = [f"| {each.claim} | `{each.tests}` | {each.why} |" for each in sorted(SLOW)]
    return "\n".join(["| claim | below `tests/` | why it is slow |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(table())
