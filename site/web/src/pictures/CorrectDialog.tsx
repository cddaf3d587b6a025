import { useId, useState } from "react";
import { useCorrectImage } from "../api/changes";
import type { ImageRecord, ReviewChoice } from "../api/types";
import { Button } from "../ui/Button";
import { FormDialog } from "../ui/FormDialog";
import fields from "../ui/field.module.css";
import { notify } from "../ui/notify";
import styles from "./CorrectDialog.module.css";
import { score } from "./format";

const MAX_LABEL = 256;

/** Why a label can't be taken; null when it can. */
function faultIn(label: string): string | null {
  if (label === "") return "Say what it shows.";
  return label.length > MAX_LABEL ? "That is too long for a label." : null;
}

/** Somebody says that a picture's label is wrong: what it shows instead, or that it shows nothing of use. */
export function CorrectDialog({ image, onClose }: { image: ImageRecord; onClose: () => void }) {
  const [label, setLabel] = useState("");
  const correct = useCorrectImage();
  const id = useId();
  const others = (image.predictions ?? []).filter((each) => each.label !== image.label).slice(0, 4);

  const say = async (choice: ReviewChoice, said: string) => {
    await correct.mutateAsync({ image, choice, label: said });
    notify({ title: "Corrected", description: "Thank you: the next training learns from it." });
  };
  return (
    <FormDialog
      title="What does it show?"
      action={["Save", "Saving…"]}
      faultIn={() => faultIn(label.trim())}
      save={() => say("LABEL", label.trim())}
      onClose={onClose}
      others={({ busy, act }) => (
        <>
          <Button look="quiet" disabled={busy} onClick={() => void act(() => say("NONE", ""))}>
            No label fits
          </Button>
          <Button look="quiet" disabled={busy} onClick={() => void act(() => say("UNUSABLE", ""))}>
            It is unusable
          </Button>
        </>
      )}
    >
      {({ problemId, isFaulty, busy, act }) => (
        <>
          <label htmlFor={id}>The right label</label>
          <input
            id={id}
            className={fields.field}
            value={label}
            autoComplete="off"
            aria-invalid={isFaulty}
            aria-describedby={problemId}
            onChange={(event) => setLabel(event.target.value)}
          />
          {others.length > 0 && (
            <ul className={styles.others} aria-label="What else the model thought of">
              {others.map((each) => (
                <li key={each.label}>
                  <Button small disabled={busy} onClick={() => void act(() => say("LABEL", each.label))}>
                    {each.label} <span className={styles.score}>{score(each.score)}</span>
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </FormDialog>
  );
}
