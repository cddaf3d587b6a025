import { type FormEvent, useId, useState } from "react";
import formStyles from "../groups/NewGroupDialog.module.css";
import { Button } from "./Button";
import fields from "./field.module.css";
import { Modal } from "./Modal";

interface Props {
  title: string;
  label: string;
  value: string;
  /** The most characters. Longer is refused, and not cut behind a person's back. */
  max: number;
  save: (value: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for another name of something; closes when it is saved. */
export function RenameDialog({ title, label, value, max, save, onClose }: Props) {
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = nameFault(text.trim(), max);
    setProblem(found);
    if (found !== null || busy) return;
    setBusy(true);
    try {
      await save(text.trim());
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It couldn't be saved.");
      setBusy(false);
    }
  };
  return (
    <Modal open onOpenChange={onClose} title={title}>
      <form className={formStyles.form} onSubmit={(event) => void submit(event)} noValidate>
        <label htmlFor={id}>{label}</label>
        <input
          id={id}
          className={fields.field}
          value={text}
          autoComplete="off"
          aria-invalid={problem !== null}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onChange={(event) => setText(event.target.value)}
        />
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
            {busy ? "Saving…" : "Save"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Why something can't be called so; null when it can. */
export function nameFault(name: string, max: number): string | null {
  if (name === "") return "Give it a name.";
  return name.length > max ? `That has ${name.length} characters; ${max} are the most.` : null;
}
