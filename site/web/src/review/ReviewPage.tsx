import { useQuery } from "@tanstack/react-query";
import { Check, Eye, LogIn } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useApi } from "../api/context";
import { useSession } from "../auth/session";
import { useTitle } from "../layout/useTitle";
import { count, percent } from "../pictures/format";
import { Button, LinkButton } from "../ui/Button";
import { Loading, LoadProblem, Notice } from "../ui/states";
import { Answers } from "./Answers";
import { Help } from "./Help";
import styles from "./ReviewPage.module.css";
import { type Last, type ReviewDesk, useReviewDesk } from "./useReviewDesk";
import { howToAnswer, nothingLeft } from "./words";

const SETTING = "loupe.review.showGuess";

export function ReviewPage() {
  useTitle("Review");
  const session = useSession();
  if (session.isLoading) return <Loading label="Looking for your session…" />;
  if (session.isSignedIn) return <Desk />;
  return (
    <Notice
      isPage
      title="Sign in to review"
      icon={<Eye />}
      action={
        <Button look="primary" icon={<LogIn aria-hidden="true" />} onClick={session.signIn}>
          Sign in to go on
        </Button>
      }
    >
      Reviewers decide about pictures that the model is unsure of.
    </Notice>
  );
}

function Desk() {
  const api = useApi();
  const [showGuess, setShowGuess] = useState(() => localStorage.getItem(SETTING) === "yes");
  const desk = useReviewDesk(showGuess);
  const summary = useQuery({
    queryKey: ["reviews"],
    queryFn: ({ signal }) => api.reviews(signal),
    staleTime: 60_000,
    retry: false,
  });
  const problem = desk.problem ?? summary.error;

  if (problem instanceof ApiError && (problem.status === 403 || problem.status === 404)) {
    return (
      <Notice isPage title="Nothing to review here" icon={<Eye />} action={<LinkButton to="/">All groups</LinkButton>}>
        {problem.message}
      </Notice>
    );
  }
  if (problem !== null && desk.current === null) {
    return <LoadProblem isPage error={problem} what="The next picture" retry={desk.retry} />;
  }
  const choose = (wanted: boolean) => {
    localStorage.setItem(SETTING, wanted ? "yes" : "no");
    setShowGuess(wanted);
  };
  return (
    <>
      <div className={styles.head}>
        <h1>Review</h1>
        <p className="tabular" role="status">
          {count(desk.waiting, "picture")} waiting, {desk.done} done
        </p>
        <Link to="/quality">How good the model is</Link>
      </div>
      {desk.current === null ? (
        <Finished desk={desk} />
      ) : (
        <div className={styles.desk}>
          <Picture key={desk.current.reviewId} desk={desk} />
          <section className={styles.side} aria-labelledby="question">
            <div className={styles.question}>
              <h2 id="question">What does it show?</h2>
              <p>{howToAnswer(summary.data?.labels.length ?? 0)}</p>
            </div>
            {showGuess && desk.current.guess.length > 0 && (
              <p className={styles.guess}>
                The model’s guess: <b>{desk.current.guess[0]?.label}</b> {percent(desk.current.guess[0]?.score ?? 0)}
              </p>
            )}
            <Answers labels={summary.data?.labels ?? []} desk={desk} />
            <label className={styles.setting}>
              <input type="checkbox" checked={showGuess} onChange={(event) => choose(event.target.checked)} />
              Show the model’s guess before I answer
            </label>
            <Help />
          </section>
        </div>
      )}
      {desk.last !== null && <Undo key={desk.last.review.reviewId} last={desk.last} desk={desk} />}
    </>
  );
}

function Picture({ desk }: { desk: ReviewDesk }) {
  const [zoomed, setZoomed] = useState(false);
  const review = desk.current;
  if (review === null) return null;
  return (
    <button
      type="button"
      className={styles.picture}
      data-zoomed={zoomed}
      aria-pressed={zoomed}
      aria-label={`Zoom ${review.fileName}`}
      onClick={() => setZoomed(!zoomed)}
    >
      {review.imageUrl ? (
        <img src={review.imageUrl} alt={`To be reviewed: ${review.fileName}`} draggable={false} />
      ) : (
        <span>This picture can’t be shown.</span>
      )}
    </button>
  );
}

function Finished({ desk }: { desk: ReviewDesk }) {
  if (desk.isLoading) return <Loading label="Fetching the next picture…" />;
  const { title, said } = nothingLeft(desk);
  return (
    <Notice title={title} icon={<Check />} action={<LinkButton to="/">All groups</LinkButton>}>
      {said}
    </Notice>
  );
}

/** What was just said, what the model had thought, and for ten seconds the way back. */
function Undo({ last, desk }: { last: Last; desk: ReviewDesk }) {
  const [open, setOpen] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setOpen(false), Math.max(0, last.until - Date.now()));
    return () => clearTimeout(timer);
  }, [last.until]);
  const best = last.guess?.[0];
  const agreed = best?.label === last.said;
  return (
    <div className={styles.last} role="status">
      <p>
        You said <b>{last.said}</b>
        {best && (
          <span>
            {agreed ? "; so did the model" : `; the model thought ${best.label}`} ({percent(best.score)})
          </span>
        )}
        .
      </p>
      {open && (
        <Button small onClick={desk.undo}>
          Undo <kbd>U</kbd>
        </Button>
      )}
    </div>
  );
}
