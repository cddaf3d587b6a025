import type { UploadItem } from "./queue";

/** All uploads together. Bytes decide the part that is done: a large file counts as what it is. */
export interface OverallProgress {
  /** Pictures that wait for somebody to say "upload". */
  staged: number;
  /** Of the present round: everything that was started since the queue was last idle. */
  total: number;
  sent: number;
  stopped: number;
  isBusy: boolean;
  /** 0 to 1. */
  part: number;
}

const STARTED = new Set(["waiting", "uploading", "sent", "stopped"]);

export function overallProgress(items: readonly UploadItem[]): OverallProgress {
  const newest = Math.max(0, ...items.map((item) => item.round));
  const round = items.filter((item) => STARTED.has(item.stage) && item.round === newest);
  const bytes = round.reduce((sum, item) => sum + item.file.size, 0);
  const done = round.reduce((sum, item) => sum + item.file.size * (item.stage === "sent" ? 1 : item.progress), 0);
  const of = (stage: UploadItem["stage"]) => round.filter((item) => item.stage === stage).length;
  return {
    staged: items.filter((item) => item.stage === "staged").length,
    total: round.length,
    sent: of("sent"),
    stopped: of("stopped"),
    isBusy: of("waiting") + of("uploading") > 0,
    part: bytes > 0 ? done / bytes : 0,
  };
}
