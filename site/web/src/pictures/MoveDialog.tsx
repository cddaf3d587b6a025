import { useEffect, useId, useState } from "react";
import { useGroups } from "../api/queries";
import type { Group, ImageRecord } from "../api/types";
import { useSession } from "../auth/session";
import { belonging } from "../groups/words";
import { FormDialog } from "../ui/FormDialog";
import fields from "../ui/field.module.css";
import formStyles from "../ui/form.module.css";
import { More } from "../ui/More";
import { Loading, LoadProblem } from "../ui/states";
import { count } from "./format";
import styles from "./MoveDialog.module.css";
import { chosenOf, groupsFor } from "./moving";

interface Props {
  pictures: ImageRecord[];
  /** Said of pictures that stay. */
  note?: string;
  /** What the button says while it is done: how far it is. */
  doing?: string;
  move: (group: Group) => Promise<unknown>;
  onClose: () => void;
}

/** Asks into which group pictures shall go; closes when they are there. */
export function MoveDialog({ pictures, note = "", doing = "Moving…", move, onClose }: Props) {
  // Those that have gone leave the list that they were chosen from.
  const [asked] = useState(pictures);
  const [wanted, setWanted] = useState("");
  const [picked, setPicked] = useState<string | null>(null);
  const groups = useGroups();
  const id = useId();
  const known = groups.data?.pages.flatMap((page) => page.items) ?? [];
  const found = groupsFor(known, asked, wanted);
  const chosen = chosenOf(found, wanted, picked);

  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = groups;
  const wantsMore = wanted.trim() !== "" && found.length === 0 && hasNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (wantsMore && !isFetchingNextPage) void fetchNextPage();
  }, [wantsMore, isFetchingNextPage, fetchNextPage]);

  return (
    <FormDialog
      title={`Move ${asked.length === 1 ? "picture" : count(asked.length, "picture")}`}
      action={[asked.length === 1 ? "Move picture" : `Move ${count(asked.length, "picture")}`, doing]}
      faultIn={() => (chosen ? null : "Choose a group.")}
      save={async () => chosen && (await move(chosen))}
      onClose={onClose}
    >
      {({ problemId, isFaulty }) => (
        <>
          <label htmlFor={id}>Find a group</label>
          <input
            id={id}
            className={fields.field}
            value={wanted}
            autoComplete="off"
            placeholder="Part of its name"
            aria-invalid={isFaulty}
            aria-describedby={problemId}
            onChange={(event) => setWanted(event.target.value)}
          />
          <fieldset className={styles.groups}>
            <legend className="visually-hidden">Where to</legend>
            {found.map((group) => (
              <Choice key={group.id} group={group} checked={group === chosen} onPick={() => setPicked(group.id)} />
            ))}
            {groups.isPending && <Loading label="Loading groups…" />}
            {groups.isError && known.length === 0 && (
              <LoadProblem error={groups.error} what="The list of groups" retry={() => void groups.refetch()} />
            )}
            {groups.isSuccess && found.length === 0 && !hasNextPage && (
              <p className={styles.none} role="status">
                {wanted.trim() === "" ? "There is no other group yet." : "No group is called so."}
              </p>
            )}
            <More list={groups} what="groups" action={["Show more groups", "Loading…"]} />
          </fieldset>
          <p className={formStyles.note} role="status">
            {chosen && meaningOf(chosen)} {note}
          </p>
        </>
      )}
    </FormDialog>
  );
}

interface ChoiceProps {
  group: Group;
  checked: boolean;
  onPick: () => void;
}

function Choice({ group, checked, onPick }: ChoiceProps) {
  const session = useSession();
  const about = belonging(group, session.owns(group));
  return (
    <label className={styles.group}>
      <input type="radio" name="group" value={group.id} checked={checked} onChange={onPick} />
      <span className={styles.name}>{group.name}</span>
      {about && <span className={styles.about}>{about}</span>}
    </label>
  );
}

/** Who sees a picture goes by the group where it stands. */
function meaningOf(group: Group): string {
  if (group.visibility === "private") return "There its owner alone sees it.";
  if (group.visibility === "link") return "There whoever has the group's link sees it.";
  return "There everybody who may look around here sees it.";
}
