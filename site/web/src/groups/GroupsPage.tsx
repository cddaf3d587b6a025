import { Images, LogIn, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { useGroups } from "../api/queries";
import { useSession } from "../auth/session";
import { useTitle } from "../layout/useTitle";
import { Button } from "../ui/Button";
import { ahead, Late, LateDialog, late } from "../ui/later";
import { More } from "../ui/More";
import { LoadProblem, Notice, Skeleton } from "../ui/states";
import { GroupCard } from "./GroupCard";
import styles from "./groups.module.css";

const newGroupDialog = async () => (await import("./NewGroupDialog")).NewGroupDialog;
const NewGroupDialog = late(newGroupDialog);
const TryIt = late(async () => (await import("./TryIt")).TryIt);

export function GroupsPage() {
  useTitle(null);
  const session = useSession();
  const groups = useGroups();
  const [creating, setCreating] = useState(false);
  // Who clicks and types at once shall find the dialog there.
  useEffect(() => {
    if (session.isSignedIn) ahead(newGroupDialog);
  }, [session.isSignedIn]);
  const items = groups.data?.pages.flatMap((page) => page.items) ?? [];
  const ownerName = items.find((group) => session.owns(group) && group.ownerName)?.ownerName ?? "";
  const create = session.isSignedIn ? () => setCreating(true) : session.signIn;

  return (
    <>
      <div className={styles.head}>
        <div>
          <h1>Groups</h1>
          <p className={styles.lead}>
            Loupe says what a picture shows. A group holds pictures that belong together:{" "}
            {session.isSignedIn ? "open one, or make one, to add some." : "sign in to add your own."}
          </p>
        </div>
        {session.isSignedIn && (
          <Button look="primary" icon={<Plus aria-hidden="true" />} onClick={create}>
            New group
          </Button>
        )}
      </div>
      <Late fallback={<Skeleton className={styles.trySkeleton} />}>
        <TryIt />
      </Late>
      {groups.isPending && <GroupSkeletons />}
      {groups.isError && (
        <LoadProblem error={groups.error} what="The list of groups" retry={() => void groups.refetch()} />
      )}
      {groups.isSuccess && items.length === 0 && (
        <Notice
          title="No groups yet"
          icon={<Images />}
          action={
            <Button
              look="primary"
              icon={session.isSignedIn ? <Plus aria-hidden="true" /> : <LogIn aria-hidden="true" />}
              onClick={create}
            >
              {session.isSignedIn ? "Create the first group" : "Sign in to create one"}
            </Button>
          }
        >
          A group holds the pictures of one subject or one occasion. Every picture added to it is classified.
        </Notice>
      )}
      {items.length > 0 && (
        <ul className={styles.grid}>
          {items.map((group) => (
            <li key={group.id}>
              <GroupCard group={group} />
            </li>
          ))}
        </ul>
      )}
      <More list={groups} what="groups" action={["Show more groups", "Loading…"]} />
      {creating && (
        <LateDialog onClose={() => setCreating(false)}>
          <NewGroupDialog ownerName={ownerName} onClose={() => setCreating(false)} />
        </LateDialog>
      )}
    </>
  );
}

function GroupSkeletons() {
  return (
    <div className={styles.grid} role="status">
      <span className="visually-hidden">Loading groups…</span>
      {["a", "b", "c"].map((key) => (
        <Skeleton key={key} className={styles.cardSkeleton} />
      ))}
    </div>
  );
}
