import { useId, useState } from "react";
import { useNavigate } from "react-router";
import { useCreateGroup } from "../api/changes";
import type { Visibility } from "../api/types";
import { FormDialog } from "../ui/FormDialog";
import fields from "../ui/field.module.css";
import { MAX_DESCRIPTION, MAX_NAME } from "./limits";
import { VisibilityChoice } from "./Visibility";

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

/** Makes a group and goes there. */
export function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [visibility, setVisibility] = useState<Visibility>("public");
  const create = useCreateGroup();
  const navigate = useNavigate();
  const id = useId();

  const save = async () => {
    const group = await create.mutateAsync({ name: name.trim(), description: description.trim(), visibility });
    void navigate(`/groups/${encodeURIComponent(group.id)}`);
  };
  return (
    <FormDialog
      title="New group"
      action={["Create group", "Creating…"]}
      faultIn={() => faultIn(name.trim(), description.trim())}
      save={save}
      onClose={onClose}
    >
      {({ problemId, isFaulty }) => (
        <>
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            className={fields.field}
            value={name}
            autoComplete="off"
            required
            aria-invalid={isFaulty && !isSound(name)}
            aria-describedby={problemId}
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
        </>
      )}
    </FormDialog>
  );
}
