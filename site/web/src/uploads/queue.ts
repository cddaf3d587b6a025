import { ApiError } from "../api/client";
import type { ImageAnnouncement, NewImage, PresignedUpload } from "../api/types";
import { announcementOf, fileProblem, titleFrom, titleProblem } from "./checks";

/**
 * `duplicate`: the same bytes are in the list already. `sent`: the file is in the bucket, and what happens to it
 * from there the picture's record tells.
 */
export type Stage = "staged" | "duplicate" | "invalid" | "waiting" | "uploading" | "sent" | "stopped";

export interface UploadItem {
  key: string;
  groupId: string;
  file: File;
  title: string;
  stage: Stage;
  /** 0 to 1. */
  progress: number;
  problem: string | null;
  imageId: string | null;
  /** Which start it belongs to: 0 before the first; starts while others run count as one. */
  round: number;
}

/** What the queue needs from outside; the tests hand in fakes. */
export interface UploadPorts {
  create(groupId: string, image: ImageAnnouncement): Promise<NewImage>;
  send(upload: PresignedUpload, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<void>;
  created(image: NewImage["newItem"]): void;
  abandon(imageId: string): Promise<void>;
  /** Tells files of the same bytes; null where a file can't be read. */
  fingerprint(file: File): Promise<string | null>;
  /** The queue no longer needs this file. */
  released(file: File): void;
  now(): number;
  /** Waits about so long; rejects when `signal` fires. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

interface Permission {
  imageId: string;
  upload: PresignedUpload;
  until: number;
}

const AT_ONCE = 3;
/** A service that is busy, or a connection that broke, gets this many tries before a person is asked. */
const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 15_000;
/** A presigned POST holds for five minutes; a retry takes it up again only while it surely does. */
const PERMISSION_MS = 4 * 60_000;

/** Uploads in the order given, three at a time. Lives outside React, so that moving between pages stops none. */
export class UploadQueue {
  private items: readonly UploadItem[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly permissions = new Map<string, Permission>();
  private readonly aborts = new Map<string, AbortController>();
  private readonly fingerprints = new Map<string, string | null>();
  private readonly kept = new Set<string>();
  /** Of which item each duplicate is one. */
  private readonly originals = new Map<string, string>();
  private nextKey = 0;
  private round = 0;

  constructor(private readonly ports: UploadPorts) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): readonly UploadItem[] => this.items;

  get isBusy(): boolean {
    return this.items.some((item) => item.stage === "waiting" || item.stage === "uploading");
  }

  /** Whether leaving the page would lose something. */
  get hasUnsent(): boolean {
    return this.isBusy || this.items.some((item) => item.stage === "staged" || item.stage === "stopped");
  }

  stage(groupId: string, files: readonly File[]): void {
    const added = files.map((file): UploadItem => {
      const problem = fileProblem(file);
      return {
        key: `upload-${this.nextKey++}`,
        groupId,
        file,
        title: titleFrom(file.name),
        stage: problem === null ? "staged" : "invalid",
        progress: 0,
        problem,
        imageId: null,
        round: 0,
      };
    });
    this.set([...this.items, ...added]);
    void this.findDuplicates(groupId);
  }

  /** Sends a file at once, under a title that was given before. */
  send(groupId: string, file: File, title: string): void {
    const known = new Set(this.items);
    this.stage(groupId, [file]);
    const round = this.nextRound();
    this.set(
      this.items.map((item) =>
        known.has(item) || item.stage !== "staged" ? item : { ...item, title, stage: "waiting" as const, round },
      ),
    );
    this.pump();
  }

  rename(key: string, title: string): void {
    this.change(key, { title, problem: titleProblem(title) });
  }

  /** Takes a duplicate all the same. */
  keep(key: string): void {
    const item = this.find(key);
    if (item?.stage !== "duplicate") return;
    this.kept.add(key);
    this.change(key, { stage: "staged", problem: titleProblem(item.title) });
  }

  /** Sends what is staged, but for what has a problem still. */
  start(): void {
    const round = this.nextRound();
    this.set(
      this.items.map((item) =>
        item.stage === "staged" && item.problem === null ? { ...item, stage: "waiting" as const, round } : item,
      ),
    );
    this.pump();
  }

  retry(key: string): void {
    if (this.find(key)?.stage !== "stopped") return;
    const round = this.nextRound();
    this.change(key, { stage: "waiting", problem: null, progress: 0, round });
    this.pump();
  }

  retryAll(): void {
    for (const item of this.items) if (item.stage === "stopped") this.retry(item.key);
  }

  /** Takes off the list what needs nothing more: what was sent, or can't be. */
  tidy(): void {
    const over = this.items.filter(({ stage }) => stage === "sent" || stage === "invalid" || stage === "duplicate");
    for (const { key } of over) this.remove(key);
  }

  /** Takes an item off the list; what was begun for it is taken back. */
  remove(key: string): void {
    const item = this.find(key);
    this.aborts.get(key)?.abort();
    const permission = this.permissions.get(key);
    this.permissions.delete(key);
    this.fingerprints.delete(key);
    this.kept.delete(key);
    this.originals.delete(key);
    this.set(this.items.filter((other) => other.key !== key));
    if (item && item.stage !== "sent") this.replaceOriginal(item);
    if (item) this.ports.released(item.file);
    if (permission && item?.stage !== "sent") void this.ports.abandon(permission.imageId).catch(() => undefined);
  }

  /** Drops what was for a group that is no more. */
  forget(groupId: string): void {
    for (const item of this.items) if (item.groupId === groupId) this.remove(item.key);
  }

  /** Drops everything of this session, as when signing out. */
  clear(): void {
    for (const { key } of this.items) this.remove(key);
  }

  private nextRound(): number {
    if (!this.isBusy) this.round += 1;
    return this.round;
  }

  /** Only files of the same size can be the same, so only those are read. The first one of the list stays. */
  private async findDuplicates(groupId: string): Promise<void> {
    const sizes = new Map<number, UploadItem[]>();
    for (const item of this.items) {
      if (item.groupId === groupId && item.stage !== "invalid") {
        sizes.set(item.file.size, [...(sizes.get(item.file.size) ?? []), item]);
      }
    }
    for (const same of sizes.values()) {
      if (same.length < 2) continue;
      const first = new Map<string, string>();
      for (const { key } of same) {
        // Reading takes a while: what was removed meanwhile is no original, and a title may be another one.
        const item = this.find(key);
        const print = item ? await this.fingerprintOf(item) : null;
        if (print === null || !this.find(key)) continue;
        const original = this.find(first.get(print) ?? "");
        if (original === undefined) first.set(print, key);
        else this.markDuplicate(key, original);
      }
    }
  }

  /** What was a duplicate of an item that is no more is one no longer, or that of another. */
  private replaceOriginal(gone: UploadItem): void {
    const freed = [...this.originals].filter(([, original]) => original === gone.key).map(([key]) => key);
    for (const key of freed) {
      this.originals.delete(key);
      const item = this.find(key);
      if (item?.stage === "duplicate") this.change(key, { stage: "staged", problem: titleProblem(item.title) });
    }
    if (freed.length > 1) void this.findDuplicates(gone.groupId);
  }

  private async fingerprintOf(item: UploadItem): Promise<string | null> {
    const known = this.fingerprints.get(item.key);
    if (known !== undefined) return known;
    const print = await this.ports.fingerprint(item.file);
    if (this.find(item.key)) this.fingerprints.set(item.key, print);
    return print;
  }

  private markDuplicate(key: string, original: UploadItem): void {
    if (this.find(key)?.stage !== "staged" || this.kept.has(key)) return;
    this.originals.set(key, original.key);
    this.change(key, { stage: "duplicate", problem: `The same file as “${original.title}”.` });
  }

  private pump(): void {
    const running = this.items.filter((item) => item.stage === "uploading").length;
    const next = this.items.filter((item) => item.stage === "waiting").slice(0, AT_ONCE - running);
    for (const item of next) {
      this.change(item.key, { stage: "uploading" });
      void this.run(item.key).finally(() => this.pump());
    }
  }

  private async run(key: string): Promise<void> {
    const item = this.find(key);
    if (!item) return;
    const abort = new AbortController();
    this.aborts.set(key, abort);
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await this.attempt(item, abort.signal);
          break;
        } catch (error) {
          if (tries === MAX_TRIES || !(error instanceof ApiError && error.isTransient)) throw error;
          this.change(key, { progress: 0 });
          await this.ports.pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)), abort.signal);
        }
      }
      this.change(key, { stage: "sent", progress: 1 });
    } catch (error) {
      if (this.find(key)) this.change(key, { stage: "stopped", problem: problemOf(error) });
    } finally {
      this.aborts.delete(key);
    }
  }

  private async attempt(item: UploadItem, signal: AbortSignal): Promise<void> {
    const permission = await this.permissionFor(item);
    signal.throwIfAborted();
    const onProgress = (progress: number) => this.change(item.key, { progress });
    await this.ports.send(permission.upload, item.file, onProgress, signal);
  }

  private async permissionFor(item: UploadItem): Promise<Permission> {
    const held = this.permissions.get(item.key);
    if (held && held.until > this.ports.now()) return held;
    if (held) void this.ports.abandon(held.imageId).catch(() => undefined);
    const { newItem, upload } = await this.ports.create(item.groupId, announcementOf(item.file, item.title));
    const permission = { imageId: newItem.imageId, upload, until: this.ports.now() + PERMISSION_MS };
    if (!this.find(item.key)) {
      void this.ports.abandon(newItem.imageId).catch(() => undefined);
      throw new DOMException("The upload was cancelled", "AbortError");
    }
    this.permissions.set(item.key, permission);
    this.change(item.key, { imageId: newItem.imageId });
    this.ports.created(newItem);
    return permission;
  }

  private find(key: string): UploadItem | undefined {
    return this.items.find((item) => item.key === key);
  }

  private change(key: string, change: Partial<UploadItem>): void {
    this.set(this.items.map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  private set(items: readonly UploadItem[]): void {
    this.items = items;
    for (const listener of this.listeners) listener();
  }
}

function problemOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "The upload failed.";
}
