/** The API's shapes, made from its OpenAPI document (`npm run types`), and the few that are the page's own. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ImageRecord = Schemas["Image"];
export type ImageStatus = ImageRecord["status"];
export type ImageFailure = Schemas["ImageError"];
export type Prediction = Schemas["Prediction"];
export type BoundingBox = Schemas["BoundingBox"];
export type Face = Schemas["Face"];
export type HistoryItem = Schemas["HistoryItem"];

export type Group = Schemas["Group"];
export type GroupResult = Schemas["GroupResult"];
/** A group to make, in all its parts. */
export type NewGroup = Required<Schemas["NewGroup"]>;
/** What shall be otherwise about a group. */
export type ChangedGroup = Schemas["ChangedGroup"];
/** Who sees a group: everybody, who has its link, or nobody else. */
export type Visibility = Group["visibility"];

/** Some of the pictures that were looked for, until when was looked, and of how many they are the best. */
export type FoundPage = Page<ImageRecord> & { searchedTo: string | null; compared: number | null };

/** What the API is told of a picture that is about to be uploaded. */
export type ImageAnnouncement = Schemas["NewImage"];
export type ImageContentType = ImageAnnouncement["contentType"];

/** A presigned POST: the fields go before the file in a multipart form. */
export type PresignedUpload = Pick<Schemas["Upload"], "url" | "fields">;

export interface NewImage {
  newItem: ImageRecord;
  upload: PresignedUpload;
}

/** A picture that waits for a person; `guess` is empty unless it was asked for. */
export type Review = Schemas["Review"];
export type ReviewSummary = Schemas["ReviewSummary"];
export type ReviewNext = Schemas["ReviewNext"];
/** What a person says of a picture. */
export type ReviewAnswer = Schemas["NewAnswer"];
export type ReviewAnswered = Schemas["ReviewAnswered"];
export type ReviewChoice = ReviewAnswer["choice"];

/** How the stack does, as operators see it. */
export type OperatorFigures = Schemas["Figures"];
export type HourOfPictures = Schemas["HourOfPictures"];

/** A batch run, as operators see it. */
export type Run = Schemas["Run"];
export type RunPage = Schemas["RunPage"];
export type RunDetail = Schemas["RunDetail"];
export type RunProgress = Schemas["RunProgress"];

/** How good the model is out there, by what people answered. */
export type Quality = Schemas["Quality"];
export type ModelQuality = Schemas["ModelQuality"];
export type AuditedErrors = Pick<Quality, "audited" | "wrong" | "errorRate" | "low" | "high">;
export type DriftShift = Schemas["DriftShift"];

/** What the live model is, knows and cannot do. */
export type Model = Schemas["Model"];

/** What the model says of a picture that is kept nowhere: labels, best first, and their probabilities. */
export type Classification = Schemas["Classification"];

export interface Page<Item> {
  items: Item[];
  nextToken: string | null;
}

/** An e-mail that the local cloud caught: its inbox is no part of the API. */
export interface Mail {
  to: string;
  subject: string;
  body: string;
  receivedAt: string;
}
