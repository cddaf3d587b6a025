import { Layers } from "lucide-react";
import { Link } from "react-router";
import { useRuns } from "../api/queries";
import type { Run } from "../api/types";
import { useTitle } from "../layout/useTitle";
import { dollars, integer, moment } from "../pictures/format";
import { More } from "../ui/More";
import { Loading, Notice } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { MembersOnly, RefusedOr } from "./MembersOnly";
import styles from "./operate.module.css";
import { RUN_STATUS, took } from "./run_words";
import { Sections } from "./Sections";

/** All batch runs, the newest first: for operators. */
export function RunsPage() {
  useTitle("Batch runs");
  return (
    <MembersOnly title="Sign in to see batch runs" icon={<Layers />}>
      <Sections title="Batch runs" />
      <Runs />
    </MembersOnly>
  );
}

function Runs() {
  const runs = useRuns();
  if (runs.isPending) return <Loading label="Loading the runs…" />;
  if (runs.isError && runs.data === undefined) {
    return <RefusedOr error={runs.error} what="The list of runs" retry={() => void runs.refetch()} />;
  }
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  if (items.length === 0) {
    return (
      <Notice title="No batch runs" icon={<Layers />}>
        {runs.data?.pages[0]?.reason ?? "None was started."}
      </Notice>
    );
  }
  return (
    <>
      <Table caption="Batch runs" rows={items} keyOf={({ run }) => run} columns={columns(Date.now())} />
      <More list={runs} what="runs" action={["Show older runs", "Loading…"]} />
    </>
  );
}

function columns(now: number): Column<Run>[] {
  const counted = (name: "pictures" | "classified" | "rejected" | "failed") => (run: Run) =>
    run.figures ? integer(run.figures[name]) : "–";
  return [
    {
      name: "Run",
      isText: true,
      cell: ({ run }) => <Link to={`/operate/runs/${encodeURIComponent(run)}`}>{run}</Link>,
    },
    { name: "State", isText: true, cell: (run) => <RunStatus status={run.status} /> },
    { name: "Started", isText: true, cell: (run) => moment(run.startedAt) },
    { name: "Took", cell: (run) => took(run, now) },
    { name: "Pictures", cell: counted("pictures") },
    { name: "Done", cell: counted("classified") },
    { name: "Refused", cell: counted("rejected") },
    { name: "Failed", cell: counted("failed") },
    { name: "Cost", cell: ({ figures }) => (typeof figures?.cost === "number" ? dollars(figures.cost) : "–") },
  ];
}

export function RunStatus({ status }: { status: Run["status"] }) {
  return (
    <span className={styles.status} data-status={status}>
      {RUN_STATUS[status]}
    </span>
  );
}
