import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/client";
import type { NewImage } from "../src/api/types";
import { announcementOf, fileProblem, formatName, imageType, MAX_BYTES, titleFrom } from "../src/uploads/checks";
import { picked } from "../src/uploads/picked";
import { overallProgress } from "../src/uploads/progress";
import { type UploadItem, type UploadPorts, UploadQueue } from "../src/uploads/queue";
import { imageRecord } from "./records";

/** Each its own bytes, all of one length, unless a test says what is in it. */
function png(name: string, content = `pixels of ${name}`): File {
  return new File([content], name, { type: "image/png" });
}

describe("checks", () => {
  it.each([
    [{ name: "a.jpg", type: "image/jpeg", size: 1 }, null],
    [{ name: "a.TIFF", type: "", size: MAX_BYTES }, null],
    [{ name: "a.jpg", type: "image/jpeg", size: MAX_BYTES + 1 }, "Larger than 25 MB."],
    [{ name: "a.jpg", type: "image/jpeg", size: 0 }, "The file is empty."],
    [{ name: "a.svg", type: "image/svg+xml", size: 9 }, "Not a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF picture."],
    [{ name: "a.jpg", type: "text/plain", size: 9 }, "Not a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF picture."],
  ])("of %j say %j", (file, problem) => {
    expect(fileProblem(file)).toBe(problem);
  });

  it("knows a type by its extension only where the browser says none", () => {
    expect(imageType({ name: "scan.tif", type: "" })).toBe("image/tiff");
    expect(imageType({ name: "scan", type: "" })).toBeNull();
  });

  it("names the format of a file that the browser may not show", () => {
    expect(formatName({ name: "a.heic", type: "" })).toBe("HEIC");
    expect(formatName({ name: "a", type: "image/avif" })).toBe("AVIF");
    expect(formatName({ name: "notes.txt", type: "text/plain" })).toBe("TXT");
  });

  it("makes a title of a file's name", () => {
    expect(titleFrom("IMG_2034-final.jpeg")).toBe("IMG 2034 final");
    expect(titleFrom(".png")).toBe("Untitled");
    expect(titleFrom("x".repeat(500)).length).toBe(200);
  });

  it("announces a file without what the API refuses", () => {
    const announced = announcementOf(png("dog\u0007.png"), "  Rex\u0000 ");
    expect(announced).toEqual({ title: "Rex", fileName: "dog.png", contentType: "image/png" });
    expect(announcementOf(png("dog.png"), "   ").title).toBe("dog");
  });
});

/** Ports that do as a test says: `release` ends the oldest upload under way, `fail` makes the next one fail. */
class FakePorts implements UploadPorts {
  createdIds: string[] = [];
  abandoned: string[] = [];
  pauses: number[] = [];
  read: string[] = [];
  clock = 0;
  private waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  create(groupId: string, image: { title: string }): Promise<NewImage> {
    const imageId = `${image.title}-${this.createdIds.length}`;
    this.createdIds.push(imageId);
    const newItem = imageRecord({ imageId, groupId, status: "RECEIVED", uploadStatus: "AWAITED" });
    return Promise.resolve({ newItem, upload: { url: "u", fields: {} } });
  }

  send(_upload: unknown, _file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<void> {
    onProgress(0.5);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      signal.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    });
  }

  get sending(): number {
    return this.waiting.length;
  }

  release(): void {
    this.waiting.shift()?.resolve();
  }

  fail(error: Error): void {
    this.waiting.shift()?.reject(error);
  }

  pause(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
    return Promise.resolve();
  }

  /** The same text is the same file. */
  fingerprint(file: File): Promise<string | null> {
    this.read.push(file.name);
    return file.text();
  }

  created(): void {}
  released(): void {}
  now(): number {
    return this.clock;
  }

  abandon(imageId: string): Promise<void> {
    this.abandoned.push(imageId);
    return Promise.resolve();
  }
}

function started(names: string[]): { ports: FakePorts; queue: UploadQueue } {
  const ports = new FakePorts();
  const queue = new UploadQueue(ports);
  queue.stage(
    "g",
    names.map((name) => png(name)),
  );
  queue.start();
  return { ports, queue };
}

const stages = (queue: UploadQueue) => queue.snapshot().map((item) => item.stage);

describe("UploadQueue", () => {
  it("sends nothing before it is told to, and never a file that can't be uploaded", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png"), new File(["text"], "notes.txt", { type: "text/plain" })]);
    expect(stages(queue)).toEqual(["staged", "invalid"]);
    queue.start();
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    expect(stages(queue)).toEqual(["uploading", "invalid"]);
  });

  it("sends three at a time, the others in their turn", async () => {
    const { ports, queue } = started(["a.png", "b.png", "c.png", "d.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(3));
    expect(stages(queue)).toEqual(["uploading", "uploading", "uploading", "waiting"]);
    ports.release();
    await vi.waitFor(() => expect(stages(queue)).toEqual(["sent", "uploading", "uploading", "uploading"]));
    expect(queue.isBusy).toBe(true);
  });

  it("says why an upload stopped, and takes up the same permission again when it is retried soon", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.fail(new Error("The connection broke."));
    await vi.waitFor(() => expect(stages(queue)).toEqual(["stopped"]));
    expect(queue.snapshot()[0]?.problem).toBe("The connection broke.");
    queue.retry("upload-0");
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.release();
    await vi.waitFor(() => expect(stages(queue)).toEqual(["sent"]));
    expect(ports.createdIds).toEqual(["a-0"]);
  });

  it("asks for a new permission when the old one has run out, and takes the old record back", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.fail(new ApiError(403, "The permission to upload has run out."));
    await vi.waitFor(() => expect(stages(queue)).toEqual(["stopped"]));
    ports.clock = 5 * 60_000;
    queue.retry("upload-0");
    await vi.waitFor(() => expect(ports.createdIds).toEqual(["a-0", "a-1"]));
    expect(ports.abandoned).toEqual(["a-0"]);
  });

  it("tries again by itself, ever more patiently, when the service is busy", async () => {
    const { ports, queue } = started(["a.png"]);
    for (let tries = 0; tries < 8; tries += 1) {
      await vi.waitFor(() => expect(ports.sending).toBe(1));
      expect(stages(queue)).toEqual(["uploading"]);
      ports.fail(new ApiError(503, "Busy."));
    }
    await vi.waitFor(() => expect(stages(queue)).toEqual(["stopped"]));
    expect(ports.pauses).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(ports.createdIds).toEqual(["a-0"]);
  });

  it("doesn't try again by itself what was refused for good", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.fail(new ApiError(400, "The picture is too large."));
    await vi.waitFor(() => expect(stages(queue)).toEqual(["stopped"]));
    expect(ports.pauses).toEqual([]);
  });

  it("leaves no record behind when an upload is cancelled", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    queue.remove("upload-0");
    expect(queue.snapshot()).toEqual([]);
    expect(ports.abandoned).toEqual(["a-0"]);
  });

  it("keeps the record of what was sent when the list is cleared", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.release();
    await vi.waitFor(() => expect(stages(queue)).toEqual(["sent"]));
    queue.clear();
    expect(queue.snapshot()).toEqual([]);
    expect(ports.abandoned).toEqual([]);
  });

  it("notices the same bytes under another name, and takes them all the same where it is told to", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png", "same"), png("b.png", "same"), png("c.png", "else"), png("longer.png", "other")]);
    await vi.waitFor(() => expect(stages(queue)).toEqual(["staged", "duplicate", "staged", "staged"]));
    expect(queue.snapshot()[1]?.problem).toBe("The same file as “a”.");
    // A file of a size of its own can't be another's copy, so it isn't read.
    expect(ports.read).toEqual(["a.png", "b.png", "c.png"]);
    queue.stage("g", [png("d.png", "same")]);
    await vi.waitFor(() => expect(stages(queue)).toEqual(["staged", "duplicate", "staged", "staged", "duplicate"]));
    expect(ports.read.filter((name) => name === "a.png")).toHaveLength(1);
    queue.keep("upload-1");
    queue.start();
    await vi.waitFor(() => expect(ports.sending).toBe(3));
    expect(stages(queue)).toEqual(["uploading", "uploading", "uploading", "waiting", "duplicate"]);
  });

  it("calls nothing a duplicate of what was removed, whether before its bytes were read or after", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png", "same"), png("b.png", "same"), png("c.png", "same")]);
    queue.remove("upload-0");
    await vi.waitFor(() => expect(stages(queue)).toEqual(["staged", "duplicate"]));
    expect(queue.snapshot()[1]?.problem).toBe("The same file as “b”.");

    queue.remove("upload-1");

    expect(queue.snapshot().map(({ title, stage, problem }) => [title, stage, problem])).toEqual([
      ["c", "staged", null],
    ]);
  });

  it("names the original by the title that it has by then", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png", "same"), png("b.png", "same")]);
    queue.rename("upload-0", "Rex");
    await vi.waitFor(() => expect(queue.snapshot()[1]?.problem).toBe("The same file as “Rex”."));
  });

  it("begins no upload twice that is told twice to be tried again", async () => {
    const { ports, queue } = started(["a.png"]);
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    ports.fail(new ApiError(403, "Refused."));
    await vi.waitFor(() => expect(stages(queue)).toEqual(["stopped"]));
    queue.retry("upload-0");
    queue.retry("upload-0");
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    await Promise.resolve();
    expect(ports.sending).toBe(1);
  });

  it("doesn't compare files of different groups", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png", "same")]);
    queue.stage("other", [png("b.png", "same")]);
    await Promise.resolve();
    expect(ports.read).toEqual([]);
  });

  it("keeps a picture back whose title is too long, and says so instead of cutting it", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    queue.stage("g", [png("a.png"), png("b.png")]);
    queue.rename("upload-0", "x".repeat(201));
    queue.start();
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    expect(stages(queue)).toEqual(["staged", "uploading"]);
    expect(queue.snapshot()[0]?.problem).toContain("201 characters");
    expect(queue.snapshot()[0]?.title).toHaveLength(201);
  });

  it("would lose something while anything isn't sent", async () => {
    const ports = new FakePorts();
    const queue = new UploadQueue(ports);
    expect(queue.hasUnsent).toBe(false);
    queue.stage("g", [png("a.png")]);
    expect(queue.hasUnsent).toBe(true);
    queue.start();
    await vi.waitFor(() => expect(ports.sending).toBe(1));
    expect(queue.hasUnsent).toBe(true);
    ports.release();
    await vi.waitFor(() => expect(queue.hasUnsent).toBe(false));
    queue.tidy();
    expect(queue.snapshot()).toEqual([]);
  });
});

describe("forget", () => {
  it("drops a group's files when the group goes, and no others", () => {
    const queue = new UploadQueue(new FakePorts());
    queue.stage("g", [png("a.png")]);
    queue.stage("other", [png("b.png")]);
    queue.forget("g");
    expect(queue.snapshot().map((item) => item.groupId)).toEqual(["other"]);
  });
});

describe("overallProgress", () => {
  const item = (stage: UploadItem["stage"], size: number, round = 1, progress = 0) =>
    ({ stage, round, progress, file: { size } }) as UploadItem;

  it("counts by bytes, and the present round alone", () => {
    const items = [item("sent", 1000), item("sent", 100, 2, 1), item("uploading", 300, 2, 0.5), item("staged", 7, 0)];
    expect(overallProgress(items)).toEqual({ staged: 1, total: 2, sent: 1, stopped: 0, isBusy: true, part: 0.625 });
  });

  it("is nothing of nothing", () => {
    expect(overallProgress([])).toEqual({ staged: 0, total: 0, sent: 0, stopped: 0, isBusy: false, part: 0 });
  });
});

describe("picked", () => {
  const text = (name: string) => new File(["x"], name, { type: "text/plain" });

  it("leaves out what a folder holds beside pictures, and keeps what was chosen by name", () => {
    const { files, ignored } = picked([
      { file: png("a.png"), inFolder: true },
      { file: text("notes.txt"), inFolder: true },
      { file: png(".hidden.png"), inFolder: true },
      { file: text("chosen.txt"), inFolder: false },
    ]);
    expect(files.map((file) => file.name)).toEqual(["a.png", "chosen.txt"]);
    expect(ignored).toBe(2);
  });
});
