import { ChartLine, ChevronRight, Ellipsis, Images, PencilLine, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, NavLink, useNavigate } from "react-router";
import { useDeleteGroup } from "../api/changes";
import { useGroup } from "../api/queries";
import type { Group } from "../api/types";
import { useSession } from "../auth/session";
import { useTitle } from "../layout/useTitle";
import { IconButton } from "../ui/Button";
import { LateDialog, late } from "../ui/later";
import { Menu, MenuItem } from "../ui/Menu";
import { Confirm } from "../ui/Modal";
import { notify } from "../ui/notify";
import { useUploads } from "../uploads/UploadsProvider";
import styles from "./groups.module.css";
import { GroupVisibility } from "./Visibility";

const EditGroupDialog = late(async () => (await import("./EditGroupDialog")).EditGroupDialog);

/** What stands above a group's pictures and above its chart. */
export function GroupHeader({ groupId, action }: { groupId: string; action?: ReactNode }) {
  const group = useGroup(groupId);
  const session = useSession();
  const name = group.data?.name ?? (group.isPending ? "…" : "Group");
  useTitle(group.data?.name);
  const path = `/groups/${encodeURIComponent(groupId)}`;
  return (
    <>
      <nav className={styles.crumbs} aria-label="Breadcrumb">
        <Link to="/">Groups</Link>
        <ChevronRight aria-hidden="true" />
        <span>{name}</span>
      </nav>
      <div className={`${styles.head} ${styles.headTight}`}>
        <div>
          <h1>{name}</h1>
          {group.data?.ownerName && <p className={styles.cardDay}>by {group.data.ownerName}</p>}
          {group.data?.description && <p className={styles.lead}>{group.data.description}</p>}
          {group.data && <GroupVisibility group={group.data} />}
        </div>
        <div className={styles.actions}>
          {action}
          {group.data && session.owns(group.data) && <GroupMenu group={group.data} />}
        </div>
      </div>
      <nav className={styles.tabs} aria-label="Views of this group">
        <NavLink to={path} end>
          <Images aria-hidden="true" />
          Pictures
        </NavLink>
        <NavLink to={`${path}/confidence`}>
          <ChartLine aria-hidden="true" />
          Confidence
        </NavLink>
      </nav>
    </>
  );
}

function GroupMenu({ group }: { group: Group }) {
  const [asking, setAsking] = useState(false);
  const [editing, setEditing] = useState(false);
  const remove = useDeleteGroup();
  const uploads = useUploads();
  const navigate = useNavigate();
  const confirm = () =>
    remove.mutate(group.id, {
      onSuccess: () => {
        uploads.forget(group.id);
        notify({ title: `“${group.name}” was deleted` });
        void navigate("/", { replace: true });
      },
    });
  return (
    <>
      <Menu
        trigger={
          <IconButton label="More about this group">
            <Ellipsis aria-hidden="true" />
          </IconButton>
        }
      >
        <MenuItem icon={<PencilLine aria-hidden="true" />} onClick={() => setEditing(true)}>
          Edit group…
        </MenuItem>
        <MenuItem danger icon={<Trash2 aria-hidden="true" />} onClick={() => setAsking(true)}>
          Delete group…
        </MenuItem>
      </Menu>
      {editing && (
        <LateDialog onClose={() => setEditing(false)}>
          <EditGroupDialog group={group} onClose={() => setEditing(false)} />
        </LateDialog>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Delete “${group.name}”?`}
        action="Delete group"
        busy={remove.isPending}
        problem={remove.error?.message ?? null}
        onConfirm={confirm}
      >
        The group goes for good, with every picture in it, other people's too, and all that was found in them. This
        can't be undone.
      </Confirm>
    </>
  );
}
