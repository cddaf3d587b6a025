/** The API's shapes, as it sends them. */

export type ImageStatus = "RECEIVED" | "CLASSIFIED" | "REJECTED" | "FAILED";

export interface Prediction {
  label: string;
  score: number;
}

/** Parts of the picture's width and height, 0 to 1. */
export interface BoundingBox {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Face {
  boundingBox: BoundingBox;
  confidence: number;
}

export interface ImageFailure {
  name: string;
  cause: string;
}

export interface ImageRecord {
  imageId: string;
  status: ImageStatus;
  label?: string | null;
  confidence?: number | null;
  threshold?: number | null;
  predictions?: Prediction[] | null;
  faceDetected?: boolean | null;
  faces?: Face[] | null;
  title?: string | null;
  groupId?: string | null;
  ownerId?: string | null;
  error?: ImageFailure | null;
  createdAt: string;
  updatedAt?: string | null;
  imageUrl?: string | null;
  processedUrl?: string | null;
}

export interface Group {
  id: string;
  name: string;
  description?: string | null;
  ownerId?: string | null;
  createdAt: string;
}

export interface HistoryItem {
  state: string;
  status: string;
  startedAt: string;
  endedAt?: string | null;
  error?: ImageFailure | string | null;
}

/** A presigned POST: the fields go before the file in a multipart form. */
export interface PresignedUpload {
  url: string;
  fields: Record<string, string>;
}

export interface NewImage {
  newItem: ImageRecord;
  upload: PresignedUpload;
}

export interface Page<Item> {
  items: Item[];
  nextToken: string | null;
}

export interface Mail {
  to: string;
  subject: string;
  body: string;
  receivedAt: string;
}
