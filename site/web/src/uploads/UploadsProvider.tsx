import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { useApi } from "../api/context";
import { type ImagePages, mergeNewest, removeImage } from "../api/image_pages";
import { sendFile } from "../api/presigned_upload";
import { keys } from "../api/queries";
import { dropPreview } from "./previews";
import { type UploadItem, UploadQueue } from "./queue";
import { fingerprint } from "./worker_client";

const QueueContext = createContext<UploadQueue | null>(null);

export function UploadsProvider({ children }: { children: ReactNode }) {
  const api = useApi();
  const client = useQueryClient();
  const queue = useMemo(
    () =>
      new UploadQueue({
        create: (groupId, image) => api.createImage(groupId, image),
        send: sendFile,
        created: (image) => {
          if (!image.groupId) return;
          client.setQueryData<ImagePages>(keys.groupImages(image.groupId), (pages) => mergeNewest(pages, [image]));
        },
        abandon: async (imageId) => {
          await api.deleteImage(imageId);
          client.setQueriesData<ImagePages>({ queryKey: ["group-images"] }, (pages) => removeImage(pages, imageId));
        },
        fingerprint,
        released: dropPreview,
        now: Date.now,
        pause,
      }),
    [api, client],
  );
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (queue.hasUnsent) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [queue]);
  return <QueueContext value={queue}>{children}</QueueContext>;
}

/** With jitter, so that uploads that were refused together don't come back together. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds * (0.5 + Math.random()));
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException("The upload was cancelled", "AbortError"));
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}

export function useUploads(): UploadQueue {
  const queue = useContext(QueueContext);
  if (queue === null) throw new Error("QueueContext has no value");
  return queue;
}

export function useAllUploadItems(): readonly UploadItem[] {
  const queue = useUploads();
  return useSyncExternalStore(queue.subscribe, queue.snapshot);
}

export function useUploadItems(groupId: string): UploadItem[] {
  const items = useAllUploadItems();
  return useMemo(() => items.filter((item) => item.groupId === groupId), [items, groupId]);
}

/** The upload that made a picture, if it happened in this tab. */
export function useUploadOf(imageId: string): UploadItem | null {
  const queue = useUploads();
  const find = () => queue.snapshot().find((item) => item.imageId === imageId) ?? null;
  return useSyncExternalStore(queue.subscribe, find);
}
