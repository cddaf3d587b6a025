import { CloudOff, RotateCw } from "lucide-react";
import { type ChangeEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useDeleteImage } from "../api/changes";
import type { ImageRecord } from "../api/types";
import { Button } from "../ui/Button";
import { notify } from "../ui/notify";
import { ACCEPTED, fileProblem } from "../uploads/checks";
import type { UploadItem } from "../uploads/queue";
import { useUploads } from "../uploads/UploadsProvider";
import styles from "./Reason.module.css";

interface Props {
  image: ImageRecord;
  /** Its upload, if this tab has begun one. */
  upload: UploadItem | null;
}

/** A picture that was announced and whose file never came: its owner sends the file again, or removes it above. */
export function NotUploaded({ image, upload }: Props) {
  const uploads = useUploads();
  return (
    <section className={styles.reason} data-refused aria-label="Why there is no picture">
      <CloudOff aria-hidden="true" />
      <div>
        <h2>The file never came</h2>
        <p>
          {upload?.problem ?? "The upload was cut short."} Only you see this picture; within an hour it goes by itself.
        </p>
        <p className={styles.action}>
          {upload?.stage === "stopped" ? (
            <Button small icon={<RotateCw aria-hidden="true" />} onClick={() => uploads.retry(upload.key)}>
              Retry
            </Button>
          ) : (
            <SendAgain image={image} />
          )}
        </p>
      </div>
    </section>
  );
}

/** Its form is for one upload within five minutes, so the file is announced anew, and the old record goes. */
function SendAgain({ image }: { image: ImageRecord }) {
  const uploads = useUploads();
  const remove = useDeleteImage();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const groupId = image.groupId ?? "";

  const send = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file === undefined) return;
    const found = fileProblem(file);
    setProblem(found);
    if (found !== null) return;
    uploads.send(groupId, file, image.title ?? "");
    remove.mutate(image, {
      onError: (error) => notify({ title: "The old entry couldn't be removed", description: error.message }),
    });
    void navigate(`/groups/${encodeURIComponent(groupId)}`, { replace: true });
  };
  return (
    <>
      <Button small icon={<RotateCw aria-hidden="true" />} onClick={() => input.current?.click()}>
        Choose the file again
      </Button>
      <input
        ref={input}
        type="file"
        className="visually-hidden"
        aria-label="The file of this picture"
        tabIndex={-1}
        accept={ACCEPTED.join(",")}
        onChange={send}
      />
      {problem && <span role="alert">{problem}</span>}
    </>
  );
}
