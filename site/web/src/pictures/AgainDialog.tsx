import { FieldDialog } from "../ui/FieldDialog";
import { count, percent } from "./format";
import { thresholdFrom } from "./threshold";

interface Props {
  pictures: number;
  /** The stack's threshold, which holds where none is given. */
  usual: number;
  again: (threshold: number | null) => Promise<unknown>;
  onClose: () => void;
}

/** Asks from which confidence pictures shall be accepted this time; closes when they are on their way. */
export function AgainDialog({ pictures, usual, again, onClose }: Props) {
  return (
    <FieldDialog
      title={`Classify ${count(pictures, "picture")} again`}
      label={
        <>
          Accept from, in percent <span>(optional)</span>
        </>
      }
      note={`The live model is asked anew. Without a number the stack's threshold holds: ${percent(usual)}.`}
      placeholder={percent(usual)}
      inputMode="decimal"
      action={["Classify again", "Asking…"]}
      faultIn={(text) => (thresholdFrom(text) === "wrong" ? "Give a number from 0 to 100." : null)}
      save={async (text) => {
        const threshold = thresholdFrom(text);
        if (threshold !== "wrong") await again(threshold);
      }}
      onClose={onClose}
    />
  );
}
