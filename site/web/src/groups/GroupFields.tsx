import { useId } from "react";
import type { DialogForm } from "../ui/FormDialog";
import fields from "../ui/field.module.css";
import { MAX_DESCRIPTION, MAX_NAME, MAX_OWNER_NAME } from "./limits";

/** What its owner says about a group. */
export interface AboutGroup {
  name: string;
  description: string;
  /** How the owner wants to be called; empty for not at all. */
  ownerName: string;
}

/** Without the blanks around what was typed. */
export function trimmed({ name, description, ownerName }: AboutGroup): AboutGroup {
  return { name: name.trim(), description: description.trim(), ownerName: ownerName.trim() };
}

/** What is wrong with what was typed. Too long is refused, and not cut behind a person's back. */
export function faultIn(typed: AboutGroup): string | null {
  const about = trimmed(typed);
  if (about.name === "") return "Give the group a name.";
  return (
    tooLong("The name", about.name, MAX_NAME) ??
    tooLong("The description", about.description, MAX_DESCRIPTION) ??
    tooLong("“Made by”", about.ownerName, MAX_OWNER_NAME)
  );
}

function tooLong(what: string, text: string, most: number): string | null {
  return text.length > most ? `${what} has ${text.length} characters; ${most} are the most.` : null;
}

interface Props extends Pick<DialogForm, "problemId" | "isFaulty"> {
  about: AboutGroup;
  onChange: (about: AboutGroup) => void;
}

/** The fields in which an owner says it. */
export function GroupFields({ about, onChange, problemId, isFaulty }: Props) {
  const id = useId();
  const name = about.name.trim();
  return (
    <>
      <label htmlFor={`${id}-name`}>Name</label>
      <input
        id={`${id}-name`}
        className={fields.field}
        value={about.name}
        autoComplete="off"
        required
        aria-invalid={isFaulty && (name === "" || name.length > MAX_NAME)}
        aria-describedby={problemId}
        onChange={(event) => onChange({ ...about, name: event.target.value })}
      />
      <label htmlFor={`${id}-description`}>
        Description <span>(optional)</span>
      </label>
      <textarea
        id={`${id}-description`}
        className={fields.field}
        rows={3}
        value={about.description}
        onChange={(event) => onChange({ ...about, description: event.target.value })}
        onKeyDown={(event) => {
          // Enter alone begins a line here.
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
      <label htmlFor={`${id}-owner`}>
        Made by <span>(optional; whoever sees the group sees it)</span>
      </label>
      <input
        id={`${id}-owner`}
        className={fields.field}
        value={about.ownerName}
        autoComplete="off"
        onChange={(event) => onChange({ ...about, ownerName: event.target.value })}
      />
    </>
  );
}
