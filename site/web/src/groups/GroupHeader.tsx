import { ChartLine, ChevronRight, Ellipsis, Images, PencilLine, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, NavLink, useNavigate } from "react-router";
import { useChangeGroup, useDeleteGroup } from "../api/changes";
import { useGroup } from "../api/queries";
import type { Group } from "../api/types";
import { useSession } from "../auth/session";
import { useTitle } from "../layout/useTitle";
import { IconButton } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { Confirm } from "../ui/Modal";
import { notify } from "../ui/notify";
import { RenameDialog } from "../ui/RenameDialog";
import { useUploads } from "../uploads/UploadsProvider";
import styles from "./groups.module.css";
import { MAX_NAME } from "./limits";
import { GroupVisibility } from "./Visibility";

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
  const [renaming, setRenaming] = useState(false);
  const change = useChangeGroup();
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
        <MenuItem icon={<PencilLine aria-hidden="true" />} onClick={() => setRenaming(true)}>
          Rename group…
        </MenuItem>
        <MenuItem danger icon={<Trash2 aria-hidden="true" />} onClick={() => setAsking(true)}>
          Delete group…
        </MenuItem>
      </Menu>
      {renaming && (
        <RenameDialog
          title="Rename group"
          label="Name"
          value={group.name}
          max={MAX_NAME}
          save={(name) => change.mutateAsync({ groupId: group.id, name })}
          onClose={() => setRenaming(false)}
        />
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
