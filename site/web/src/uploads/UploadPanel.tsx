import { FolderOpen, ImagePlus } from "lucide-react";
import { type ChangeEvent, useMemo, useRef } from "react";
import type { ImageRecord } from "../api/types";
import { count } from "../pictures/format";
import { Button } from "../ui/Button";
import { useDragging, useDropTarget } from "../ui/drops";
import { notify } from "../ui/notify";
import { ACCEPTED } from "./checks";
import { chosenFiles, droppedFiles, type PickedFile, picked } from "./picked";
import { UploadRow } from "./UploadRow";
import { useUploadItems, useUploads } from "./UploadsProvider";
import styles from "./uploads.module.css";

interface Props {
  groupId: string;
  /** The group's pictures as far as they are known. */
  images: ImageRecord[];
  isFirst: boolean;
}

/** Chooses pictures and folders by dialog, by dropping anywhere on the page, or by pasting; lists them. */
export function UploadPanel({ groupId, images, isFirst }: Props) {
  const queue = useUploads();
  const items = useUploadItems(groupId);
  const dragging = useDragging();
  const records = useMemo(() => new Map(images.map((image) => [image.imageId, image])), [images]);

  const add = (found: PickedFile[]) => {
    const { files, ignored } = picked(found);
    queue.stage(groupId, files);
    if (ignored > 0) notify({ title: `${count(ignored, "file")} of the folder left out`, description: "No pictures." });
  };
  useDropTarget("Drop to add to this group", (transfer) => {
    droppedFiles(transfer).then(add, () => notify({ title: "Nothing was added", description: "It can't be read." }));
  });

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
        <Choosers add={add} />
        <p className={styles.hint}>JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, up to 25 MB each</p>
      </div>
      {items.length > 0 && (
        <ul className={styles.rows}>
          {items.map((item) => (
            <UploadRow key={item.key} item={item} record={records.get(item.imageId ?? "") ?? null} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Choosers({ add }: { add: (found: PickedFile[]) => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    add(chosenFiles(event.target.files));
    event.target.value = "";
  };
  const shared = { type: "file", className: "visually-hidden", tabIndex: -1, multiple: true, onChange } as const;
  return (
    <p>
      <Button small onClick={() => files.current?.click()}>
        Choose pictures
      </Button>
      <Button
        small
        look="quiet"
        icon={<FolderOpen aria-hidden="true" />}
        className={styles.folder}
        onClick={() => folder.current?.click()}
      >
        Choose a folder
      </Button>
      <span>or drop them here</span>
      <input ref={files} aria-label="Pictures to add" accept={ACCEPTED.join(",")} {...shared} />
      <input ref={folder} aria-label="Folder of pictures to add" {...shared} {...{ webkitdirectory: "" }} />
    </p>
  );
}
