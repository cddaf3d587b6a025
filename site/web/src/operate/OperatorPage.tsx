import { Activity, ExternalLink } from "lucide-react";
import { Link } from "react-router";
import { useOperatorFigures } from "../api/queries";
import type { OperatorFigures } from "../api/types";
import { useTitle } from "../layout/useTitle";
import { day, dollars, duration, integer, moment, percent } from "../pictures/format";
import { stateWords } from "../pictures/state_words";
import { Figures } from "../ui/Figures";
import { Periods, usePeriod } from "../ui/Periods";
import { Loading } from "../ui/states";
import { Table } from "../ui/Table";
import { MembersOnly, RefusedOr } from "./MembersOnly";
import { OutcomesChart } from "./OutcomesChart";
import styles from "./operate.module.css";
import { sumOf } from "./outcomes";
import { errorTitle } from "./run_words";
import { Sections } from "./Sections";

const PERIOD = {
  name: "hours",
  usual: 24,
  options: [
    [24, "The last day"],
    [168, "The last week"],
  ] as [number, string][],
};

/** How the stack does: for who runs it. */
export function OperatorPage() {
  useTitle("Operate");
  return (
    <MembersOnly title="Sign in to see how the stack does" icon={<Activity />}>
      <Sections title="Operate" />
      <Periods {...PERIOD} />
      <Asked />
    </MembersOnly>
  );
}

function Asked() {
  const figures = useOperatorFigures(usePeriod(PERIOD));
  if (figures.isPending) return <Loading label="Asking what happened…" />;
  if (figures.isError && figures.data === undefined) {
    return <RefusedOr error={figures.error} what="The figures" retry={() => void figures.refetch()} />;
  }
  return figures.data ? <Shown figures={figures.data} /> : null;
}

function Shown({ figures }: { figures: OperatorFigures }) {
  const { byHour, cost, failures, links, unknown } = figures;
  return (
    <>
      <Now figures={figures} />
      <section className={styles.part} aria-labelledby="outcomes">
        <h2 id="outcomes">What became of the pictures, by the hour they were added</h2>
        <OutcomesChart hours={byHour} />
        {figures.countedFrom > figures.since && (
          <p className={styles.explained}>
            There are more pictures than are counted: these are all since {moment(figures.countedFrom)}.
          </p>
        )}
      </section>
      <Failures failures={failures} />
      <Steps figures={figures} />
      {cost && <Cost cost={cost} hours={figures.hours} />}
      {links.length > 0 && (
        <p className={styles.files}>
          {links.map(({ name, url }) => (
            <a key={url} href={url} target="_blank" rel="noreferrer">
              <ExternalLink aria-hidden="true" />
              {name}
            </a>
          ))}
        </p>
      )}
      {unknown.length > 0 && (
        <section className={styles.part} aria-labelledby="unknown">
          <h2 id="unknown">What isn't known</h2>
          <ul className={styles.list}>
            {unknown.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Now({ figures: { pictures, byHour, model, pending, undelivered } }: { figures: OperatorFigures }) {
  const sum = sumOf(byHour);
  const share = (number: number) => pictures > 0 && percent(number / pictures);
  return (
    <Figures
      items={[
        { name: "Pictures", value: integer(pictures) },
        { name: "Done", value: integer(sum.classified), note: share(sum.classified) },
        { name: "In review", value: integer(sum.inReview), note: share(sum.inReview) },
        { name: "Refused", value: integer(sum.rejected), note: share(sum.rejected) },
        { name: "Failed", value: integer(sum.failed), note: share(sum.failed) },
        { name: "Without an outcome so far", value: known(pending) },
        { name: "Events not delivered", value: known(undelivered) },
        {
          name: "Endpoint",
          value: model === null ? "none known" : model.endpoint.inService ? "answers" : model.endpoint.status,
          note: model?.version,
        },
      ]}
    />
  );
}

function known(number: number | null): string {
  return number === null ? "unknown" : integer(number);
}

function Failures({ failures }: { failures: OperatorFigures["failures"] }) {
  return (
    <section className={styles.part} aria-labelledby="failures">
      <h2 id="failures">What failed</h2>
      {failures.length === 0 ? (
        <p className={styles.small}>Nothing in this time.</p>
      ) : (
        <Table
          caption="Failures by error"
          rows={failures}
          keyOf={({ name }) => name}
          columns={[
            {
              name: "What happened",
              isText: true,
              cell: ({ name }) => <Link to={`/pictures?error=${encodeURIComponent(name)}`}>{errorTitle(name)}</Link>,
            },
            { name: "Error", isText: true, isDetail: true, cell: ({ name }) => <code>{name}</code> },
            { name: "Pictures", cell: (failure) => integer(failure.count) },
            {
              name: "The newest",
              isText: true,
              cell: ({ examples }) => (
                <span className={styles.examples}>
                  {examples.map(({ imageId, title }) => (
                    <Link key={imageId} to={`/images/${encodeURIComponent(imageId)}`}>
                      {title || "Untitled"}
                    </Link>
                  ))}
                </span>
              ),
            },
          ]}
        />
      )}
    </section>
  );
}

function Steps({ figures: { execution, steps } }: { figures: OperatorFigures }) {
  const time = (milliseconds: number | null) => (milliseconds === null ? "–" : duration(milliseconds));
  const rows = [...steps, execution].filter((step) => step.invocations !== null || step.p50 !== null);
  if (rows.length === 0) return null;
  return (
    <section className={styles.part} aria-labelledby="steps">
      <h2 id="steps">How long each step takes</h2>
      <Table
        caption="Duration by step"
        rows={rows}
        keyOf={({ step }) => step}
        columns={[
          { name: "Step", isText: true, cell: (row) => (row === execution ? "All of it" : stateWords(row.step)) },
          {
            name: "State",
            isText: true,
            isDetail: true,
            cell: (row) => <span className={styles.quiet}>{row.step}</span>,
          },
          { name: "Half within", cell: ({ p50 }) => time(p50) },
          { name: "95 of 100 within", cell: ({ p95 }) => time(p95) },
          { name: "Runs", cell: ({ invocations }) => known(invocations) },
          { name: "Errors", cell: ({ errors }) => known(errors) },
        ]}
      />
      <p className={styles.explained}>
        Runs and errors are of the step's function, each try for itself: the workflow tries again what may pass, so that
        most errors are of pictures that have an outcome.
      </p>
    </section>
  );
}

function Cost({ cost, hours }: { cost: NonNullable<OperatorFigures["cost"]>; hours: number }) {
  return (
    <section className={styles.part} aria-labelledby="cost">
      <h2 id="cost">
        What the last {hours === 24 ? "day" : "week"} cost: {dollars(cost.total)}
      </h2>
      <Table
        caption="Cost by service"
        rows={Object.entries(cost.services).sort(([, a], [, b]) => b - a)}
        keyOf={([service]) => service}
        columns={[
          { name: "Service", isText: true, cell: ([service]) => service },
          { name: "Dollars", cell: ([, amount]) => dollars(amount) },
        ]}
      />
      <p className={styles.explained}>
        By usage and published prices, read {day(cost.pricesRead)}.
        {cost.notIncluded.length > 0 && ` Not in it: ${cost.notIncluded.join(", ")}.`}
      </p>
    </section>
  );
}
