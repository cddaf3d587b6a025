import { describe, expect, it } from "vitest";
import { isIn } from "../src/auth/session";
import { keyed, search } from "../src/review/labels";
import { howToAnswer, nothingLeft } from "../src/review/words";

describe("the keys of labels", () => {
  it("are 1 to 9 in the labels' order", () => {
    expect(keyed(["dog", "cat"])).toEqual([
      { key: "1", label: "cat" },
      { key: "2", label: "dog" },
    ]);
  });

  it("leave a digit its own key", () => {
    const found = keyed(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(found).toHaveLength(9);
    expect(found.every(({ key, label }) => key === label)).toBe(true);
    expect(keyed(["3", "cat"])).toEqual([
      { key: "1", label: "cat" },
      { key: "3", label: "3" },
    ]);
  });

  it("are nine at most", () => {
    const many = Array.from({ length: 40 }, (_, index) => `class ${index}`);
    expect(keyed(many).map(({ label }) => label)).toEqual(many.slice(0, 9));
  });
});

describe("the search", () => {
  it("shows what begins so first", () => {
    expect(search(["wild cat", "cat", "dog"], "CAT")).toEqual(["cat", "wild cat"]);
  });

  it("shows nothing for nothing", () => {
    expect(search(["cat"], "  ")).toEqual([]);
  });
});

describe("what a reviewer is told", () => {
  it("is where the labels are that have no key", () => {
    expect(howToAnswer(9)).toBe("Choose a label, or press the key beside it.");
    expect(howToAnswer(21)).toContain("or find one of 12 others by typing");
  });

  it("never calls nothing what others have before them", () => {
    expect(nothingLeft({ done: 0, waiting: 0 }).title).toBe("Nothing waits");
    expect(nothingLeft({ done: 0, waiting: 5 }).title).toBe("Nothing for you at the moment");
    expect(nothingLeft({ done: 0, waiting: 5 }).said).toContain("5 pictures still wait: other reviewers");
    expect(nothingLeft({ done: 3, waiting: 1 }).said).toContain("reviewed 3 pictures. 1 picture still waits");
    expect(nothingLeft({ done: 3, waiting: 0 }).said).toContain("New ones appear here by themselves.");
  });
});

it("a reviewer is known by whichever claim names the group", () => {
  expect(isIn("reviewers", { "cognito:groups": ["reviewers"] })).toBe(true);
  expect(isIn("reviewers", { roles: ["others", "reviewers"] })).toBe(true);
  expect(isIn("reviewers", { name: "reviewers" })).toBe(false);
  expect(isIn("reviewers", undefined)).toBe(false);
});
