import type { ImageRecord } from "../src/api/types";

/** A picture as the API shows it, with what a test says of it. */
export function imageRecord(fields: Partial<ImageRecord> = {}): ImageRecord {
  return {
    imageId: "i",
    title: "",
    status: "CLASSIFIED",
    uploadStatus: "UPLOADED",
    classifying: false,
    predictions: [],
    faces: [],
    createdAt: "2026-01-01T00:00:00Z",
    ...fields,
  };
}
