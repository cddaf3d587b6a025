import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "./context";
import { changeImage, type ImagePages, removeImage } from "./image_pages";
import { keys } from "./queries";
import type { ChangedGroup, ImageRecord, NewGroup, ReviewChoice } from "./types";

/**
 * What people change, and what the page then knows of it. What it knew may have become newer since somebody acted,
 * so each change is made to what is known at that moment; and what is being read meanwhile may be of before, so it
 * is dropped, or a deleted picture would come back with it.
 */
async function stopReading(client: QueryClient, { imageId, groupId }: ImageRecord): Promise<void> {
  const reading = [keys.image(imageId), ...(groupId ? [keys.groupImages(groupId), keys.newest(groupId)] : [])];
  await Promise.all(reading.map((queryKey) => client.cancelQueries({ queryKey, exact: true })));
}

/** Makes a change to a picture wherever it is known. */
export async function changeKnown(
  client: QueryClient,
  image: ImageRecord,
  change: (known: ImageRecord) => ImageRecord,
): Promise<void> {
  await stopReading(client, image);
  client.setQueryData<ImageRecord>(keys.image(image.imageId), (known) => change(known ?? image));
  if (!image.groupId) return;
  client.setQueryData<ImagePages>(keys.groupImages(image.groupId), (pages) =>
    changeImage(pages, image.imageId, change),
  );
}

/** Forgets a picture that is no more. */
export async function forgetImage(client: QueryClient, image: ImageRecord): Promise<void> {
  await stopReading(client, image);
  client.removeQueries({ queryKey: keys.image(image.imageId) });
  leaveGroup(client, image);
}

/** A picture stands in another group from now on, whose list is read anew when it is next looked at. */
export async function placeImage(client: QueryClient, image: ImageRecord, groupId: string): Promise<void> {
  const there = { ...image, groupId };
  await Promise.all([stopReading(client, image), stopReading(client, there)]);
  leaveGroup(client, image);
  client.removeQueries({ queryKey: keys.groupImages(groupId), exact: true });
  recount(client, groupId);
  client.setQueryData<ImageRecord>(keys.image(image.imageId), (known) => ({ ...(known ?? image), groupId }));
  void client.invalidateQueries({ queryKey: keys.found });
}

function leaveGroup(client: QueryClient, { imageId, groupId }: ImageRecord): void {
  if (!groupId) return;
  client.setQueryData<ImagePages>(keys.groupImages(groupId), (pages) => removeImage(pages, imageId));
  recount(client, groupId);
}

function recount(client: QueryClient, groupId: string): void {
  void client.invalidateQueries({ queryKey: keys.cover(groupId) });
  void client.invalidateQueries({ queryKey: keys.imageCount(groupId) });
}

export function useCreateGroup() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (group: NewGroup) => api.createGroup(group),
    onSuccess: (group) => {
      client.setQueryData(keys.group(group.id), group);
      return client.invalidateQueries({ queryKey: keys.groups });
    },
  });
}

/** A group's name, or who may see it, from now on. */
export function useChangeGroup() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ groupId, ...change }: ChangedGroup & { groupId: string }) => api.changeGroup(groupId, change),
    onSuccess: (group) => {
      client.setQueryData(keys.group(group.id), group);
      return client.invalidateQueries({ queryKey: keys.groups });
    },
  });
}

export function useDeleteGroup() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (groupId: string) => api.deleteGroup(groupId),
    onSuccess: (_, groupId) => {
      client.removeQueries({ queryKey: keys.groupImages(groupId) });
      client.removeQueries({ queryKey: keys.group(groupId) });
      return client.invalidateQueries({ queryKey: keys.groups });
    },
  });
}

/** Has a picture classified again; from then on it is followed as a new one is. */
export function useRetryImage() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ image, threshold = null }: { image: ImageRecord; threshold?: number | null }) =>
      api.retryImage(image.imageId, threshold),
    onSuccess: async (_, { image }) => {
      await changeKnown(client, image, (known) => ({ ...known, status: "RECEIVED", error: null }));
      return client.invalidateQueries({ queryKey: keys.history(image.imageId) });
    },
  });
}

/** Somebody's correction; the picture is read again, because the service decides what becomes of it. */
export function useCorrectImage() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ image, choice, label }: { image: ImageRecord; choice: ReviewChoice; label: string }) =>
      api.correctImage(image.imageId, choice, label),
    onSuccess: (_, { image }) => client.invalidateQueries({ queryKey: keys.image(image.imageId) }),
  });
}

export function useRetitleImage() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ image, title }: { image: ImageRecord; title: string }) => api.retitleImage(image.imageId, title),
    onSuccess: ({ title }, { image }) => changeKnown(client, image, (known) => ({ ...known, title })),
  });
}

export function useMoveImage() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ image, groupId }: { image: ImageRecord; groupId: string }) => api.moveImage(image.imageId, groupId),
    onSuccess: (_, { image, groupId }) => placeImage(client, image, groupId),
  });
}

export function useDeleteImage() {
  const api = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (image: ImageRecord) => api.deleteImage(image.imageId),
    onSuccess: (_, image) => forgetImage(client, image),
  });
}
