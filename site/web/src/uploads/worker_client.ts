import workerUrl from "./pictures.worker?worker&url";

export interface WorkerTask {
  id: number;
  kind: "preview" | "reduced" | "fingerprint";
  file: File;
}

export interface WorkerAnswer {
  id: number;
  /** Null where it could not be done. */
  result: Blob | string | null;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The page's policy wants a script's address to be vouched for; this one is the build's own. */
function trusted(url: string): string {
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  return types?.createPolicy("loupe-worker", { createScriptURL: (own) => own }).createScriptURL(url) ?? url;
}

let worker: Worker | null = null;
let nextId = 0;
const asked = new Map<number, (result: WorkerAnswer["result"]) => void>();

function started(): Worker {
  if (worker !== null) return worker;
  worker = new Worker(trusted(workerUrl), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
    asked.get(data.id)?.(data.result);
    asked.delete(data.id);
  };
  worker.onerror = () => {
    for (const done of asked.values()) done(null);
    asked.clear();
  };
  return worker;
}

function ask(kind: WorkerTask["kind"], file: File): Promise<WorkerAnswer["result"]> {
  return new Promise((resolve) => {
    const task: WorkerTask = { id: nextId++, kind, file };
    asked.set(task.id, resolve);
    try {
      started().postMessage(task);
    } catch {
      asked.delete(task.id);
      resolve(null);
    }
  });
}

/** A small WebP of a picture; null where the browser can't decode it. */
export async function smallPicture(file: File): Promise<Blob | null> {
  const result = await ask("preview", file);
  return result instanceof Blob ? result : null;
}

/** A JPEG of at most 1,024 pixels a side; null where the browser can't decode the file. */
export async function reducedPicture(file: File): Promise<Blob | null> {
  const result = await ask("reduced", file);
  return result instanceof Blob ? result : null;
}

/** The SHA-256 of a file's bytes in hex; null where it can't be read. */
export async function fingerprint(file: File): Promise<string | null> {
  const result = await ask("fingerprint", file);
  return typeof result === "string" ? result : null;
}
