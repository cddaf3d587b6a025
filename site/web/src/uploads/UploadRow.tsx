import { RotateCw, X } from "lucide-react";
import { memo } from "react";
import { Link } from "react-router";
import type { ImageRecord } from "../api/types";
import { fileSize, percent } from "../pictures/format";
import { PhaseBadge } from "../pictures/PhaseBadge";
import { phaseOf } from "../pictures/phase";
import { Button, IconButton } from "../ui/Button";
import { Preview } from "./Preview";
import type { UploadItem } from "./queue";
import { useUploads } from "./UploadsProvider";
import styles from "./uploads.module.css";

/** `record` is the uploaded picture as the group's list has it. */
export const UploadRow = memo(function UploadRow({ item, record }: { item: UploadItem; record: ImageRecord | null }) {
  const queue = useUploads();
  return (
    <li className={styles.row} data-stage={item.stage}>
      <span className={styles.thumb}>
        <Preview file={item.file} />
      </span>
      <div className={styles.rowText}>
        {item.stage === "staged" ? (
          <input
            aria-label={`Title of ${item.file.name}`}
            value={item.title}
            aria-invalid={item.problem !== null}
            onChange={(event) => queue.rename(item.key, event.target.value)}
          />
        ) : (
          <RowTitle item={item} />
        )}
        <RowDetail item={item} />
      </div>
      <div className={styles.rowEnd}>
        {item.stage === "sent" && <SentState record={record} />}
        {item.stage === "stopped" && (
          <Button small icon={<RotateCw aria-hidden="true" />} onClick={() => queue.retry(item.key)}>
            Retry
          </Button>
        )}
        {item.stage === "duplicate" && (
          <Button small look="quiet" onClick={() => queue.keep(item.key)}>
            Take it too
          </Button>
        )}
        {item.stage !== "sent" && (
          <IconButton
            label={item.stage === "uploading" ? `Cancel ${item.title}` : `Remove ${item.title}`}
            onClick={() => queue.remove(item.key)}
          >
            <X aria-hidden="true" />
          </IconButton>
        )}
      </div>
    </li>
  );
});

function RowTitle({ item }: { item: UploadItem }) {
  if (item.stage !== "sent" || item.imageId === null) return <span className={styles.rowTitle}>{item.title}</span>;
  return (
    <Link className={styles.rowTitle} to={`/images/${encodeURIComponent(item.imageId)}`}>
      {item.title}
    </Link>
  );
}

function RowDetail({ item }: { item: UploadItem }) {
  if (item.stage === "uploading") {
    return (
      <span className={styles.progress}>
        <progress max={1} value={item.progress} aria-label={`Uploading ${item.title}`} />
        <span className="tabular">{percent(Math.floor(item.progress * 100) / 100)}</span>
      </span>
    );
  }
  if (item.problem !== null) {
    return (
      <span className={styles.rowProblem} role="alert">
        {item.problem}
      </span>
    );
  }
  return (
    <span className={styles.rowNote}>
      {item.stage === "waiting" ? "Waiting for its turn" : `${item.file.name}, ${fileSize(item.file.size)}`}
    </span>
  );
}

/** What became of an uploaded picture; null as long as the group's list hasn't got it. */
function SentState({ record }: { record: ImageRecord | null }) {
  if (record === null) return <PhaseBadge phase="uploaded" />;
  const { label, confidence } = record;
  return (
    <>
      {label && typeof confidence === "number" && (
        <span className={styles.answer}>
          {label} · <span className="tabular">{percent(confidence)}</span>
        </span>
      )}
      <PhaseBadge phase={phaseOf(record)} />
    </>
  );
}
