import { imageType } from "../uploads/checks";
import { ApiError } from "./client";
import type { PresignedUpload } from "./types";

/** The form S3 expects: the signed fields first, the file last. */
export function uploadForm(upload: PresignedUpload, file: File): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  const signsType = Object.keys(upload.fields).some((name) => name.toLowerCase() === "content-type");
  const type = imageType(file);
  if (!signsType && type !== null) form.append("Content-Type", type);
  form.append("file", file);
  return form;
}

/** S3 answers errors in XML: `<Error><Code>…</Code><Message>…</Message></Error>`. */
export function uploadProblem(status: number, answer: string): string {
  const code = /<Code>([^<]+)<\/Code>/.exec(answer)?.[1];
  switch (code) {
    case "EntityTooLarge":
      return "The picture is too large.";
    case "EntityTooSmall":
      return "The file is empty.";
    case "AccessDenied":
      return "The permission to upload has run out.";
    default:
      return status === 0 ? "The connection broke." : `The storage refused the upload (${code ?? status}).`;
  }
}

/**
 * Posts a file by XMLHttpRequest, which, unlike fetch, tells how far an upload is.
 * `onProgress` gets 0 to 1. Rejects with ApiError, or AbortError when `signal` fires.
 */
export function sendFile(
  upload: PresignedUpload,
  file: File,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (status: number) => reject(new ApiError(status, uploadProblem(status, request.responseText)));
    request.open("POST", upload.url);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onload = () => (request.status >= 200 && request.status < 300 ? resolve() : fail(request.status));
    request.onerror = () => fail(0);
    request.ontimeout = () => fail(0);
    request.onabort = () => reject(new DOMException("The upload was cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(uploadForm(upload, file));
  });
}
