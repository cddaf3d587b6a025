import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useRef } from "react";
import { isSettled } from "../pictures/phase";
import { type ApiClient, ApiError } from "./client";
import { useApi } from "./context";
import { allImages, type ImagePages, joins, mergeNewest, replaceImage } from "./image_pages";
import { pollDelay } from "./polling";
import type { ImageRecord } from "./types";

export const IMAGES_A_PAGE = 60;
const GROUPS_A_PAGE = 60;
const COVER_IMAGES = 4;
const NEWEST_EVERY_MS = 10_000;
const FIGURES_EVERY_MS = 60_000;
const RUNS_A_PAGE = 20;
const RUN_EVERY_MS = 5_000;
const ADDRESSES_EVERY_MS = 10 * 60_000;

export const keys = {
  groups: ["groups"] as const,
  group: (groupId: string) => ["group", groupId] as const,
  groupImages: (groupId: string) => ["group-images", groupId] as const,
  newest: (groupId: string) => ["newest-images", groupId] as const,
  cover: (groupId: string) => ["cover", groupId] as const,
  imageCount: (groupId: string) => ["image-count", groupId] as const,
  image: (imageId: string) => ["image", imageId] as const,
  history: (imageId: string) => ["history", imageId] as const,
  found: ["found-images"] as const,
  inbox: ["inbox"] as const,
  model: ["model"] as const,
  figures: (hours: number) => ["figures", hours] as const,
  quality: (days: number) => ["quality", days] as const,
  runs: ["runs"] as const,
  run: (run: string) => ["run", run] as const,
};

function groupsOptions(api: ApiClient) {
  return infiniteQueryOptions({
    queryKey: keys.groups,
    queryFn: ({ pageParam, signal }) => api.groups(pageParam, GROUPS_A_PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextToken,
  });
}

export function useGroups() {
  return useInfiniteQuery(groupsOptions(useApi()));
}

export function useGroup(groupId: string) {
  const api = useApi();
  return useQuery({
    queryKey: keys.group(groupId),
    queryFn: ({ signal }) => api.group(groupId, signal),
    staleTime: 60_000,
  });
}

export function useGroupImages(groupId: string, enabled = true) {
  const api = useApi();
  return useInfiniteQuery({
    enabled,
    queryKey: keys.groupImages(groupId),
    queryFn: ({ pageParam, signal }) => api.groupImages(groupId, pageParam, IMAGES_A_PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextToken,
    // A second reading would ask for every page again: useNewest keeps the list up to date instead.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** Pictures of the whole stack, as they were when they were looked for. */
export function useFoundImages(wish: Readonly<Record<string, string>>) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: [...keys.found, wish],
    queryFn: ({ pageParam, signal }) => api.findImages(wish, pageParam, IMAGES_A_PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextToken,
    refetchOnWindowFocus: false,
  });
}

/**
 * Keeps a group's newest pictures up to date with one request for all of them: often while some are on their
 * way, now and then otherwise, for pictures that come from elsewhere (the bucket, other people).
 */
export function useNewest(groupId: string): void {
  const api = useApi();
  const client = useQueryClient();
  const listKey = keys.groupImages(groupId);
  const patience = useRef({ awaited: "", from: 0 });
  useQuery({
    queryKey: keys.newest(groupId),
    queryFn: async ({ signal }) => {
      const { items, nextToken } = await api.groupImages(groupId, null, IMAGES_A_PAGE, signal);
      if (nextToken !== null && !joins(client.getQueryData<ImagePages>(listKey), items)) {
        await client.resetQueries({ queryKey: listKey });
      } else {
        client.setQueryData<ImagePages>(listKey, (pages) => mergeNewest(pages, items));
      }
      return items.length;
    },
    // The list was read a moment ago: the first asking comes an interval later.
    initialData: 0,
    initialDataUpdatedAt: () => client.getQueryState(listKey)?.dataUpdatedAt,
    refetchInterval: ({ state }) => {
      const newest = allImages(client.getQueryData<ImagePages>(listKey)).slice(0, IMAGES_A_PAGE);
      const awaited = newest.filter((image) => !isSettled(image)).map(({ imageId }) => imageId);
      const asked = state.dataUpdateCount + state.errorUpdateCount;
      // Something new is awaited, or something has come: it is worth asking quickly again.
      if (awaited.join() !== patience.current.awaited) patience.current = { awaited: awaited.join(), from: asked };
      return (awaited.length > 0 && pollDelay(asked - patience.current.from)) || NEWEST_EVERY_MS;
    },
    staleTime: NEWEST_EVERY_MS,
    retry: false,
  });
}

export function useCover(groupId: string, enabled: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: keys.cover(groupId),
    queryFn: async ({ signal }) => (await api.groupImages(groupId, null, COVER_IMAGES, signal)).items,
    enabled,
    staleTime: 10_000,
  });
}

export function useImageCount(groupId: string, enabled: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: keys.imageCount(groupId),
    queryFn: ({ signal }) => api.imageCount(groupId, signal),
    enabled,
    staleTime: 10_000,
  });
}

export function imageOptions(api: ApiClient, client: QueryClient, imageId: string) {
  return queryOptions({
    queryKey: keys.image(imageId),
    queryFn: async ({ signal }) => {
      const image = await api.image(imageId, signal);
      if (image.groupId) {
        client.setQueryData<ImagePages>(keys.groupImages(image.groupId), (pages) => replaceImage(pages, image));
      }
      return image;
    },
    refetchInterval: ({ state }) => {
      if (state.data && isSettled(state.data)) return false;
      if (state.error instanceof ApiError && !state.error.isTransient) return false;
      return pollDelay(state.dataUpdateCount + state.errorUpdateCount);
    },
  });
}

/** A picture, asked for again until it has reached its end. */
export function useImage(imageId: string, options: { enabled?: boolean; known?: ImageRecord } = {}) {
  const { enabled = true, known } = options;
  return useQuery({
    ...imageOptions(useApi(), useQueryClient(), imageId),
    enabled,
    ...(known ? { placeholderData: known } : {}),
  });
}

/** The history that is shown until another is there: the same picture's, and never the one's looked at before. */
export function ownHistory(imageId: string) {
  return <History>(known: History | undefined, before: { queryKey: readonly unknown[] } | undefined) =>
    before?.queryKey[1] === imageId ? known : undefined;
}

/** The states of a picture's execution so far; followed while `live`. */
export function useHistory(imageId: string, options: { enabled?: boolean; live: boolean }) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.history(imageId), options.live ? "live" : "settled"],
    queryFn: ({ signal }) => api.history(imageId, signal),
    enabled: options.enabled ?? true,
    placeholderData: ownHistory(imageId),
    refetchInterval: ({ state }) => (options.live ? pollDelay(state.dataUpdateCount + state.errorUpdateCount) : false),
    retry: 1,
  });
}

/** The newest mails. An unchanged inbox answers with an ETag's 304, so asking often costs next to nothing. */
export function useInbox(limit: number) {
  const api = useApi();
  return useQuery({
    queryKey: [...keys.inbox, limit],
    queryFn: ({ signal }) => api.inbox(limit, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
}

/** The live model. It changes when somebody deploys another, and what lacks it does without. */
export function useModel() {
  const api = useApi();
  return useQuery({
    queryKey: keys.model,
    queryFn: ({ signal }) => api.model(signal),
    staleTime: 5 * 60_000,
    retry: false,
  });
}

/** They are a minute old at most, where they come from; nothing is asked while the tab is hidden. */
export function useOperatorFigures(hours: number) {
  const api = useApi();
  return useQuery({
    queryKey: keys.figures(hours),
    queryFn: ({ signal }) => api.figures(hours, signal),
    staleTime: FIGURES_EVERY_MS,
    refetchInterval: FIGURES_EVERY_MS,
  });
}

export function useQuality(days: number) {
  const api = useApi();
  return useQuery({
    queryKey: keys.quality(days),
    queryFn: ({ signal }) => api.quality(days, signal),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

export function useRuns() {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: keys.runs,
    queryFn: ({ pageParam, signal }) => api.runs(pageParam, RUNS_A_PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextToken ?? null,
  });
}

/** A batch run: followed while it runs; its report's addresses, which run out, are kept fresh. */
export function useRun(run: string) {
  const api = useApi();
  return useQuery({
    queryKey: keys.run(run),
    queryFn: ({ signal }) => api.run(run, signal),
    refetchInterval: ({ state }) => {
      if (state.data === undefined) return false;
      return state.data.status === "RUNNING" ? RUN_EVERY_MS : ADDRESSES_EVERY_MS;
    },
  });
}
