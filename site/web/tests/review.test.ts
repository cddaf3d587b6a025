import { describe, expect, it } from "vitest";
import { isIn } from "../src/auth/session";
import { afterGiving, keyed as keyedOn, laidOut, search } from "../src/review/labels";
import { howToAnswer, nothingLeft } from "../src/review/words";

const keyed = (labels: string[]) => keyedOn(labels, laidOut(labels));
const many = Array.from({ length: 40 }, (_, index) => `class ${index}`);

/** The labels on the keys 1 to 9 after these were given. */
function keysAfter(given: string[], labels = many): string[] {
  let keyboard = laidOut(labels);
  for (const label of given) keyboard = afterGiving(keyboard, label, labels);
  return keyedOn(labels, keyboard).map(({ label }) => label);
}

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
    expect(keyed(many).map(({ label }) => label)).toEqual(many.slice(0, 9));
  });
});

describe("the keys of many labels", () => {
  it("go to what was given, where they stay", () => {
    expect(keysAfter(["class 30"])).toEqual(["class 30", ...many.slice(1, 9)]);
    expect(keysAfter(["class 30", "class 20", "class 30", "class 4"])).toEqual([
      "class 30",
      "class 20",
      ...many.slice(2, 9),
    ]);
  });

  it("are taken from what was given longest ago", () => {
    const nine = many.slice(20, 29);
    const full = keysAfter(nine);
    expect(full).toEqual(nine);
    expect(keysAfter([...nine, "class 20", "class 39"])).toEqual(["class 20", "class 39", ...nine.slice(2)]);
  });

  it("are not for a label that the model doesn't have", () => {
    expect(keysAfter(["something new"])).toEqual(many.slice(0, 9));
  });

  it("are kept for another day, but for labels that are no more", () => {
    const before = afterGiving(laidOut(many), "class 30", many);
    expect(laidOut(many, before)).toEqual(before);
    const fewer = many.filter((label) => label !== "class 30");
    expect(laidOut(fewer, before)).toEqual({ onKeys: [...many.slice(1, 9), "class 0"], given: [] });
    const few = ["dog", "cat"];
    expect(keyedOn(few, laidOut(few, before))).toEqual(keyed(few));
  });

  it("leave a digit its own key whatever is given", () => {
    const labels = ["3", "5", ...many];
    const keys = keysAfter(["3", "class 33"], labels);
    expect([keys[2], keys[4], keys[0]]).toEqual(["3", "5", "class 33"]);
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
