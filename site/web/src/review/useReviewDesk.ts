import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { useApi } from "../api/context";
import type { Prediction, Review, ReviewChoice } from "../api/types";
import { notify } from "../ui/notify";

const RECENT = 5;
const UNDO_MS = 10_000;
// A lease is five minutes long, and is renewed while somebody is at work.
const RENEW_EVERY_MS = 120_000;
const IDLE_AFTER_MS = 300_000;
const LOOK_AGAIN_MS = 10_000;

/** The answer before this picture: what was said, what the model had thought, until when it can be undone. */
export interface Last {
  review: Review;
  said: string;
  guess: Prediction[] | null;
  until: number;
}

/** The picture in front, and the one behind it. */
interface Held {
  current: Review | null;
  ahead: Review | null;
}

export interface ReviewDesk {
  current: Review | null;
  waiting: number;
  done: number;
  last: Last | null;
  problem: Error | null;
  isLoading: boolean;
  answer(choice: ReviewChoice, label?: string): void;
  skip(): void;
  undo(): void;
  retry(): void;
}

/** One reviewer's desk: a picture in front, the next one fetched behind it. */
export function useReviewDesk(showGuess: boolean): ReviewDesk {
  const api = useApi();
  const [current, setCurrent] = useState<Review | null>(null);
  const [waiting, setWaiting] = useState(0);
  const [done, setDone] = useState(0);
  const [last, setLast] = useState<Last | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isLoading, setLoading] = useState(true);
  const recent = useRef<string[]>([]);
  const since = useRef(Date.now());
  const taking = useRef(false);
  const wished = useRef(showGuess);
  const answering = useRef<Promise<unknown>>(Promise.resolve());
  // What is held is decided here and drawn from there: answers come faster than the page is drawn.
  const held = useRef<Held>({ current: null, ahead: null });
  const hold = useCallback((front: Review | null, behind: Review | null) => {
    if (held.current.current !== front) since.current = Date.now();
    held.current = { current: front, ahead: behind };
    setCurrent(front);
  }, []);
  /** Whatever is on its way to the service, all of it: one that is slow may be overtaken by the next. */
  const underway = useCallback((sent: Promise<unknown>) => {
    // Without their results, which would be kept of all answers of a day, one within another.
    answering.current = Promise.all([answering.current, sent]).then(() => undefined);
  }, []);

  /** Fill what is empty: the picture in front, then the one behind. */
  const fill = useCallback(async () => {
    if (taking.current) return;
    taking.current = true;
    try {
      for (;;) {
        // The answers under way must have arrived, or the same picture would come again.
        for (let sent: unknown; sent !== answering.current; await sent) sent = answering.current;
        const { current: front, ahead: behind } = held.current;
        if (front !== null && behind !== null) break;
        const without = [front, behind].flatMap((review) => (review === null ? [] : [review.reviewId]));
        const asked = wished.current;
        const next = await api.nextReview(recent.current, without, asked);
        // Asked for in the other way meanwhile: this reviewer's own comes again.
        if (asked !== wished.current) continue;
        setWaiting(next.waiting);
        setProblem(null);
        if (next.result === null) break;
        if (next.result.imageUrl) new Image().src = next.result.imageUrl;
        const { current: now, ahead: then } = held.current;
        // Where one that was taken back has come between, the desk is full: this one comes again later.
        if (now === null) hold(next.result, then);
        else if (then === null && now.reviewId !== next.result.reviewId) hold(now, next.result);
      }
    } catch (error) {
      setProblem(error as Error);
    } finally {
      taking.current = false;
      setLoading(false);
    }
  }, [api, hold]);

  useEffect(() => {
    void fill();
    const timer = setInterval(() => {
      if (held.current.ahead === null && document.visibilityState === "visible") void fill();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [fill]);

  /** The one behind was fetched as it was wished before: with a guess that is to be hidden, or without one. */
  useEffect(() => {
    if (wished.current === showGuess) return;
    wished.current = showGuess;
    hold(held.current.current, null);
    void fill();
  }, [fill, hold, showGuess]);

  useRenewedLeases(held);

  const step = useCallback(() => {
    const next = held.current.ahead;
    hold(next, null);
    // Who is faster than the next picture comes is not done yet.
    if (next === null) setLoading(true);
    void fill();
  }, [fill, hold]);

  const failed = useCallback((error: unknown) => {
    const gone = error instanceof ApiError && (error.status === 409 || error.status === 404);
    notify({ title: gone ? "That picture is no longer yours" : "Not saved", description: (error as Error).message });
  }, []);

  const answer = useCallback(
    (choice: ReviewChoice, label = "") => {
      const review = held.current.current;
      if (review === null) return;
      const seconds = Math.min((Date.now() - since.current) / 1000, 86_400);
      const guessShown = showGuess && review.guess.length > 0;
      recent.current = [...recent.current, label || choice].slice(-RECENT);
      setLast({ review, said: nameOf(choice, label), guess: null, until: Date.now() + UNDO_MS });
      setDone((count) => count + 1);
      setWaiting((count) => Math.max(0, count - 1));
      const sent = api
        .answerReview(review.reviewId, { choice, label, guessShown, seconds })
        .then(({ guess }) => setLast((now) => (now?.review === review ? { ...now, guess } : now)))
        .catch((error: unknown) => {
          // Of a later answer the way back stays.
          setLast((now) => (now?.review === review ? null : now));
          setDone((count) => count - 1);
          failed(error);
        });
      underway(sent);
      step();
    },
    [api, failed, showGuess, step, underway],
  );

  const skip = useCallback(() => {
    const review = held.current.current;
    if (review === null) return;
    underway(api.skipReview(review.reviewId).catch(failed));
    setLast(null);
    step();
  }, [api, failed, step, underway]);

  const undo = useCallback(() => {
    if (last === null) return;
    setLast(null);
    const taken = answering.current
      .then(() => api.undoReview(last.review.reviewId))
      .then((review) => {
        const guess = wished.current ? last.review.guess : [];
        // The picture in front goes behind; what was behind comes back by itself.
        hold({ ...review, guess }, held.current.current ?? held.current.ahead);
        setDone((count) => Math.max(0, count - 1));
        setWaiting((count) => count + 1);
      })
      .catch(failed);
    underway(taken);
  }, [api, failed, hold, last, underway]);

  return { current, waiting, done, last, problem, isLoading, answer, skip, undo, retry: () => void fill() };
}

/** Keeps both pictures while somebody is at work. */
function useRenewedLeases(held: { readonly current: Held }): void {
  const api = useApi();
  useEffect(() => {
    let active = Date.now();
    const note = () => {
      active = Date.now();
    };
    const timer = setInterval(() => {
      if (Date.now() - active > IDLE_AFTER_MS) return;
      for (const review of [held.current.current, held.current.ahead]) {
        // Who lost it hears so with the answer.
        if (review !== null) api.leaseReview(review.reviewId).catch(() => undefined);
      }
    }, RENEW_EVERY_MS);
    for (const kind of ["keydown", "pointerdown", "pointermove"]) window.addEventListener(kind, note);
    return () => {
      clearInterval(timer);
      for (const kind of ["keydown", "pointerdown", "pointermove"]) window.removeEventListener(kind, note);
    };
  }, [api, held]);
}

export function nameOf(choice: ReviewChoice, label: string): string {
  return { LABEL: label, NONE: "none of these", UNUSABLE: "unusable" }[choice];
}
