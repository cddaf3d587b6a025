import { Ban, CircleCheck, Clock, CloudOff, Eye, TriangleAlert } from "lucide-react";
import type { ComponentType } from "react";
import { Spinner } from "../ui/states";
import styles from "./PhaseBadge.module.css";
import { PHASE_NAMES, type Phase } from "./phase";

const ICONS: Record<Phase, ComponentType<{ "aria-hidden"?: "true" }>> = {
  missing: CloudOff,
  uploading: Spinner,
  uploaded: Clock,
  classifying: Spinner,
  review: Eye,
  done: CircleCheck,
  refused: Ban,
  failed: TriangleAlert,
};

/** Where a picture is, in a word, a colour and a sign. */
export function PhaseBadge({ phase }: { phase: Phase }) {
  const Icon = ICONS[phase];
  return (
    <span className={styles.badge} data-phase={phase}>
      <Icon aria-hidden="true" />
      {PHASE_NAMES[phase]}
    </span>
  );
}
