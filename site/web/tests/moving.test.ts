import { describe, expect, it } from "vitest";
import type { Group } from "../src/api/types";
import { chosenOf, groupsFor } from "../src/pictures/moving";
import { imageRecord } from "./records";

const GROUPS = ["Cats", "Dogs", "Hot dogs"].map(
  (name): Group => ({
    id: name,
    name,
    description: "",
    ownerId: "ann",
    ownerName: "",
    createdAt: "2026-11-29T06:00:00.000Z",
    visibility: "public",
  }),
);
const names = (wanted: string, ...standing: string[]) => {
  const pictures = standing.map((groupId) => imageRecord({ groupId }));
  return groupsFor(GROUPS, pictures, wanted).map(({ name }) => name);
};

describe("groups to move pictures to", () => {
  it("are all but the one where all of them stand", () => {
    expect(names("", "Cats")).toEqual(["Dogs", "Hot dogs"]);
    expect(names("", "Cats", "Cats")).toEqual(["Dogs", "Hot dogs"]);
    expect(names("", "Cats", "Dogs")).toEqual(["Cats", "Dogs", "Hot dogs"]);
  });

  it("are found by a part of their name, whatever its case", () => {
    expect(names(" DOG ", "Cats")).toEqual(["Dogs", "Hot dogs"]);
    expect(names("mice", "Cats")).toEqual([]);
  });

  it("are chosen by a click, or by typing what fits one alone", () => {
    const chosen = (wanted: string, picked: string | null) => {
      return chosenOf(groupsFor(GROUPS, [imageRecord({ groupId: "none" })], wanted), wanted, picked)?.id ?? null;
    };
    expect(chosen("", null)).toBeNull();
    expect(chosen("", "Dogs")).toBe("Dogs");
    expect(chosen("dog", null)).toBeNull();
    expect(chosen("dog", "Dogs")).toBe("Dogs");
    expect(chosen("hot", null)).toBe("Hot dogs");
    // What was picked before, and is shown no more, is not meant.
    expect(chosen("hot", "Cats")).toBe("Hot dogs");
    expect(chosen("dog", "Cats")).toBeNull();
  });
});
