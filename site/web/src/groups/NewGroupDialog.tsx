import { type FormEvent, useId, useState } from "react";
import { useNavigate } from "react-router";
import { useCreateGroup } from "../api/changes";
import type { Visibility } from "../api/types";
import { Button } from "../ui/Button";
import fields from "../ui/field.module.css";
import styles from "../ui/form.module.css";
import { Modal } from "../ui/Modal";
import { MAX_DESCRIPTION, MAX_NAME } from "./limits";
import { VisibilityChoice } from "./Visibility";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function NewGroupDialog({ open, onOpenChange }: Props) {
  return (
    <Modal open={open} onOpenChange={onOpenChange} title="New group">
      <NewGroupForm onDone={() => onOpenChange(false)} />
    </Modal>
  );
}

/** What is wrong with what was typed. Too long is refused, and not cut behind a person's back. */
export function faultIn(name: string, description: string): string | null {
  if (name === "") return "Give the group a name.";
  if (!isSound(name)) return `The name has ${name.length} characters; ${MAX_NAME} are the most.`;
  if (description.length > MAX_DESCRIPTION) {
    return `The description has ${description.length} characters; ${MAX_DESCRIPTION} are the most.`;
  }
  return null;
}

function isSound(name: string): boolean {
  return name.trim() !== "" && name.trim().length <= MAX_NAME;
}

function NewGroupForm({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [visibility, setVisibility] = useState<Visibility>("public");
  const [fault, setFault] = useState<string | null>(null);
  const create = useCreateGroup();
  const navigate = useNavigate();
  const id = useId();
  const problem = fault ?? create.error?.message ?? null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = faultIn(name.trim(), description.trim());
    setFault(found);
    if (found !== null || create.isPending) return;
    create.mutate(
      { name: name.trim(), description: description.trim(), visibility },
      {
        onSuccess: (group) => {
          onDone();
          void navigate(`/groups/${encodeURIComponent(group.id)}`);
        },
      },
    );
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <label htmlFor={`${id}-name`}>Name</label>
      <input
        id={`${id}-name`}
        className={fields.field}
        value={name}
        autoComplete="off"
        required
        aria-invalid={fault !== null && !isSound(name)}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor={`${id}-description`}>
        Description <span>(optional)</span>
      </label>
      <textarea
        id={`${id}-description`}
        className={fields.field}
        rows={3}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        onKeyDown={(event) => {
          // Enter alone begins a line here.
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
      <VisibilityChoice value={visibility} onChange={setVisibility} />
      {problem && (
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.actions}>
        <Button look="quiet" onClick={onDone}>
          Cancel
        </Button>
        <Button look="primary" type="submit" disabled={create.isPending}>
          {create.isPending ? "Creating…" : "Create group"}
        </Button>
      </div>
    </form>
  );
}
