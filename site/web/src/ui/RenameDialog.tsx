import { FieldDialog } from "./FieldDialog";

interface Props {
  title: string;
  label: string;
  value: string;
  /** The most characters. Longer is refused, and not cut behind a person's back. */
  max: number;
  save: (value: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for another name of something. */
export function RenameDialog({ max, ...asked }: Props) {
  return <FieldDialog {...asked} action={["Save", "Saving…"]} faultIn={(name) => nameFault(name, max)} />;
}

/** Why something can't be called so; null when it can. */
export function nameFault(name: string, max: number): string | null {
  if (name === "") return "Give it a name.";
  return name.length > max ? `That has ${name.length} characters; ${max} are the most.` : null;
}
