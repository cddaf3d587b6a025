import { useState } from "react";
import { useChangeGroup } from "../api/changes";
import type { Group } from "../api/types";
import { FormDialog } from "../ui/FormDialog";
import { type AboutGroup, faultIn, GroupFields, trimmed } from "./GroupFields";

/** What is otherwise now: what somebody else changes meanwhile stays. */
function changed(before: AboutGroup, now: AboutGroup): Partial<AboutGroup> {
  return Object.fromEntries(Object.entries(now).filter(([key, said]) => said !== before[key as keyof AboutGroup]));
}

/** Changes what its owner says about a group. */
export function EditGroupDialog({ group, onClose }: { group: Group; onClose: () => void }) {
  const [before] = useState(group);
  const [about, setAbout] = useState<AboutGroup>(group);
  const change = useChangeGroup();
  return (
    <FormDialog
      title="Edit group"
      action={["Save", "Saving…"]}
      faultIn={() => faultIn(about)}
      save={() => change.mutateAsync({ groupId: group.id, ...changed(before, trimmed(about)) })}
      onClose={onClose}
    >
      {({ problemId, isFaulty }) => (
        <GroupFields about={about} onChange={setAbout} problemId={problemId} isFaulty={isFaulty} />
      )}
    </FormDialog>
  );
}
