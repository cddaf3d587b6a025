import { Gauge } from "lucide-react";
import { useQuality } from "../api/queries";
import type { ModelQuality, Quality } from "../api/types";
import { useTitle } from "../layout/useTitle";
import { day, decimal, integer, percent } from "../pictures/format";
import { Figures } from "../ui/Figures";
import { Periods, usePeriod } from "../ui/Periods";
import { Loading } from "../ui/states";
import { Table } from "../ui/Table";
import { MembersOnly, RefusedOr } from "./MembersOnly";
import styles from "./operate.module.css";
import { agreementInWords, answersInWords, errorRate, errorsInWords, shiftInWords, weekInWords } from "./quality_words";
import { Sections } from "./Sections";

const PERIOD = {
  name: "days",
  usual: 30,
  options: [
    [7, "7 days"],
    [30, "30 days"],
    [90, "90 days"],
  ] as [number, string][],
};

/** How good the model is out there, by what people answered: for reviewers and operators. */
export function QualityPage() {
  useTitle("Quality");
  return (
    <MembersOnly title="Sign in to see how good the model is" icon={<Gauge />}>
      <Sections title="Quality" />
      <Periods {...PERIOD} />
      <Asked />
    </MembersOnly>
  );
}

function Asked() {
  const quality = useQuality(usePeriod(PERIOD));
  if (quality.isPending) return <Loading label="Adding up…" />;
  if (quality.isError && quality.data === undefined) {
    return <RefusedOr error={quality.error} what="The figures" retry={() => void quality.refetch()} />;
  }
  return quality.data ? <Shown quality={quality.data} /> : null;
}

function Shown({ quality }: { quality: Quality }) {
  return (
    <>
      <Figures
        items={[
          { name: "Errors of the accepted", value: errorRate(quality), note: errorsInWords(quality) },
          {
            name: "Agreement",
            value: quality.kappa === null ? "unknown" : decimal(quality.kappa, 2),
            note: agreementInWords(quality),
          },
          { name: "Answers", value: integer(quality.answers), note: answersInWords(quality) },
        ]}
      />
      <p className={styles.explained}>
        Errors are of audits alone: accepted pictures that a person looked at afterwards, chosen by chance. Agreement is
        1 where people always say the same, and 0 where they agree no more than chance would.
      </p>
      <Models models={quality.models} />
      <Weeks weeks={quality.weeks} />
      {quality.truncated && (
        <p className={styles.explained}>There is more than was read: these are the newest. Try a shorter period.</p>
      )}
    </>
  );
}

function Models({ models }: { models: ModelQuality[] }) {
  if (models.length === 0) return null;
  return (
    <section className={styles.part} aria-labelledby="models">
      <h2 id="models">By model</h2>
      <Table
        caption="Quality by model"
        rows={[...models].reverse()}
        keyOf={({ model }) => model}
        columns={[
          { name: "Model", isText: true, cell: ({ model }) => model },
          { name: "Since", isText: true, cell: ({ since }) => day(since) },
          { name: "Pictures", cell: ({ pictures }) => integer(pictures) },
          { name: "Audited", cell: ({ audited }) => integer(audited) },
          { name: "Errors", cell: (each) => (each.audited > 0 ? errorRate(each) : "–") },
          {
            name: "Right when unsure",
            cell: ({ uncertain, uncertainRight }) => (uncertain > 0 ? `${uncertainRight} of ${uncertain}` : "–"),
          },
          { name: "Confidence", isText: true, cell: ({ confidenceShift }) => shiftInWords(confidenceShift) },
          { name: "Classes", isText: true, cell: ({ classShift }) => shiftInWords(classShift) },
        ]}
      />
      <p className={styles.explained}>
        A shift says that what comes now differs from what the model was evaluated on, and that chance does not explain
        it; the number is the population stability index.
      </p>
    </section>
  );
}

function Weeks({ weeks }: { weeks: Quality["weeks"] }) {
  if (weeks.length === 0) return null;
  return (
    <section className={styles.part} aria-labelledby="weeks">
      <h2 id="weeks">By week</h2>
      <Table
        caption="Reviewed by week"
        rows={[...weeks].reverse()}
        keyOf={({ week }) => week}
        columns={[
          { name: "Week from", isText: true, cell: ({ week }) => weekInWords(week) },
          { name: "Pictures", cell: ({ pictures }) => integer(pictures) },
          { name: "Reviewed", cell: ({ reviewed }) => integer(reviewed) },
          { name: "Share", cell: ({ share }) => (typeof share === "number" ? percent(share) : "–") },
        ]}
      />
    </section>
  );
}
