import { useId } from "react";
import { useChangeGroup } from "../api/changes";
import type { Group, Visibility } from "../api/types";
import { useSession } from "../auth/session";
import fields from "../ui/field.module.css";
import { Problem } from "../ui/Problem";
import styles from "./Visibility.module.css";

const CHOICES: { value: Visibility; name: string; meaning: string }[] = [
  {
    value: "public",
    name: "Public",
    meaning: "It is listed, and whoever may look around here sees copies of its pictures, which say no place.",
  },
  {
    value: "link",
    name: "By link",
    meaning: "It is in nobody's list but its owner's. Whoever has the link sees copies of its pictures.",
  },
  {
    value: "private",
    name: "Private",
    meaning:
      "Its owner alone sees it. People who run this service, and reviewers of pictures the model is unsure of, " +
      "may see pictures too.",
  },
];

interface ChoiceProps {
  value: Visibility;
  onChange: (value: Visibility) => void;
  disabled?: boolean;
}

/** Who may see a group and what is added to it, chosen and said in a sentence. */
export function VisibilityChoice({ value, onChange, disabled = false }: ChoiceProps) {
  const id = useId();
  return (
    <div className={styles.choice}>
      <label htmlFor={id}>Who may see it</label>
      <select
        id={id}
        className={`${fields.field} ${fields.small}`}
        value={value}
        disabled={disabled}
        aria-describedby={`${id}-meaning`}
        onChange={(event) => onChange(event.target.value as Visibility)}
      >
        {CHOICES.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.name}
          </option>
        ))}
      </select>
      <p id={`${id}-meaning`} className={styles.meaning}>
        {meaningOf(value)}
      </p>
    </div>
  );
}

/** Where one uploads: its owner chooses, others who may add pictures read who will see them. */
export function GroupVisibility({ group }: { group: Group }) {
  const session = useSession();
  const change = useChangeGroup();
  if (!session.isSignedIn) return null;
  const value = group.visibility ?? "public";
  if (!session.owns(group)) return <p className={styles.meaning}>{meaningOf(value)}</p>;
  return (
    <>
      <VisibilityChoice
        value={(change.isPending && change.variables.visibility) || value}
        disabled={change.isPending}
        onChange={(visibility) => change.mutate({ groupId: group.id, visibility })}
      />
      <Problem>{change.error?.message}</Problem>
    </>
  );
}

function meaningOf(value: Visibility): string {
  return CHOICES.find((choice) => choice.value === value)?.meaning ?? "";
}
