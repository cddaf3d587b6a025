import { RotateCw } from "lucide-react";
import { Link, useLocation } from "react-router";
import { count, integer, percent } from "../pictures/format";
import { Button } from "../ui/Button";
import { overallProgress } from "./progress";
import { useAllUploadItems, useUploads } from "./UploadsProvider";
import styles from "./uploads_bar.module.css";

/** All uploads in one bar, which stays on the screen and follows to every page. */
export function UploadsBar() {
  const queue = useUploads();
  const items = useAllUploadItems();
  const { pathname } = useLocation();
  if (items.length === 0) return null;
  const { staged, total, sent, stopped, isBusy, part } = overallProgress(items);
  const last = items.at(-1);
  const path = `/groups/${encodeURIComponent(last?.groupId ?? "")}`;
  const said = sayProgress(overallProgress(items));
  return (
    <section className={styles.bar} aria-label="Uploads" data-uploads-bar>
      <div className={styles.text}>
        <p>
          {isBusy && <span className="tabular">{`${percent(Math.floor(part * 100) / 100)} · `}</span>}
          {said}
          {pathname !== path && (
            <>
              {" "}
              <Link to={path}>Show them</Link>
            </>
          )}
        </p>
        {isBusy && <progress max={1} value={part} aria-label="All uploads" />}
      </div>
      <div className={styles.actions}>
        {!isBusy && staged === 0 && (
          <Button look="quiet" small onClick={() => queue.tidy()}>
            Clear the list
          </Button>
        )}
        {!isBusy && stopped > 0 && (
          <Button small icon={<RotateCw aria-hidden="true" />} onClick={() => queue.retryAll()}>
            Retry all
          </Button>
        )}
        {staged > 0 && (
          <Button look="primary" onClick={() => queue.start()}>
            Upload {count(staged, "picture")}
          </Button>
        )}
      </div>
      <p className="visually-hidden" role="status">
        {isBusy ? `${count(total, "picture")} uploading.` : sent > 0 ? `${count(sent, "picture")} uploaded.` : ""}
      </p>
    </section>
  );
}

function sayProgress({ staged, total, sent, stopped, isBusy }: ReturnType<typeof overallProgress>): string {
  if (isBusy) return `${integer(sent)} of ${count(total, "picture")} uploaded`;
  if (staged > 0) return `${count(staged, "picture")} ready`;
  if (stopped > 0) return `${integer(sent)} uploaded, ${integer(stopped)} stopped`;
  return total > 0 ? `${count(sent, "picture")} uploaded` : "Nothing to upload";
}
