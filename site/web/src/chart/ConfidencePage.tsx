import { ChartLine } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useParams } from "react-router";
import { useConfig } from "../api/context";
import { allImages } from "../api/image_pages";
import { useGroupImages } from "../api/queries";
import type { ImageRecord } from "../api/types";
import { GroupHeader } from "../groups/GroupHeader";
import { count, integer, percent } from "../pictures/format";
import { LinkButton } from "../ui/Button";
import { Figures } from "../ui/Figures";
import { Loading, LoadProblem, Notice } from "../ui/states";
import { ConfidenceChart } from "./ConfidenceChart";
import styles from "./ConfidencePage.module.css";
import { type LeftOut, leftOut, type Sample, samplesOf, summary } from "./scale";
import { ThresholdExplorer } from "./ThresholdExplorer";

/** As many pictures as a chart of this size can show apart. */
const MAX_SAMPLES = 600;

export function ConfidencePage() {
  const groupId = useParams().groupId ?? "";
  const config = useConfig();
  const pictures = useGroupImages(groupId);
  const images = useMemo(() => allImages(pictures.data).slice(0, MAX_SAMPLES), [pictures.data]);
  const samples = useMemo(() => samplesOf(images), [images]);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pictures;
  const wantsMore = hasNextPage && !isFetchNextPageError && images.length < MAX_SAMPLES;
  useEffect(() => {
    if (wantsMore && !isFetchingNextPage) void fetchNextPage();
  }, [wantsMore, isFetchingNextPage, fetchNextPage]);

  if (pictures.isError && pictures.data === undefined) {
    return <LoadProblem isPage error={pictures.error} what="This group" retry={() => void pictures.refetch()} />;
  }
  const threshold = images.find((image) => typeof image.threshold === "number")?.threshold ?? config.threshold;
  return (
    <>
      <GroupHeader groupId={groupId} />
      {(pictures.isPending || (wantsMore && samples.length === 0)) && <Loading label="Loading the pictures…" />}
      {pictures.isSuccess && !wantsMore && samples.length === 0 && (
        <Notice
          title="Nothing to draw yet"
          icon={<ChartLine />}
          action={<LinkButton to={`/groups/${encodeURIComponent(groupId)}`}>To the pictures</LinkButton>}
        >
          The chart begins with the first picture that the model has answered for.
        </Notice>
      )}
      {samples.length > 0 && <Chart images={images} samples={samples} threshold={threshold} />}
    </>
  );
}

interface ChartProps {
  images: ImageRecord[];
  samples: Sample[];
  threshold: number;
}

function Chart({ images, samples, threshold }: ChartProps) {
  const { mean, acceptedPart } = summary(samples);
  const missing = leftOut(images);
  // The one in force may come with a later page, or change; what somebody tries stays.
  const [trying, setTrying] = useState<number | null>(null);
  const line = trying ?? threshold;
  const setLine = (wanted: number) => setTrying(wanted === threshold ? null : wanted);
  // What was recorded is drawn as it was, until another threshold is tried.
  const tried =
    line === threshold ? samples : samples.map((sample) => ({ ...sample, accepted: sample.confidence >= line }));
  return (
    <>
      <Figures
        items={[
          {
            name: "Pictures",
            value: integer(samples.length),
            note: missing.total > 0 && `of ${integer(images.length)}`,
          },
          { name: "Mean confidence", value: percent(mean) },
          { name: "Accepted", value: percent(acceptedPart) },
        ]}
      />
      <ConfidenceChart samples={tried} threshold={line} setThreshold={setLine} />
      {missing.total > 0 && <p className={styles.note}>{sayLeftOut(missing)}</p>}
      {images.length >= MAX_SAMPLES && <p className={styles.note}>The newest {count(MAX_SAMPLES, "picture")}.</p>}
      <ThresholdExplorer samples={samples} threshold={threshold} line={line} setLine={setLine} />
    </>
  );
}

/** "Left out: 3 pictures that failed before the model answered, 1 still on its way." */
function sayLeftOut({ failed, pending }: LeftOut): string {
  const parts = [
    failed > 0 ? `${count(failed, "picture")} that the model gave no answer for` : "",
    pending > 0 ? `${integer(pending)} still on the way` : "",
  ];
  return `Left out: ${parts.filter(Boolean).join(", ")}.`;
}
