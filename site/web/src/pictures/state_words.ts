/** What the workflow's states do, for somebody who knows no workflow. Nothing is decided by these. */
const WORDS: Record<string, string> = {
  "Claim Image": "Taking the picture up",
  "Serialize Image Data": "Reading the picture",
  "Route By Faces": "Are faces wanted?",
  "Detect Faces": "Looking for faces",
  "Classify Image Data": "Asking the model",
  "Annotate Image": "Writing the answer on a copy",
  "Filter Inference Data": "Comparing with the threshold",
  "Record Result": "Keeping the result",
  "Notify Success": "Sending the result",
  "Record Failure": "Keeping what went wrong",
  "Notify Failure": "Sending what went wrong",
  "Queue Outcome": "Leaving the rest for later",
  Failed: "Ended without a result",
  "Already Handled": "Already done before",
  "In Review": "Waiting for a person",
  Superseded: "A newer version has come",
};

/** A state in plain words; by its own name where there are none. */
export function stateWords(state: string): string {
  return WORDS[state] ?? state;
}
