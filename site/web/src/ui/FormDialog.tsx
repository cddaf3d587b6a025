import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { Button } from "./Button";
import styles from "./form.module.css";
import { Modal } from "./Modal";
import { Problem } from "./Problem";

/** What a dialog's fields and further buttons know of it. */
export interface DialogForm {
  /** For `aria-describedby`, while there is a problem. */
  problemId: string | undefined;
  /** What was typed can't be taken. */
  isFaulty: boolean;
  busy: boolean;
  /** Does something instead of what the dialog's own button does; closes when it is done. */
  act: (save: () => Promise<unknown>) => Promise<void>;
}

interface Props {
  title: string;
  /** The button's name, before and while it is done. */
  action: [name: string, doing: string];
  /** Why what was typed cannot be taken; null when it can. */
  faultIn: () => string | null;
  save: () => Promise<unknown>;
  onClose: () => void;
  /** In the place of "Cancel". */
  others?: (form: DialogForm) => ReactNode;
  children: (form: DialogForm) => ReactNode;
}

/** Asks for something; closes when it is saved, and keeps what was typed when it could not be. */
export function FormDialog({ title, action, faultIn, save, onClose, others, children }: Props) {
  const [problem, setProblem] = useState<{ said: string; isFault: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  // Two clicks may come before the page is drawn anew.
  const saving = useRef(false);
  const id = useId();

  const act = async (wanted: () => Promise<unknown>) => {
    if (saving.current) return;
    saving.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await wanted();
      onClose();
    } catch (error) {
      setProblem({ said: error instanceof Error ? error.message : "That didn't work.", isFault: false });
      setBusy(false);
      saving.current = false;
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = faultIn();
    if (found === null) void act(save);
    else setProblem({ said: found, isFault: true });
  };
  const form: DialogForm = {
    problemId: problem ? `${id}-problem` : undefined,
    isFaulty: problem?.isFault ?? false,
    busy,
    act,
  };
  return (
    <Modal open onOpenChange={onClose} title={title}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {children(form)}
        <Problem id={`${id}-problem`}>{problem?.said}</Problem>
        <div className={styles.actions}>
          {others ? (
            others(form)
          ) : (
            <Button look="quiet" onClick={onClose}>
              Cancel
            </Button>
          )}
          <Button look="primary" type="submit" disabled={busy}>
            {action[busy ? 1 : 0]}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
