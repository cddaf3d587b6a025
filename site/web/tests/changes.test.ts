import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { changeKnown, forgetImage, placeImage } from "../src/api/changes";
import { allImages, type ImagePages, mergeNewest } from "../src/api/image_pages";
import { keys, ownHistory } from "../src/api/queries";
import type { ImageRecord } from "../src/api/types";
import { without } from "../src/pictures/SelectionBar";
import { withPeriod } from "../src/ui/Periods";
import { imageRecord } from "./records";

const OLD = imageRecord({ imageId: "a", groupId: "g", status: "RECEIVED", title: "Old" });
const LIST = keys.groupImages("g");

/** A page's memory of two pictures of one group. */
function known(...images: ImageRecord[]): QueryClient {
  const client = new QueryClient();
  client.setQueryData<ImagePages>(LIST, { pages: [{ items: images, nextToken: "more" }], pageParams: [null] });
  return client;
}

function listed(client: QueryClient): ImageRecord[] {
  return allImages(client.getQueryData<ImagePages>(LIST));
}

describe("a change that somebody makes", () => {
  it("is made to what is known by then, and not to what they saw", async () => {
    const newer: ImageRecord = { ...OLD, status: "CLASSIFIED", label: "cat" };
    const client = known(newer);
    client.setQueryData(keys.image("a"), newer);

    await changeKnown(client, OLD, (image) => ({ ...image, title: "New" }));

    const expected = { ...newer, title: "New" };
    expect(client.getQueryData(keys.image("a"))).toEqual(expected);
    expect(listed(client)).toEqual([expected]);
  });

  it("holds though a list is being read that is of before", async () => {
    const client = known(OLD, imageRecord({ imageId: "b", groupId: "g" }));
    let answer: (items: ImageRecord[]) => void = () => undefined;
    const reading = client
      .fetchQuery({
        queryKey: keys.newest("g"),
        queryFn: async ({ signal }) => {
          const items = await new Promise<ImageRecord[]>((resolve, reject) => {
            answer = resolve;
            signal.addEventListener("abort", () => reject(signal.reason));
          });
          client.setQueryData<ImagePages>(LIST, (pages) => mergeNewest(pages, items));
          return items.length;
        },
      })
      .catch(() => 0);

    await forgetImage(client, OLD);
    answer([OLD]);
    await reading;

    expect(listed(client).map(({ imageId }) => imageId)).toEqual(["b"]);
  });

  it("holds though the next page is being added to the list as it was before", async () => {
    const client = known(OLD);
    let answer: (page: unknown) => void = () => undefined;
    const adding = client
      .fetchInfiniteQuery({
        queryKey: LIST,
        queryFn: ({ signal }) =>
          new Promise<ImagePages["pages"][number]>((resolve, reject) => {
            answer = resolve as (page: unknown) => void;
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
        initialPageParam: null as string | null,
        getNextPageParam: (last: ImagePages["pages"][number]) => last.nextToken,
      })
      .catch(() => undefined);

    await forgetImage(client, OLD);
    answer({ items: [OLD], nextToken: null });
    await adding;

    expect(listed(client)).toEqual([]);
  });
});

describe("a picture's history", () => {
  it("is kept while the same picture's is read anew, and is never another's", () => {
    const kept = ownHistory("b");
    expect(kept(["its own"], { queryKey: [...keys.history("b"), "live"] })).toEqual(["its own"]);
    expect(kept(["another's"], { queryKey: [...keys.history("a"), "settled"] })).toBeUndefined();
    expect(kept(undefined, undefined)).toBeUndefined();
  });
});

describe("a selection", () => {
  it("keeps what could not be done and what was chosen meanwhile", () => {
    expect([...without(new Set(["done", "failed", "chosen later"]), new Set(["done"]))]).toEqual([
      "failed",
      "chosen later",
    ]);
  });
});

describe("a period", () => {
  it("changes nothing else in the address", () => {
    const asked = { name: "days", options: [], usual: 30 };
    const address = new URLSearchParams("days=7&model=pets");
    expect(withPeriod(address, asked, 90).toString()).toBe("days=90&model=pets");
    expect(withPeriod(address, asked, 30).toString()).toBe("model=pets");
  });
});

describe("a picture that is moved", () => {
  it("leaves its list for another, which is read anew as are both groups' counts and covers", async () => {
    const client = known(OLD, imageRecord({ imageId: "b", groupId: "g" }));
    const newer: ImageRecord = { ...OLD, status: "CLASSIFIED", label: "cat" };
    client.setQueryData(keys.image("a"), newer);
    client.setQueryData<ImagePages>(keys.groupImages("h"), { pages: [], pageParams: [] });
    const shown = ["g", "h"].flatMap((groupId) => [keys.cover(groupId), keys.imageCount(groupId)]);
    for (const queryKey of shown) client.setQueryData(queryKey, {});

    await placeImage(client, OLD, "h");

    expect(listed(client).map(({ imageId }) => imageId)).toEqual(["b"]);
    expect(client.getQueryData(keys.groupImages("h"))).toBeUndefined();
    expect(client.getQueryData(keys.image("a"))).toEqual({ ...newer, groupId: "h" });
    expect(shown.map((queryKey) => client.getQueryState(queryKey)?.isInvalidated)).toEqual([true, true, true, true]);
  });
});
