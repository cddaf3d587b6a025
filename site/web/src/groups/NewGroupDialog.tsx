import { type FormEvent, useId, useState } from "react";
import { useNavigate } from "react-router";
import { useCreateGroup } from "../api/queries";
import { Button } from "../ui/Button";
import { Modal } from "../ui/Modal";
import styles from "./NewGroupDialog.module.css";

const MAX_NAME = 100;
const MAX_DESCRIPTION = 1000;

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

function NewGroupForm({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [missing, setMissing] = useState(false);
  const create = useCreateGroup();
  const navigate = useNavigate();
  const id = useId();
  const problem = missing ? "Give the group a name." : (create.error?.message ?? null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissing(name.trim() === "");
    if (name.trim() === "" || create.isPending) return;
    create.mutate(
      { name: name.trim(), description: description.trim() },
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
        value={name}
        maxLength={MAX_NAME}
        autoComplete="off"
        required
        aria-invalid={missing}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor={`${id}-description`}>
        Description <span>(optional)</span>
      </label>
      <textarea
        id={`${id}-description`}
        rows={3}
        value={description}
        maxLength={MAX_DESCRIPTION}
        onChange={(event) => setDescription(event.target.value)}
      />
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
