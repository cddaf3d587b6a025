import { useState } from "react";
import { useNavigate } from "react-router";
import { useCreateGroup } from "../api/changes";
import type { Visibility } from "../api/types";
import { FormDialog } from "../ui/FormDialog";
import { faultIn, GroupFields, trimmed } from "./GroupFields";
import { VisibilityChoice } from "./Visibility";

interface Props {
  /** What the owner is called in another group. */
  ownerName: string;
  onClose: () => void;
}

/** Makes a group and goes there. */
export function NewGroupDialog({ ownerName, onClose }: Props) {
  const [about, setAbout] = useState({ name: "", description: "", ownerName });
  const [visibility, setVisibility] = useState<Visibility>("public");
  const create = useCreateGroup();
  const navigate = useNavigate();

  const save = async () => {
    const group = await create.mutateAsync({ ...trimmed(about), visibility });
    void navigate(`/groups/${encodeURIComponent(group.id)}`);
  };
  return (
    <FormDialog
      title="New group"
      action={["Create group", "Creating…"]}
      faultIn={() => faultIn(about)}
      save={save}
      onClose={onClose}
    >
      {({ problemId, isFaulty }) => (
        <>
          <GroupFields about={about} onChange={setAbout} problemId={problemId} isFaulty={isFaulty} />
          <VisibilityChoice value={visibility} onChange={setVisibility} />
        </>
      )}
    </FormDialog>
  );
}
