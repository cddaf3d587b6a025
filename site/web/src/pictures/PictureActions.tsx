import {
  Copy,
  Download,
  Ellipsis,
  FolderInput,
  PencilLine,
  RotateCcw,
  SlidersHorizontal,
  Trash2,
  Type,
} from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useDeleteImage, useMoveImage, useRetitleImage, useRetryImage } from "../api/changes";
import { useConfig } from "../api/context";
import type { ImageRecord } from "../api/types";
import { useSession } from "../auth/session";
import { Button, IconButton } from "../ui/Button";
import { LateDialog, late } from "../ui/later";
import { Menu, MenuItem } from "../ui/Menu";
import { Confirm } from "../ui/Modal";
import { notify } from "../ui/notify";
import { RenameDialog } from "../ui/RenameDialog";
import { MAX_TITLE } from "../uploads/checks";
import { AgainDialog } from "./AgainDialog";
import { copyLink, download, fileNameOf } from "./download";
import styles from "./PicturePage.module.css";
import { isSettled } from "./phase";

const MoveDialog = late(async () => (await import("./MoveDialog")).MoveDialog);
const CorrectDialog = late(async () => (await import("./CorrectDialog")).CorrectDialog);

/** What can be done with a picture: by everybody, by its owner, by reviewers. */
export function PictureActions({ image, title }: { image: ImageRecord; title: string }) {
  const session = useSession();
  const [deleting, setDeleting] = useState(false);
  const [correcting, setCorrecting] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const [moving, setMoving] = useState(false);
  const config = useConfig();
  const retitle = useRetitleImage();
  const move = useMoveImage();
  const retry = useRetryImage();
  const owns = session.owns(image);
  const settled = isSettled(image);
  const again = () =>
    retry.mutate(
      { image },
      { onError: (error) => notify({ title: "Not classified again", description: error.message }) },
    );
  const original = owns && image.imageUrl && image.imageUrl !== image.displayUrl ? image.imageUrl : null;
  const shown = image.displayUrl ?? (original === null ? image.imageUrl : null);
  return (
    <div className={styles.actions}>
      {(owns || session.isReviewer) && settled && (
        <Button small icon={<PencilLine aria-hidden="true" />} onClick={() => setCorrecting(true)}>
          This is wrong…
        </Button>
      )}
      {owns && settled && (
        <Button small icon={<RotateCcw aria-hidden="true" />} disabled={retry.isPending} onClick={again}>
          Classify again
        </Button>
      )}
      {owns && (
        <Button small icon={<Trash2 aria-hidden="true" />} onClick={() => setDeleting(true)}>
          Delete…
        </Button>
      )}
      <Menu
        trigger={
          <IconButton label="More about this picture">
            <Ellipsis aria-hidden="true" />
          </IconButton>
        }
      >
        <MenuItem
          icon={<Copy aria-hidden="true" />}
          onClick={() => void copyLink(`/images/${encodeURIComponent(image.imageId)}`)}
        >
          Copy link
        </MenuItem>
        {owns && settled && (
          <MenuItem icon={<Type aria-hidden="true" />} onClick={() => setRenaming(true)}>
            Rename…
          </MenuItem>
        )}
        {owns && (
          <MenuItem icon={<FolderInput aria-hidden="true" />} onClick={() => setMoving(true)}>
            Move…
          </MenuItem>
        )}
        {owns && settled && (
          <MenuItem icon={<SlidersHorizontal aria-hidden="true" />} onClick={() => setChoosing(true)}>
            Classify again with another threshold…
          </MenuItem>
        )}
        {shown && (
          <MenuItem
            icon={<Download aria-hidden="true" />}
            onClick={() => void download(shown, fileNameOf(title, ".jpg"))}
          >
            Download picture
          </MenuItem>
        )}
        {original && (
          <MenuItem
            icon={<Download aria-hidden="true" />}
            onClick={() => void download(original, fileNameOf(`${title} original`, endingOf(original)))}
          >
            Download original
          </MenuItem>
        )}
        {image.annotatedUrl && (
          <MenuItem
            icon={<Download aria-hidden="true" />}
            onClick={() => void download(image.annotatedUrl ?? "", fileNameOf(`${title} annotated`, ".jpg"))}
          >
            Download annotated
          </MenuItem>
        )}
      </Menu>
      {renaming && (
        <RenameDialog
          title="Rename picture"
          label="Title"
          value={image.title}
          max={MAX_TITLE}
          save={(text) => retitle.mutateAsync({ image, title: text })}
          onClose={() => setRenaming(false)}
        />
      )}
      {choosing && (
        <AgainDialog
          pictures={1}
          usual={config.threshold}
          again={(threshold) => retry.mutateAsync({ image, threshold })}
          onClose={() => setChoosing(false)}
        />
      )}
      {moving && (
        <LateDialog onClose={() => setMoving(false)}>
          <MoveDialog
            pictures={[image]}
            move={async (group) => {
              await move.mutateAsync({ image, groupId: group.id });
              notify({ title: `“${title}” was moved to “${group.name}”` });
            }}
            onClose={() => setMoving(false)}
          />
        </LateDialog>
      )}
      <DeletePicture image={image} title={title} open={deleting} onOpenChange={setDeleting} />
      {correcting && (
        <LateDialog onClose={() => setCorrecting(false)}>
          <CorrectDialog image={image} onClose={() => setCorrecting(false)} />
        </LateDialog>
      )}
    </div>
  );
}

/** The ending of the object's key: ".heic". */
function endingOf(url: string): string {
  return /\.[a-z0-9]{1,5}$/i.exec(new URL(url).pathname)?.[0] ?? "";
}

interface DeleteProps {
  image: ImageRecord;
  title: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function DeletePicture({ image, title, open, onOpenChange }: DeleteProps) {
  const remove = useDeleteImage();
  const navigate = useNavigate();
  const confirm = () =>
    remove.mutate(image, {
      onSuccess: () => {
        notify({ title: `“${title}” was deleted` });
        void navigate(image.groupId ? `/groups/${encodeURIComponent(image.groupId)}` : "/", { replace: true });
      },
    });
  return (
    <Confirm
      open={open}
      onOpenChange={onOpenChange}
      title={`Delete “${title}”?`}
      action="Delete picture"
      busy={remove.isPending}
      problem={remove.error?.message ?? null}
      onConfirm={confirm}
    >
      The picture goes for good, with its annotated copy and all that was found in it. This can't be undone.
    </Confirm>
  );
}
