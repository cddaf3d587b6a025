import { ImagePlus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ImageRecord } from "../api/types";
import { count } from "../pictures/format";
import { Button } from "../ui/Button";
import { ACCEPTED } from "./checks";
import { UploadRow } from "./UploadRow";
import { useUploadItems, useUploads } from "./UploadsProvider";
import styles from "./uploads.module.css";

interface Props {
  groupId: string;
  /** The group's pictures as far as they are known. */
  images: ImageRecord[];
  isFirst: boolean;
}

/** Chooses pictures by dialog, by dropping anywhere on the page, or by pasting; lists them; sends them. */
export function UploadPanel({ groupId, images, isFirst }: Props) {
  const queue = useUploads();
  const items = useUploadItems(groupId);
  const input = useRef<HTMLInputElement>(null);
  const add = (files: readonly File[]) => queue.stage(groupId, files);
  const dragging = useDroppedFiles(add);

  const staged = items.filter((item) => item.stage === "staged").length;
  const under = items.filter((item) => item.stage === "waiting" || item.stage === "uploading").length;
  const sent = items.filter((item) => item.stage === "sent").length;
  const leftovers = items.filter((item) => item.stage === "sent" || item.stage === "invalid");

  return (
    <section aria-label="Add pictures" className={styles.panel}>
      <div
        className={styles.zone}
        data-dragging={dragging}
        data-size={items.length > 0 ? "slim" : isFirst ? "roomy" : "usual"}
      >
        <ImagePlus aria-hidden="true" />
        {isFirst && items.length === 0 && (
          <div className={styles.invitation}>
            <h2>Add the first pictures</h2>
            <p>Each one is classified as soon as it has arrived.</p>
          </div>
        )}
        <p>
          <Button small onClick={() => input.current?.click()}>
            Choose pictures
          </Button>
          <span>or drop them here</span>
        </p>
        <p className={styles.hint}>JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, up to 25 MB each</p>
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          aria-label="Pictures to add"
          tabIndex={-1}
          accept={ACCEPTED.join(",")}
          multiple
          onChange={(event) => {
            add([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </div>
      {items.length > 0 && (
        <ul className={styles.rows}>
          {items.map((item) => (
            <UploadRow
              key={item.key}
              item={item}
              record={images.find((image) => image.imageId === item.imageId) ?? null}
            />
          ))}
        </ul>
      )}
      {(staged > 0 || leftovers.length > 0) && (
        <div className={styles.actions}>
          {leftovers.length > 0 && under === 0 && (
            <Button look="quiet" onClick={() => leftovers.forEach((item) => void queue.remove(item.key))}>
              Clear the list
            </Button>
          )}
          {staged > 0 && (
            <Button look="primary" onClick={() => queue.start(groupId)}>
              Upload {count(staged, "picture")}
            </Button>
          )}
        </div>
      )}
      <p className="visually-hidden" role="status">
        {under > 0 ? `${count(under, "picture")} uploading.` : sent > 0 ? `${count(sent, "picture")} uploaded.` : ""}
      </p>
    </section>
  );
}

function carriesFiles(event: { dataTransfer: DataTransfer | null }): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Files dropped or pasted anywhere in the window. Gives whether some are being dragged over it. */
function useDroppedFiles(add: (files: readonly File[]) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      setDragging(false);
      if (!carriesFiles(event)) return;
      event.preventDefault();
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) latest.current(files);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, []);
  return dragging;
}
