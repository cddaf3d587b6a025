import type { Group, ImageRecord } from "../api/types";

/** The groups that these pictures could go to, as far as what is typed is part of their names. */
export function groupsFor(groups: readonly Group[], pictures: readonly ImageRecord[], wanted: string): Group[] {
  const sought = wanted.trim().toLocaleLowerCase();
  return groups.filter(
    (group) =>
      pictures.some((picture) => picture.groupId !== group.id) && group.name.toLocaleLowerCase().includes(sought),
  );
}

/** The group that was picked while it is shown, or the only one that fits what was typed. */
export function chosenOf(found: readonly Group[], wanted: string, picked: string | null): Group | null {
  const only = wanted.trim() !== "" && found.length === 1 ? found[0] : undefined;
  return only ?? found.find((group) => group.id === picked) ?? null;
}
