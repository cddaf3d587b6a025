import { useMutation } from "@tanstack/react-query";
import { LogIn, ScanSearch } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { useApi, useConfig } from "../api/context";
import { useModel } from "../api/queries";
import { useSession } from "../auth/session";
import { ModelCard } from "../model/ModelCard";
import { unsureHint } from "../model/words";
import { ScoreBars } from "../pictures/ScoreBars";
import { Button } from "../ui/Button";
import { useDropTarget } from "../ui/drops";
import { Problem } from "../ui/Problem";
import { Spinner } from "../ui/states";
import { ACCEPTED, fileProblem, imageType } from "../uploads/checks";
import { LargePreview } from "../uploads/Preview";
import { reducedPicture } from "../uploads/worker_client";
import { Examples } from "./Examples";
import styles from "./TryIt.module.css";

/** What goes through the API's front door in one piece. */
const MAX_SENT_BYTES = 4_500_000;

/** One picture, and what the model says of it; nothing is kept. */
export function TryIt() {
  const api = useApi();
  const config = useConfig();
  const session = useSession();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const asked = useMutation({ mutationFn: async (chosen: File) => api.predict(await sendable(chosen)) });
  const model = useModel().data ?? null;
  const threshold = model?.threshold ?? config.threshold;
  const closed = asked.error instanceof ApiError && asked.error.status === 401;

  const ask = (chosen: File) => {
    setFile(chosen);
    asked.mutate(chosen);
  };
  const take = (files: FileList | null) => {
    const chosen = files?.[0];
    if (chosen !== undefined) ask(chosen);
  };
  useDropTarget("Drop to see what the model says", (transfer) => take(transfer.files));
  const result = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked.isSuccess) result.current?.scrollIntoView({ block: "nearest" });
  }, [asked.isSuccess]);

  return (
    <section className={styles.card} aria-labelledby="try-it" data-open={file !== null}>
      {file !== null && (
        <div className={styles.picture}>
          <LargePreview key={file.name + file.lastModified} file={file} />
        </div>
      )}
      <div className={styles.side} ref={result}>
        <h2 id="try-it">
          <ScanSearch aria-hidden="true" /> Try it
        </h2>
        <p className={styles.lead}>Drop one picture and see what the model says. It is kept nowhere.</p>
        <p>
          <Button small disabled={asked.isPending} onClick={() => input.current?.click()}>
            {file === null ? "Choose a picture" : "Choose another"}
          </Button>
        </p>
        {file === null && <Examples take={ask} />}
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          aria-label="Picture to try"
          tabIndex={-1}
          accept={ACCEPTED.join(",")}
          onChange={(event) => {
            take(event.target.files);
            event.target.value = "";
          }}
        />
        <div role="status">
          {asked.isPending && (
            <p className={styles.lead}>
              <Spinner /> Asking the model…
            </p>
          )}
          {asked.data && <ScoreBars predictions={asked.data} threshold={threshold} />}
          {asked.data && (asked.data[0]?.score ?? 0) < threshold && (
            <p className={styles.advice}>{unsureHint(model)}</p>
          )}
        </div>
        <Problem>
          {closed && !session.isSignedIn ? "Here only who is signed in may ask the model." : asked.error?.message}
        </Problem>
        {closed && !session.isSignedIn && (
          <Button small icon={<LogIn aria-hidden="true" />} onClick={session.signIn}>
            Sign in to try it
          </Button>
        )}
      </div>
      {model && <ModelCard model={model} />}
    </section>
  );
}

/** What is sent: a small copy, which says no place either; the file itself where the browser can't read it. */
async function sendable(file: File): Promise<Blob> {
  const problem = fileProblem(file);
  if (problem !== null) throw new Error(problem);
  const small = await reducedPicture(file);
  if (small !== null) return small;
  if (file.size > MAX_SENT_BYTES)
    throw new Error(`This browser can't read the file, and it is too large to send whole.`);
  const type = imageType(file);
  return new Blob([file], { type: type === "image/png" ? type : "application/octet-stream" });
}
