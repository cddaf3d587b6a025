import { type HTMLAttributes, type ReactNode, useId, useState } from "react";
import { FormDialog } from "./FormDialog";
import fields from "./field.module.css";
import styles from "./form.module.css";

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

/** Asks for one thing. */
export function FieldDialog({ title, label, note, value = "", action, faultIn, save, onClose, ...input }: Props) {
  const [text, setText] = useState(value);
  const id = useId();
  return (
    <FormDialog
      title={title}
      action={action}
      faultIn={() => faultIn(text.trim())}
      save={() => save(text.trim())}
      onClose={onClose}
    >
      {({ problemId, isFaulty }) => (
        <>
          <label htmlFor={id}>{label}</label>
          <input
            {...input}
            id={id}
            className={fields.field}
            value={text}
            autoComplete="off"
            aria-invalid={isFaulty}
            aria-describedby={[note ? `${id}-note` : "", problemId ?? ""].filter(Boolean).join(" ") || undefined}
            onChange={(event) => setText(event.target.value)}
          />
          {note && (
            <p id={`${id}-note`} className={styles.note}>
              {note}
            </p>
          )}
        </>
      )}
    </FormDialog>
  );
}
