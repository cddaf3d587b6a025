import { type FormEvent, useId, useState } from "react";
import { useCorrectImage } from "../api/changes";
import type { ImageRecord, ReviewChoice } from "../api/types";
import { Button } from "../ui/Button";
import fields from "../ui/field.module.css";
import formStyles from "../ui/form.module.css";
import { Modal } from "../ui/Modal";
import { notify } from "../ui/notify";
import styles from "./CorrectDialog.module.css";
import { percent } from "./format";

const MAX_LABEL = 256;

/** Somebody says that a picture's label is wrong: what it shows instead, or that it shows nothing of use. */
export function CorrectDialog({ image, onOpenChange }: { image: ImageRecord; onOpenChange: (open: boolean) => void }) {
  const [label, setLabel] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const correct = useCorrectImage();
  const id = useId();
  const others = (image.predictions ?? []).filter((each) => each.label !== image.label).slice(0, 4);
  const problem = fault ?? correct.error?.message ?? null;

  const say = (choice: ReviewChoice, said: string) =>
    correct.mutate(
      { image, choice, label: said },
      {
        onSuccess: () => {
          notify({ title: "Corrected", description: "Thank you: the next training learns from it." });
          onOpenChange(false);
        },
      },
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const said = label.trim();
    const found = said === "" ? "Say what it shows." : said.length > MAX_LABEL ? "That is too long for a label." : null;
    setFault(found);
    if (found === null && !correct.isPending) say("LABEL", said);
  };
  return (
    <Modal open onOpenChange={onOpenChange} title="What does it show?">
      <form className={formStyles.form} onSubmit={submit} noValidate>
        <label htmlFor={id}>The right label</label>
        <input
          id={id}
          className={fields.field}
          value={label}
          autoComplete="off"
          aria-invalid={fault !== null}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onChange={(event) => setLabel(event.target.value)}
        />
        {others.length > 0 && (
          <ul className={styles.others} aria-label="What else the model thought of">
            {others.map((each) => (
              <li key={each.label}>
                <Button small disabled={correct.isPending} onClick={() => say("LABEL", each.label)}>
                  {each.label} <span className={styles.score}>{percent(each.score)}</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
        {problem && (
          <p id={`${id}-problem`} className={formStyles.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={styles.actions}>
          <Button look="quiet" disabled={correct.isPending} onClick={() => say("NONE", "")}>
            No label fits
          </Button>
          <Button look="quiet" disabled={correct.isPending} onClick={() => say("UNUSABLE", "")}>
            It is unusable
          </Button>
          <Button look="primary" type="submit" disabled={correct.isPending}>
            {correct.isPending ? "Saving…" : "Save"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
