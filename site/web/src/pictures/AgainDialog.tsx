import { type FormEvent, useId, useState } from "react";
import formStyles from "../groups/NewGroupDialog.module.css";
import { Button } from "../ui/Button";
import fields from "../ui/field.module.css";
import { Modal } from "../ui/Modal";
import { count, percent } from "./format";
import { thresholdFrom } from "./threshold";

interface Props {
  pictures: number;
  /** The stack's threshold, which holds where none is given. */
  usual: number;
  again: (threshold: number | null) => Promise<unknown>;
  onClose: () => void;
}

/** Asks from which confidence pictures shall be accepted this time; closes when they are on their way. */
export function AgainDialog({ pictures, usual, again, onClose }: Props) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const threshold = thresholdFrom(text);
    if (threshold === "wrong") {
      setProblem("Give a number from 0 to 100.");
      return;
    }
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await again(threshold);
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "That didn't work.");
      setBusy(false);
    }
  };
  return (
    <Modal open onOpenChange={onClose} title={`Classify ${count(pictures, "picture")} again`}>
      <form className={formStyles.form} onSubmit={(event) => void submit(event)} noValidate>
        <label htmlFor={id}>
          Accept from, in percent <span>(optional)</span>
        </label>
        <input
          id={id}
          className={fields.field}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          placeholder={percent(usual)}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-note${problem ? ` ${id}-problem` : ""}`}
          onChange={(event) => setText(event.target.value)}
        />
        <p id={`${id}-note`} className={formStyles.note}>
          The live model is asked anew. Without a number the stack's threshold holds: {percent(usual)}.
        </p>
        {problem && (
          <p id={`${id}-problem`} className={formStyles.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={formStyles.actions}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={busy}>
            {busy ? "Asking…" : "Classify again"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
