import { Download, FolderDown, FolderInput, RotateCcw, Trash2, X } from "lucide-react";
import { type Dispatch, type SetStateAction, useState } from "react";
import { useDeleteImage, useMoveImage, useRetryImage } from "../api/changes";
import { useConfig } from "../api/context";
import type { ImageRecord } from "../api/types";
import { useSession } from "../auth/session";
import { Button, IconButton } from "../ui/Button";
import { LateDialog, late } from "../ui/later";
import { Confirm } from "../ui/Modal";
import { notify } from "../ui/notify";
import { AgainDialog } from "./AgainDialog";
import { pictureAt, saveBlob, saveText } from "./download";
import { csvOf, jsonOf } from "./export";
import { count, integer } from "./format";
import { isSettled } from "./phase";
import styles from "./SelectionBar.module.css";
import { isLesson, trainingFolder } from "./training_folder";

const MoveDialog = late(async () => (await import("./MoveDialog")).MoveDialog);

interface Props {
  images: ImageRecord[];
  selected: ReadonlySet<string>;
  setSelected: Dispatch<SetStateAction<ReadonlySet<string> | null>>;
}

/** What was done is no longer selected; what could not be, and what was chosen meanwhile, still is. */
export function without(selected: ReadonlySet<string>, over: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...selected].filter((imageId) => !over.has(imageId)));
}

/** What can be done with several pictures at once. */
export function SelectionBar({ images, selected, setSelected }: Props) {
  const session = useSession();
  const chosen = images.filter((image) => selected.has(image.imageId));
  const own = chosen.filter(session.owns);
  const settled = own.filter(isSettled);
  const remove = useDeleteImage();
  const retry = useRetryImage();
  const move = useMoveImage();
  const config = useConfig();
  const [asking, setAsking] = useState<"delete" | "again" | "move" | null>(null);
  const [busy, setBusy] = useState(false);
  const [progress, setProgress] = useState("");

  /** One after another: the service is asked no faster than a person would. */
  const each = async (wanted: ImageRecord[], act: (image: ImageRecord) => Promise<unknown>, done: string) => {
    setBusy(true);
    const over = new Set<string>();
    const reasons = new Set<string>();
    for (const [index, image] of wanted.entries()) {
      setProgress(`${integer(index + 1)} of ${integer(wanted.length)}`);
      await act(image).then(
        () => over.add(image.imageId),
        (error: Error) => reasons.add(error.message),
      );
    }
    setBusy(false);
    setAsking(null);
    setSelected((now) => now && without(now, over));
    const failures = wanted.length - over.size;
    const description =
      failures > 0 ? `${count(failures, "picture")} couldn't be: ${[...reasons].join(" ")}` : undefined;
    notify({ title: `${count(over.size, "picture")} ${done}`, ...(description ? { description } : {}) });
  };
  const saveFolder = async () => {
    setBusy(true);
    const { archive, pictures } = await trainingFolder(chosen, pictureAt).finally(() => setBusy(false));
    if (pictures > 0) saveBlob(archive, "training.zip");
    const left = chosen.length - pictures;
    const description =
      left > 0 ? `${count(left, "picture")} left out: no accepted label, or not to be had.` : undefined;
    notify({ title: `${count(pictures, "picture")} in the folder`, ...(description ? { description } : {}) });
  };
  return (
    <section className={styles.bar} aria-label="Selection">
      <p role="status">{count(chosen.length, "picture")} selected</p>
      <Button small look="quiet" onClick={() => setSelected(new Set(images.map((image) => image.imageId)))}>
        Select all {integer(images.length)}
      </Button>
      <span className={styles.actions}>
        <Button
          small
          icon={<Download aria-hidden="true" />}
          disabled={chosen.length === 0}
          onClick={() => saveText(csvOf(chosen), "text/csv", "pictures.csv")}
        >
          CSV
        </Button>
        <Button
          small
          icon={<Download aria-hidden="true" />}
          disabled={chosen.length === 0}
          onClick={() => saveText(jsonOf(chosen), "application/json", "pictures.json")}
        >
          JSON
        </Button>
        <Button
          small
          icon={<FolderDown aria-hidden="true" />}
          disabled={busy || !chosen.some(isLesson)}
          title="The pictures in folders by label, for loupe train"
          onClick={() => void saveFolder()}
        >
          Training folder
        </Button>
        {session.isSignedIn && (
          <>
            <Button
              small
              icon={<RotateCcw aria-hidden="true" />}
              disabled={busy || settled.length === 0}
              onClick={() => setAsking("again")}
            >
              Classify again…
            </Button>
            <Button
              small
              icon={<FolderInput aria-hidden="true" />}
              disabled={busy || own.length === 0}
              onClick={() => setAsking("move")}
            >
              Move…
            </Button>
            <Button
              small
              icon={<Trash2 aria-hidden="true" />}
              disabled={busy || own.length === 0}
              onClick={() => setAsking("delete")}
            >
              Delete…
            </Button>
          </>
        )}
        <IconButton label="Leave selection" onClick={() => setSelected(null)}>
          <X aria-hidden="true" />
        </IconButton>
      </span>
      {asking === "again" && (
        <AgainDialog
          pictures={settled.length}
          usual={config.threshold}
          again={(threshold) => each(settled, (image) => retry.mutateAsync({ image, threshold }), "classified again")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "move" && (
        <LateDialog onClose={() => setAsking(null)}>
          <MoveDialog
            pictures={own}
            note={own.length < chosen.length ? `The other ${chosen.length - own.length} aren't yours, and stay.` : ""}
            doing={`Moving ${progress}…`}
            move={(group) =>
              each(own, (image) => move.mutateAsync({ image, groupId: group.id }), `moved to “${group.name}”`)
            }
            onClose={() => setAsking(null)}
          />
        </LateDialog>
      )}
      <Confirm
        open={asking === "delete"}
        onOpenChange={(open) => setAsking(open ? "delete" : null)}
        title={`Delete ${count(own.length, "picture")}?`}
        action={`Delete ${count(own.length, "picture")}`}
        busy={busy}
        problem={null}
        onConfirm={() => void each(own, (image) => remove.mutateAsync(image), "deleted")}
      >
        They go for good, with their annotated copies and all that was found in them. This can't be undone.
        {own.length < chosen.length && ` The other ${chosen.length - own.length} aren't yours, and stay.`}
      </Confirm>
    </section>
  );
}
