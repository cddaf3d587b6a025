import type { Run, RunProgress } from "../api/types";
import { decimal, duration } from "../pictures/format";
import { reasonFor } from "../pictures/phase";

/** Batch runs in plain words. Pure; nothing is decided by these. */

export const RUN_STATUS: Record<Run["status"], string> = {
  RUNNING: "Running",
  SUCCEEDED: "Finished",
  FAILED: "Failed",
  TIMED_OUT: "Ran out of time",
  ABORTED: "Stopped",
  PENDING_REDRIVE: "About to go on",
};

const DOING: Record<string, string> = {
  "Plan Batch": "Planning",
  "Prepare Items": "Listing the pictures",
  "Create Endpoint Config": "Hosting the model on an endpoint of its own",
  "Create Endpoint": "Hosting the model on an endpoint of its own",
  "Wait For Endpoint": "Hosting the model on an endpoint of its own",
  "Describe Endpoint": "Hosting the model on an endpoint of its own",
  "Route By Endpoint Status": "Hosting the model on an endpoint of its own",
  "Classify Pictures": "Classifying the pictures",
  "Finish Batch": "Making the report",
  "Finalize Batch": "Cleaning up and sending the result",
};

const ERRORS: Record<string, string> = {
  ABORTED: "It was stopped",
  TIMED_OUT: "It ran out of time",
  SourceNotFoundError: "There is no such source",
  EmptySourceError: "The source has no picture",
  SourceUnreadableError: "The list can't be read",
  SourceTooLargeError: "The source has too many pictures for one run",
  HostingFailedError: "The model's endpoint didn't come up",
  ImageArchivedError: "The picture is archived",
  PictureLostError: "The picture ended the function that classifies",
  NotStartedError: "The run ended before its turn",
};

/** What an error of a run, or of its pictures, means. */
export function errorTitle(name: string): string {
  return ERRORS[name] ?? reasonFor(name).title;
}

/** What a run does at the moment; a state by its own name where there are no words for it. */
export function doing(state: string): string {
  return DOING[state] ?? (state || "Starting");
}

export function isOver(run: Run): boolean {
  return run.status !== "RUNNING" && run.status !== "PENDING_REDRIVE";
}

/** "12.3 pictures a second, about 4 min 10 s left"; null before anything can be said. */
export function pace(progress: RunProgress, now: number): string | null {
  const { total, done, failed, startedAt } = progress;
  const ended = done + failed;
  if (typeof total !== "number" || !startedAt || ended === 0) return null;
  const seconds = Math.max(0.001, (now - new Date(startedAt).getTime()) / 1000);
  const rate = ended / seconds;
  const said = `${decimal(rate, rate < 10 ? 1 : 0)} pictures a second`;
  return total > ended ? `${said}, about ${duration(((total - ended) / rate) * 1000)} left` : said;
}

/** How long a run took, or has been running. */
export function took(run: Run, now: number): string {
  const until = run.endedAt ? new Date(run.endedAt).getTime() : now;
  return duration(Math.max(0, until - new Date(run.startedAt).getTime()));
}
