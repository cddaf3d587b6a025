import { memo } from "react";
import { Link } from "react-router";
import { useImage } from "../api/queries";
import type { ImageRecord } from "../api/types";
import { Preview } from "../uploads/Preview";
import { useUploadOf } from "../uploads/UploadsProvider";
import { percent } from "./format";
import { PhaseBadge } from "./PhaseBadge";
import styles from "./PictureCard.module.css";
import { PictureImage } from "./PictureImage";
import { isSettled, type Phase, phaseOf, phaseWithUpload } from "./phase";

interface Props {
  image: ImageRecord;
  alone: boolean;
  /** Null while nothing is being selected. */
  selected: boolean | null;
  onToggle: (imageId: string) => void;
}

/** A picture in the gallery. The newest are kept up to date together; one that is not among them, by itself. */
export const PictureCard = memo(function PictureCard({ image, alone, selected, onToggle }: Props) {
  const pending = !isSettled(image);
  const live = useImage(image.imageId, { enabled: pending && alone, known: image });
  const record = pending && alone ? (live.data ?? image) : image;
  const upload = useUploadOf(image.imageId);
  const phase = phaseWithUpload(phaseOf(record), upload);
  const title = record.title || "Untitled";

  const content = (
    <>
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
          <Answer record={record} phase={phase} />
        </span>
      </span>
    </>
  );
  if (selected !== null) {
    return (
      <label className={styles.card} data-selected={selected}>
        <input
          type="checkbox"
          className={styles.check}
          aria-label={`Select ${title}`}
          checked={selected}
          onChange={() => onToggle(image.imageId)}
        />
        {content}
      </label>
    );
  }
  return (
    <Link to={`/images/${encodeURIComponent(image.imageId)}`} className={styles.card} data-phase={phase}>
      {content}
    </Link>
  );
});

function Answer({ record, phase }: { record: ImageRecord; phase: Phase }) {
  if (record.label && typeof record.confidence === "number" && isSettled(record)) {
    return (
      <>
        <span className={styles.label}>{record.label}</span>
        {" · "}
        <span className="tabular">{percent(record.confidence)}</span>
      </>
    );
  }
  switch (phase) {
    case "classifying":
      return "Being looked at";
    case "missing":
      return "The file never came";
    case "uploading":
      return "On its way";
    case "uploaded":
      return "Waiting to be classified";
    default:
      return "No result";
  }
}
