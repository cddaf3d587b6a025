import { ChevronRight, Download, ExternalLink, FileText, Layers } from "lucide-react";
import { Link, useParams } from "react-router";
import { useRun } from "../api/queries";
import type { RunDetail } from "../api/types";
import groupStyles from "../groups/groups.module.css";
import { useTitle } from "../layout/useTitle";
import { count, dollars, integer, moment, percent } from "../pictures/format";
import { type Fact, Facts } from "../ui/Facts";
import { Figures } from "../ui/Figures";
import { Loading } from "../ui/states";
import { Table } from "../ui/Table";
import { MembersOnly, RefusedOr } from "./MembersOnly";
import styles from "./operate.module.css";
import { RunStatus } from "./RunsPage";
import { doing, errorTitle, isOver, pace, took } from "./run_words";

/** One batch run: how far it is, what came of it, and its report. */
export function RunPage() {
  const name = useParams().run ?? "";
  useTitle(name);
  return (
    <MembersOnly title="Sign in to see batch runs" icon={<Layers />}>
      <nav className={groupStyles.crumbs} aria-label="Breadcrumb">
        <Link to="/operate/runs">Batch runs</Link>
        <ChevronRight aria-hidden="true" />
        <span>{name}</span>
      </nav>
      <h1>{name}</h1>
      <Read name={name} />
    </MembersOnly>
  );
}

function Read({ name }: { name: string }) {
  const run = useRun(name);
  if (run.isPending) return <Loading label="Loading the run…" />;
  if (run.isError && run.data === undefined) {
    return <RefusedOr error={run.error} what="This run" retry={() => void run.refetch()} />;
  }
  return run.data ? <Shown run={run.data} now={run.dataUpdatedAt} /> : null;
}

function Shown({ run, now }: { run: RunDetail; now: number }) {
  const { figures, progress, error } = run;
  return (
    <>
      <p className={styles.lead} role="status">
        <RunStatus status={run.status} />
        {isOver(run) ? `${moment(run.startedAt)}, took ${took(run, now)}` : `since ${moment(run.startedAt)}`}
      </p>
      {!isOver(run) && progress && <Progress progress={progress} now={now} />}
      {error && (
        <section className={styles.failure} aria-labelledby="error">
          <h2 id="error">{errorTitle(error.name)}</h2>
          <p>{error.cause}</p>
          <p>
            <code>{error.name}</code>
          </p>
        </section>
      )}
      {figures && (
        <Figures
          items={[
            { name: "Pictures", value: integer(figures.pictures) },
            ...(["classified", "rejected", "failed"] as const).map((each) => ({
              name: { classified: "Done", rejected: "Refused", failed: "Failed" }[each],
              value: integer(figures[each]),
              note: figures.pictures > 0 && percent(figures[each] / figures.pictures),
            })),
            ...(typeof figures.cost === "number"
              ? [{ name: "Cost, endpoint apart", value: dollars(figures.cost) }]
              : []),
          ]}
        />
      )}
      <Report run={run} />
      {figures && <Errors errors={figures.errors} />}
      <Plan run={run} />
    </>
  );
}

function Progress({ progress, now }: { progress: NonNullable<RunDetail["progress"]>; now: number }) {
  const { total, done, failed } = progress;
  const ended = done + failed;
  const speed = pace(progress, now);
  return (
    <section className={styles.progress} aria-label="Progress">
      <p>
        {doing(progress.state)}
        {typeof total === "number" && `: ${integer(ended)} of ${count(total, "picture")}`}
      </p>
      {typeof total === "number" && total > 0 && <progress max={total} value={ended} aria-label="Pictures done" />}
      {speed && <p className={styles.small}>{speed}.</p>}
      {failed > 0 && <p className={styles.small}>{count(failed, "picture")} in batches that failed.</p>}
    </section>
  );
}

function Report({ run: { report } }: { run: RunDetail }) {
  if (!report.pageUrl) return null;
  const files: [name: string, url: string | null | undefined][] = [
    ["All rows (CSV)", report.resultsUrl],
    ["Failed rows (CSV)", report.failedUrl],
    ["All rows (Parquet)", report.parquetUrl],
    ["Figures (JSON)", report.summaryUrl],
  ];
  return (
    <p className={styles.files}>
      <a className={styles.open} href={report.pageUrl} target="_blank" rel="noreferrer">
        <FileText aria-hidden="true" />
        Open the report
        <span className="visually-hidden"> in another tab</span>
      </a>
      {files.map(([name, url]) =>
        url ? (
          <a key={name} href={url}>
            <Download aria-hidden="true" />
            {name}
          </a>
        ) : null,
      )}
    </p>
  );
}

function Errors({ errors }: { errors: Record<string, number> }) {
  const rows = Object.entries(errors).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return null;
  return (
    <section className={styles.part} aria-labelledby="errors">
      <h2 id="errors">What went wrong</h2>
      <Table
        caption="Errors by name"
        rows={rows}
        keyOf={([name]) => name}
        columns={[
          { name: "Error", isText: true, cell: ([name]) => errorTitle(name) },
          { name: "Its name", isText: true, isDetail: true, cell: ([name]) => <code>{name}</code> },
          { name: "Pictures", cell: ([, pictures]) => integer(pictures) },
        ]}
      />
    </section>
  );
}

const ON: Record<string, string> = {
  temporary: "an endpoint of its own",
  live: "the live endpoint",
  container: "the container's function",
};

function Plan({ run }: { run: RunDetail }) {
  const { plan, figures } = run;
  const on = plan?.on ?? figures?.on;
  const threshold = plan?.threshold ?? figures?.threshold;
  const facts: Fact[] = [
    ["Pictures from", plan?.source],
    ["Classified on", on && (ON[on] ?? on)],
    ["Model", plan?.model ?? figures?.model],
    ["Accepted from", typeof threshold === "number" ? percent(threshold) : null],
    ["Batches at once", plan?.concurrency ? integer(plan.concurrency) : null],
    ["Execution", run.executionArn],
  ];
  return (
    <section className={styles.part} aria-labelledby="plan">
      <h2 id="plan">How it was run</h2>
      <Facts items={facts} />
      {run.consoleUrl && (
        <p className={styles.files}>
          <a href={run.consoleUrl} target="_blank" rel="noreferrer">
            <ExternalLink aria-hidden="true" />
            Its execution in the console
          </a>
        </p>
      )}
    </section>
  );
}
