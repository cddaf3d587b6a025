import { ChevronRight, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useConfig } from "../api/context";
import { useDeleteImage, useGroup, useHistory, useImage, useRetryImage } from "../api/queries";
import type { ImageRecord } from "../api/types";
import { useSession } from "../auth/session";
import groupStyles from "../groups/groups.module.css";
import { useTitle } from "../layout/useTitle";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Modal";
import { notify } from "../ui/notify";
import { Loading, LoadProblem } from "../ui/states";
import { ago, moment, percent } from "./format";
import { PhaseBadge } from "./PhaseBadge";
import styles from "./PicturePage.module.css";
import { PictureStage } from "./PictureStage";
import { isSettled, phaseOf } from "./phase";
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
  const history = useHistory(image.imageId, { live: !isSettled(image) });
  const phase = phaseOf(image, history.data);
  const threshold = thresholdOf(image, config.threshold);
  const title = image.title || "Untitled";
  return (
    <>
      <Crumbs image={image} title={title} />
      <div className={styles.layout}>
        <PictureStage image={image} title={title} />
        <div className={styles.side}>
          <section className={styles.summary} aria-label="Result">
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
            <Verdict image={image} threshold={threshold} />
          </section>
          {image.error && <Reason failure={image.error} status={image.status} />}
          {image.predictions && image.predictions.length > 0 && (
            <section aria-labelledby="predictions">
              <h2 id="predictions">What the model saw</h2>
              <ScoreBars predictions={image.predictions} threshold={threshold} />
            </section>
          )}
          <section aria-labelledby="workflow">
            <h2 id="workflow">Its way through the workflow</h2>
            <WorkflowTimeline history={history} pending={!isSettled(image)} />
          </section>
          <Footer image={image} title={title} />
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

function Footer({ image, title }: { image: ImageRecord; title: string }) {
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteImage();
  const retry = useRetryImage();
  const again = () =>
    retry.mutate(image, { onError: (error) => notify({ title: "Not classified again", description: error.message }) });
  const navigate = useNavigate();
  const confirm = () =>
    remove.mutate(image, {
      onSuccess: () => {
        notify({ title: `“${title}” was deleted` });
        void navigate(image.groupId ? `/groups/${encodeURIComponent(image.groupId)}` : "/", { replace: true });
      },
    });
  return (
    <div className={styles.footer}>
      <p>
        Image <code>{image.imageId}</code>
      </p>
      {session.owns(image) && isSettled(image) && (
        <Button small icon={<RotateCcw aria-hidden="true" />} disabled={retry.isPending} onClick={again}>
          Classify again
        </Button>
      )}
      {session.owns(image) && (
        <Button small icon={<Trash2 aria-hidden="true" />} onClick={() => setAsking(true)}>
          Delete…
        </Button>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Delete “${title}”?`}
        action="Delete picture"
        busy={remove.isPending}
        problem={remove.error?.message ?? null}
        onConfirm={confirm}
      >
        The picture goes for good, with its annotated copy and all that was found in it. This can't be undone.
      </Confirm>
    </div>
  );
}
