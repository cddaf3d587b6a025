import { describe, expect, it } from "vitest";
import { uploadForm, uploadProblem } from "../src/api/presigned_upload";

const FILE = new File(["pixels"], "a.png", { type: "image/png" });

describe("uploadForm", () => {
  it("puts the signed fields first and the file last, as S3 wants", () => {
    const form = uploadForm({ url: "u", fields: { key: "k", "Content-Type": "image/webp", policy: "p" } }, FILE);
    expect([...form.keys()]).toEqual(["key", "Content-Type", "policy", "file"]);
    expect(form.get("Content-Type")).toBe("image/webp");
  });

  it("adds the file's type where none is signed", () => {
    expect(uploadForm({ url: "u", fields: { key: "k" } }, FILE).get("Content-Type")).toBe("image/png");
  });
});

describe("uploadProblem", () => {
  it.each([
    [400, "<Error><Code>EntityTooLarge</Code></Error>", "too large"],
    [403, "<Error><Code>AccessDenied</Code><Message>Policy expired</Message></Error>", "run out"],
    [0, "", "connection broke"],
    [503, "<Error><Code>SlowDown</Code></Error>", "SlowDown"],
    [500, "no XML", "500"],
  ])("says what status %i with %j means", (status, answer, said) => {
    expect(uploadProblem(status, answer)).toContain(said);
  });
});
