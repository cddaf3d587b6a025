// @vitest-environment jsdom
import { act } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ApiClient, ApiError } from "../src/api/client";
import { ApiContext } from "../src/api/context";
import type { Review, ReviewAnswer } from "../src/api/types";
import { useReviewDesk } from "../src/review/useReviewDesk";
import { hooked } from "./hooks";

vi.mock("../src/ui/notify", () => ({ notify: () => undefined }));

interface Waiting {
  settle(): void;
  fail(error: Error): void;
}

/** The reviews of one person: answered ones go, own ones come again. Answers arrive when a test lets them. */
class Reviews {
  readonly answers: [string, ReviewAnswer][] = [];
  readonly sending: Waiting[] = [];
  readonly given: string[] = [];
  private readonly open: string[];

  constructor(...names: string[]) {
    this.open = names;
  }

  nextReview = async (_recent: string[], without: string[], showGuess: boolean) => {
    const name = this.open.find((each) => !without.includes(each));
    if (name !== undefined) this.given.push(name);
    return { result: name === undefined ? null : review(name, showGuess), waiting: this.open.length };
  };

  answerReview = (name: string, answer: ReviewAnswer) =>
    new Promise((resolve, reject) => {
      this.sending.push({
        settle: () => {
          this.answers.push([name, answer]);
          this.open.splice(this.open.indexOf(name), 1);
          resolve({ guess: [] });
        },
        fail: reject,
      });
    });

  settleAll(): void {
    for (const each of this.sending) each.settle();
  }

  undoReview = async (name: string) => {
    this.open.unshift(name);
    return review(name, false);
  };
}

function review(name: string, showGuess: boolean): Review {
  const guess = showGuess ? [{ label: "cat", score: 0.5 }] : [];
  return { reviewId: name, fileName: name, imageUrl: null, guess } as unknown as Review;
}

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function deskOf(reviews: Reviews, showGuess = false) {
  const wish = { showGuess };
  const desk = await hooked(
    () => useReviewDesk(wish.showGuess),
    (child) => <ApiContext value={reviews as unknown as ApiClient}>{child}</ApiContext>,
  );
  ended.push(desk.end);
  const front = () => desk.now().current?.reviewId ?? null;
  const show = (showGuess: boolean) => {
    wish.showGuess = showGuess;
    return desk.draw();
  };
  return { ...desk, front, show };
}

describe("the desk of a reviewer who is fast", () => {
  it("takes two keys between two drawings for two answers to two pictures", async () => {
    const reviews = new Reviews("a", "b", "c", "d");
    const desk = await deskOf(reviews);
    const drawn = desk.now();

    await act(async () => {
      drawn.answer("LABEL", "cat");
      drawn.answer("LABEL", "dog");
    });
    await act(async () => reviews.settleAll());

    expect(reviews.answers.map(([name, { label }]) => [name, label])).toEqual([
      ["a", "cat"],
      ["b", "dog"],
    ]);
    expect(desk.now().done).toBe(2);
    expect(desk.front()).toBe("c");
  });

  it("shows no picture again whose answer is overtaken by the next one", async () => {
    const reviews = new Reviews("a", "b", "c");
    const desk = await deskOf(reviews);
    await act(async () => desk.now().answer("LABEL", "cat"));
    await act(async () => desk.now().answer("LABEL", "dog"));
    await act(async () => reviews.sending[1]?.settle());
    await act(async () => undefined);
    expect(desk.front()).toBeNull();

    await act(async () => reviews.sending[0]?.settle());

    expect(desk.front()).toBe("c");
    expect(reviews.given).toEqual(["a", "b", "c"]);
  });

  it("keeps the way back from an answer when an earlier one turns out not to be saved", async () => {
    const reviews = new Reviews("a", "b", "c");
    const desk = await deskOf(reviews);
    await act(async () => desk.now().answer("LABEL", "cat"));
    await act(async () => desk.now().answer("LABEL", "dog"));

    await act(async () => reviews.sending[0]?.fail(new ApiError(409, "It is no longer yours.")));

    expect(desk.now().last?.said).toBe("dog");
    expect(desk.now().done).toBe(1);
  });

  it("goes back to what the last picture showed: its guess, unless it's hidden by now", async () => {
    for (const hidden of [false, true]) {
      const reviews = new Reviews("a", "b", "c");
      const desk = await deskOf(reviews, true);
      await act(async () => desk.now().answer("LABEL", "cat"));
      await act(async () => reviews.sending[0]?.settle());
      if (hidden) await desk.show(false);

      await act(async () => desk.now().undo());

      expect(desk.front()).toBe("a");
      expect(desk.now().current?.guess.length).toBe(hidden ? 0 : 1);
    }
  });

  it("goes back to the last picture, and keeps the one in front behind it", async () => {
    const reviews = new Reviews("a", "b", "c");
    const desk = await deskOf(reviews);
    await act(async () => desk.now().answer("LABEL", "cat"));
    await act(async () => reviews.sending[0]?.settle());
    await act(async () => desk.now().undo());
    expect(desk.front()).toBe("a");

    await act(async () => desk.now().answer("LABEL", "dog"));

    expect(desk.front()).toBe("b");
    expect(desk.now().done).toBe(1);
  });

  it("has the model's guess with the next picture once it is wished, and says what was shown", async () => {
    const reviews = new Reviews("a", "b", "c");
    const desk = await deskOf(reviews);
    expect(desk.now().current?.guess).toEqual([]);
    await desk.show(true);
    await act(async () => desk.now().answer("LABEL", "cat"));
    expect(desk.now().current?.guess).not.toEqual([]);

    await desk.show(false);
    await act(async () => desk.now().answer("LABEL", "dog"));
    await act(async () => reviews.settleAll());

    expect(desk.now().current?.guess).toEqual([]);
    expect(reviews.answers.map(([, { guessShown }]) => guessShown)).toEqual([false, false]);
  });
});
