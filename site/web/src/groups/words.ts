import type { Group } from "../api/types";

/** Whose a group is and who sees it, where that is not what one expects: "by Ada · yours · private". */
export function belonging(group: Group, isOwn: boolean): string {
  const said = [
    group.ownerName && `by ${group.ownerName}`,
    isOwn && "yours",
    group.visibility === "private" && "private",
    group.visibility === "link" && "by link",
  ];
  return said.filter(Boolean).join(" · ");
}
