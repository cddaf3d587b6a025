import { memo } from "react";
import { Link } from "react-router";
import { useHistory, useImage } from "../api/queries";
import type { ImageRecord } from "../api/types";
import { Preview } from "../uploads/Preview";
import { useUploadOf } from "../uploads/UploadsProvider";
import { percent } from "./format";
import { PhaseBadge } from "./PhaseBadge";
import { type Phase, currentState, isSettled, phaseOf } from "./phase";
import { PictureImage } from "./PictureImage";
import styles from "./PictureCard.module.css";

/** A picture in the gallery. While it is on its way it asks for its own news. */
export const PictureCard = memo(function PictureCard({ image }: { image: ImageRecord }) {
  const pending = !isSettled(image);
  const live = useImage(image.imageId, { enabled: pending, known: image });
  const record = pending ? (live.data ?? image) : image;
  const upload = useUploadOf(image.imageId);
  const moving = pending && !isSettled(record) && upload?.stage !== "uploading";
  const history = useHistory(image.imageId, { enabled: moving, live: true });
  const phase: Phase = pending && upload?.stage === "uploading" ? "uploading" : phaseOf(record, history.data);
  const title = record.title || "Untitled";

  return (
    <Link to={`/images/${encodeURIComponent(image.imageId)}`} className={styles.card} data-phase={phase}>
      <span className={styles.frame}>
        {upload && !isSettled(record) ? <Preview file={upload.file} /> : <PictureImage image={record} />}
        {phase !== "done" && (
          <span className={styles.badge}>
            <PhaseBadge phase={phase} />
          </span>
        )}
      </span>
      <span className={styles.caption}>
        <span className={styles.title}>{title}</span>
        <span className={styles.answer}>
          <Answer record={record} phase={phase} running={currentState(history.data)} />
        </span>
      </span>
    </Link>
  );
});

function Answer({ record, phase, running }: { record: ImageRecord; phase: Phase; running: string | null }) {
  if (record.label && typeof record.confidence === "number" && isSettled(record)) {
    return (
      <>
        <span className={styles.label}>{record.label}</span>{" "}
        <span className="tabular">{percent(record.confidence)}</span>
      </>
    );
  }
  switch (phase) {
    case "classifying":
      return running ?? "Being classified";
    case "uploading":
      return "On its way";
    case "uploaded":
      return "Waiting to be classified";
    default:
      return "No result";
  }
}
