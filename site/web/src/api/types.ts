/** The API's shapes, as it sends them. */

export type ImageStatus = "RECEIVED" | "IN_REVIEW" | "CLASSIFIED" | "REJECTED" | "FAILED";

export type UploadStatus = "AWAITED" | "NOT_UPLOADED" | "UPLOADED";

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
  /** In percent, as Rekognition gives it. */
  confidence: number;
}

export interface ImageFailure {
  name: string;
  cause: string;
}

export interface ImageRecord {
  imageId: string;
  status: ImageStatus;
  /** NOT_UPLOADED: it was announced, and no file came while the form was good. Its owner alone sees it. */
  uploadStatus?: UploadStatus;
  /** An execution has taken the picture up and hasn't ended yet. */
  classifying?: boolean | null;
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
  /** Who gave the label; absent where the API doesn't say. */
  labelledBy?: "model" | "person" | null;
  /** The original for its owner; for others the largest copy. */
  imageUrl?: string | null;
  annotatedUrl?: string | null;
  /** Copies without metadata: a JPEG of 2,048 pixels, WebPs of 640 and 320. */
  displayUrl?: string | null;
  previewUrl?: string | null;
  thumbnailUrl?: string | null;
}

/** Listed; seen by whoever has the link; its owner's alone. */
export type Visibility = "public" | "link" | "private";

export interface Group {
  id: string;
  name: string;
  description?: string | null;
  ownerId?: string | null;
  createdAt: string;
  visibility?: Visibility | null;
}

export interface HistoryItem {
  state: string;
  status: string;
  enteredAt: string;
  exitedAt?: string | null;
  retries?: number;
  error?: ImageFailure | null;
}

/** What the API is told of a picture that is about to be uploaded. */
export interface ImageAnnouncement {
  title: string;
  fileName: string;
  contentType: string;
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

/** A picture that waits for a person; `guess` is empty unless it was asked for. */
export interface Review {
  reviewId: string;
  imageId: string;
  fileName: string;
  imageUrl?: string | null;
  createdAt: string;
  expiresAt: string;
  leaseUntil: string;
  guess: Prediction[];
}

export interface ReviewSummary {
  waiting: number;
  labels: string[];
}

export interface ReviewNext {
  result: Review | null;
  waiting: number;
}

export type ReviewChoice = "LABEL" | "NONE" | "UNUSABLE";

/** What a person says of a picture. */
export interface ReviewAnswer {
  choice: ReviewChoice;
  label: string;
  guessShown: boolean;
  seconds: number | null;
}

export interface ReviewAnswered {
  guess: Prediction[];
  undoUntil: string;
}

/** What the model says of a picture that is kept nowhere: labels, best first, and their probabilities. */
export interface Classification {
  top5: string[];
  prob5: number[];
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
