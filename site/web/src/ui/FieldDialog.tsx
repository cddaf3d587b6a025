import { type FormEvent, type HTMLAttributes, type ReactNode, useId, useState } from "react";
import { Button } from "./Button";
import fields from "./field.module.css";
import styles from "./form.module.css";
import { Modal } from "./Modal";

interface Props {
  title: string;
  label: ReactNode;
  /** Said below the field. */
  note?: ReactNode;
  value?: string;
  placeholder?: string;
  inputMode?: HTMLAttributes<HTMLInputElement>["inputMode"];
  /** The button's name, before and while it is done. */
  action: [name: string, doing: string];
  /** Why what was typed cannot be taken; null when it can. */
  faultIn: (text: string) => string | null;
  save: (text: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for one thing; closes when it is saved, and keeps what was typed when it could not be. */
export function FieldDialog({ title, label, note, value = "", action, faultIn, save, onClose, ...input }: Props) {
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const described = [note ? `${id}-note` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = faultIn(text.trim());
    setProblem(found);
    if (found !== null || busy) return;
    setBusy(true);
    try {
      await save(text.trim());
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "That didn't work.");
      setBusy(false);
    }
  };
  return (
    <Modal open onOpenChange={onClose} title={title}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <label htmlFor={id}>{label}</label>
        <input
          {...input}
          id={id}
          className={fields.field}
          value={text}
          autoComplete="off"
          aria-invalid={problem !== null}
          aria-describedby={described || undefined}
          onChange={(event) => setText(event.target.value)}
        />
        {note && (
          <p id={`${id}-note`} className={styles.note}>
            {note}
          </p>
        )}
        {problem && (
          <p id={`${id}-problem`} className={styles.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={styles.actions}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={busy}>
            {action[busy ? 1 : 0]}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
