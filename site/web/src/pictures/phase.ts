import type { HistoryItem, ImageRecord } from "../api/types";
import type { Stage } from "../uploads/queue";

/** Where a picture is on its way, in the words the page uses. */
export type Phase = "missing" | "uploading" | "uploaded" | "classifying" | "review" | "done" | "refused" | "failed";

export const PHASE_NAMES: Record<Phase, string> = {
  missing: "Not uploaded",
  uploading: "Uploading",
  uploaded: "Uploaded",
  classifying: "Classifying",
  review: "In review",
  done: "Done",
  refused: "Refused",
  failed: "Failed",
};

export function isSettled(image: ImageRecord): boolean {
  return image.status !== "RECEIVED";
}

/** `history` tells a picture that waits from one whose execution has begun. */
export function phaseOf(image: ImageRecord, history: HistoryItem[] | undefined = undefined): Phase {
  switch (image.status) {
    case "IN_REVIEW":
      return "review";
    case "CLASSIFIED":
      return "done";
    case "REJECTED":
      return "refused";
    case "FAILED":
      return "failed";
    default:
      if (image.classifying || (history && history.length > 0)) return "classifying";
      return image.uploadStatus === "NOT_UPLOADED" ? "missing" : "uploaded";
  }
}

/** What this tab knows of a picture's upload is newer than its record, as long as no execution has it. */
export function phaseWithUpload(phase: Phase, upload: { stage: Stage } | null): Phase {
  if (upload === null || (phase !== "missing" && phase !== "uploaded")) return phase;
  switch (upload.stage) {
    case "waiting":
    case "uploading":
      return "uploading";
    case "stopped":
      return "missing";
    default:
      return "uploaded";
  }
}

const REASONS: Record<string, { title: string; advice: string }> = {
  ThresholdConfidenceNotMetError: {
    title: "The model wasn't sure enough",
    advice: "A clearer picture, or one with less around the subject, may do better.",
  },
  UnsupportedImageError: {
    title: "This kind of file isn't supported",
    advice: "Use a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.",
  },
  CorruptImageError: {
    title: "The file is damaged",
    advice: "Export the picture again, then upload the new file.",
  },
  ImageTooLargeError: {
    title: "The picture is too large",
    advice: "It may have up to 25 MB and 50 megapixels.",
  },
  ImageNotFoundError: {
    title: "The file wasn't there",
    advice: "It may have been removed before it could be read. Upload it again.",
  },
  EndpointNotFoundError: {
    title: "There is no model to ask",
    advice: "The endpoint doesn't exist. Whoever runs Loupe has to deploy one.",
  },
  EndpointRejectedError: {
    title: "The model couldn't read this picture",
    advice: "The details below say what it answered.",
  },
  NoLabelFitsError: {
    title: "No label fits",
    advice: "A person looked at it, and the model has no label for what it shows.",
  },
  UnusableImageError: {
    title: "A person found it unusable",
    advice: "A better picture of the same may do.",
  },
  ReviewTimedOutError: {
    title: "Nobody looked at it in time",
    advice: "The model wasn't sure, and no person decided. Have it classified again.",
  },
  AccessDeniedError: {
    title: "Loupe wasn't allowed to do this",
    advice: "Whoever runs Loupe has to fix its permissions.",
  },
};

const TRANSIENT = {
  title: "The model wasn't available",
  advice: "It was asked several times. Upload the picture again later.",
};

const TRANSIENT_NAMES = new Set([
  "EndpointNotReadyError",
  "EndpointThrottledError",
  "EndpointFailedError",
  "StorageUnavailableError",
]);

/** What to tell a person about an error's name: what happened, and what to do. */
export function reasonFor(errorName: string): { title: string; advice: string } {
  if (TRANSIENT_NAMES.has(errorName)) return TRANSIENT;
  return REASONS[errorName] ?? { title: "Something went wrong", advice: "The details below say more." };
}

/** Strips the marker that the workflow puts before a threshold's message, for people. */
export function readableCause(cause: string): string {
  return cause.replace(/^THRESHOLD_CONFIDENCE_NOT_MET:?\s*/, "");
}
