import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useConfig } from "../api/context";
import { allImages } from "../api/image_pages";
import { useGroup, useGroupImages, useHistory, useImage } from "../api/queries";
import type { ImageRecord } from "../api/types";
import groupStyles from "../groups/groups.module.css";
import { useTitle } from "../layout/useTitle";
import { Loading, LoadProblem } from "../ui/states";
import { useUploadOf } from "../uploads/UploadsProvider";
import { ago, moment, percent } from "./format";
import { NotUploaded } from "./NotUploaded";
import { neighboursOf } from "./neighbours";
import { PhaseBadge } from "./PhaseBadge";
import { PictureActions } from "./PictureActions";
import styles from "./PicturePage.module.css";
import { PictureStage } from "./PictureStage";
import { isSettled, phaseOf, phaseWithUpload } from "./phase";
import { Reason } from "./Reason";
import { ScoreBars } from "./ScoreBars";
import { thresholdOf } from "./threshold";
import { WorkflowTimeline } from "./WorkflowTimeline";

export function PicturePage() {
  const imageId = useParams().imageId ?? "";
  const image = useImage(imageId);
  useTitle(image.data?.title);
  if (image.data === undefined) {
    if (image.isError)
      return <LoadProblem isPage error={image.error} what="This picture" retry={() => void image.refetch()} />;
    return <Loading label="Loading the picture…" />;
  }
  return <Picture image={image.data} />;
}

function Picture({ image }: { image: ImageRecord }) {
  const config = useConfig();
  const upload = useUploadOf(image.imageId);
  const isMissing = phaseWithUpload(phaseOf(image), upload) === "missing";
  const history = useHistory(image.imageId, { enabled: !isMissing, live: !isSettled(image) });
  const phase = phaseWithUpload(phaseOf(image, history.data), upload);
  const threshold = thresholdOf(image, config.threshold);
  const title = image.title || "Untitled";
  return (
    <>
      <div className={styles.top}>
        <Crumbs image={image} title={title} />
        {image.groupId && <Neighbours groupId={image.groupId} imageId={image.imageId} />}
      </div>
      <div className={styles.layout}>
        <PictureStage key={image.imageId} image={image} title={title} />
        <div className={styles.side}>
          <section aria-label="Result">
            <div className={styles.titleRow}>
              <h1>{title}</h1>
              <span role="status">
                <PhaseBadge phase={phase} />
              </span>
            </div>
            <p className={styles.when}>
              Added{" "}
              <time dateTime={image.createdAt} title={moment(image.createdAt)}>
                {ago(image.createdAt)}
              </time>
            </p>
            {!isMissing && <Verdict image={image} threshold={threshold} />}
            <PictureActions image={image} title={title} />
          </section>
          {isMissing && <NotUploaded image={image} upload={upload} />}
          {image.error && <Reason failure={image.error} status={image.status} />}
          {image.predictions && image.predictions.length > 0 && (
            <section aria-labelledby="predictions">
              <h2 id="predictions">What the model saw</h2>
              <ScoreBars predictions={image.predictions} threshold={threshold} />
            </section>
          )}
          {!isMissing && (
            <section aria-labelledby="workflow">
              <h2 id="workflow">Its way through the workflow</h2>
              <WorkflowTimeline history={history} pending={!isSettled(image)} />
            </section>
          )}
          <div className={styles.footer}>
            <p>
              Image <code>{image.imageId}</code>
            </p>
          </div>
        </div>
      </div>
    </>
  );
}

function Crumbs({ image, title }: { image: ImageRecord; title: string }) {
  return (
    <nav className={groupStyles.crumbs} aria-label="Breadcrumb">
      <Link to="/">Groups</Link>
      <ChevronRight aria-hidden="true" />
      {image.groupId && (
        <>
          <GroupLink groupId={image.groupId} />
          <ChevronRight aria-hidden="true" />
        </>
      )}
      <span>{title}</span>
    </nav>
  );
}

function GroupLink({ groupId }: { groupId: string }) {
  const group = useGroup(groupId);
  return <Link to={`/groups/${encodeURIComponent(groupId)}`}>{group.data?.name ?? "Group"}</Link>;
}

/** The label and how sure the model is, said once, large. */
function Verdict({ image, threshold }: { image: ImageRecord; threshold: number | null }) {
  if (!isSettled(image)) return <p className={styles.waiting}>The result appears here as soon as it is known.</p>;
  if (!image.label || typeof image.confidence !== "number") return null;
  const guess = image.predictions?.[0];
  // No label fits, or there is nothing to be named: what stands there is the model's still.
  if (image.labelledBy === "person" && image.status !== "CLASSIFIED") {
    return (
      <p className={styles.verdict}>
        <span className={styles.label}>No label</span>
        <span className={styles.confidence}>
          said a person{guess && `; the model had said ${guess.label}, ${percent(guess.score)} sure`}
        </span>
      </p>
    );
  }
  if (image.labelledBy === "person" || (guess && guess.label !== image.label)) {
    return (
      <p className={styles.verdict}>
        <span className={styles.label}>{image.label}</span>
        <span className={styles.confidence}>
          said a person{guess && `; the model had said ${guess.label}, ${percent(guess.score)} sure`}
        </span>
      </p>
    );
  }
  return (
    <p className={styles.verdict}>
      <span className={styles.label}>{image.label}</span>
      <span className={styles.confidence}>
        <span className="tabular">{percent(image.confidence)}</span> sure
        {threshold !== null && `, ${percent(threshold)} needed`}
      </span>
    </p>
  );
}

/** To the pictures beside this one in its group, by link and by arrow key. */
function Neighbours({ groupId, imageId }: { groupId: string; imageId: string }) {
  const pictures = useGroupImages(groupId);
  const { previous, next, position } = neighboursOf(allImages(pictures.data), imageId);
  const navigate = useNavigate();
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pictures;
  const wantsMore = position > 0 && next === null && hasNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (wantsMore && !isFetchingNextPage) void fetchNextPage();
  }, [wantsMore, isFetchingNextPage, fetchNextPage]);

  const before = previous && pathOf(previous.imageId);
  const after = next && pathOf(next.imageId);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const busy = target?.closest("input, textarea, select, [role=dialog], [role=alertdialog], [role=menu]");
      const path = { ArrowLeft: before, ArrowRight: after }[event.key];
      if (!path || busy || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      // Back goes to where one came from, and not through every picture looked at.
      void navigate(path, { replace: true });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [before, after, navigate]);

  if (position === 0) return null;
  return (
    <nav className={styles.neighbours} aria-label="Pictures beside this one">
      <NeighbourLink path={before} label="Previous picture" keyName="ArrowLeft" />
      <NeighbourLink path={after} label="Next picture" keyName="ArrowRight" />
    </nav>
  );
}

function pathOf(imageId: string): string {
  return `/images/${encodeURIComponent(imageId)}`;
}

function NeighbourLink({ path, label, keyName }: { path: string | null; label: string; keyName: string }) {
  const icon = keyName === "ArrowLeft" ? <ChevronLeft aria-hidden="true" /> : <ChevronRight aria-hidden="true" />;
  if (path === null) return <span aria-hidden="true">{icon}</span>;
  return (
    <Link to={path} replace aria-label={label} title={label} aria-keyshortcuts={keyName}>
      {icon}
    </Link>
  );
}
