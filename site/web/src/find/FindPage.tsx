import { Search, SearchX } from "lucide-react";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useFoundImages, useModel } from "../api/queries";
import { useSession } from "../auth/session";
import { useTitle } from "../layout/useTitle";
import { errorTitle } from "../operate/run_words";
import { count, day, integer, percent } from "../pictures/format";
import { Gallery } from "../pictures/Gallery";
import { Button, LinkButton } from "../ui/Button";
import fields from "../ui/field.module.css";
import { More } from "../ui/More";
import { Loading, LoadProblem, Notice } from "../ui/states";
import styles from "./FindPage.module.css";
import { askedFor, changed, type Filter, type Wish, wishOf } from "./wish";

const SMALL_FIELD = `${fields.field} ${fields.small}`;

type Options = [value: string, name: string][];

const STATUSES: Options = [
  ["", "Any outcome"],
  ["CLASSIFIED", "Done"],
  ["REJECTED", "Refused"],
  ["IN_REVIEW", "In review"],
  ["FAILED", "Failed"],
  ["RECEIVED", "On its way"],
];
const SOURCES: Options = [
  ["", "From anywhere"],
  ["page", "From this page"],
  ["bucket", "From the bucket"],
  ["manual", "By command, batch or console"],
];
const FACES: Options = [
  ["", "Faces or none"],
  ["true", "With faces"],
  ["false", "Without faces"],
];
const CONFIDENCES: Options = [
  ["", "Any confidence"],
  ...["0.5", "0.9", "0.99"].map((least): [string, string] => [least, `${percent(Number(least))} and more`]),
];
const SORTS: Options = [
  ["", "Newest first"],
  ["oldest", "Oldest first"],
  ["leastSure", "Least sure first"],
  ["surest", "Surest first"],
];

/** Every picture that one may see, wherever it came from; for operators that is all of the stack. */
export function FindPage() {
  useTitle("Pictures");
  const session = useSession();
  const [params, setParams] = useSearchParams();
  const key = params.toString();
  const wish = useMemo(() => wishOf(new URLSearchParams(key)), [key]);
  // From the address itself: what was rendered may be older than another filter's change a moment ago.
  const set = (name: Filter, value: string) =>
    setParams(changed(new URLSearchParams(window.location.search), name, value));

  if (session.isLoading) return <Loading label="Looking for your session…" />;
  if (!session.isSignedIn) {
    return (
      <Notice
        isPage
        title="Sign in to look for pictures"
        icon={<Search />}
        action={
          <Button look="primary" onClick={session.signIn}>
            Sign in to go on
          </Button>
        }
      />
    );
  }
  return (
    <>
      <h1>Pictures</h1>
      <p className={styles.lead}>
        {session.isOperator
          ? "All of this stack, from groups, the bucket, the command and batches."
          : "Your own, and those of groups that are public."}
      </p>
      <search className={styles.filters}>
        <form
          key={wish.search ?? ""}
          className={styles.search}
          onSubmit={(event) => {
            event.preventDefault();
            set("search", String(new FormData(event.currentTarget).get("search") ?? ""));
          }}
        >
          <input
            className={SMALL_FIELD}
            name="search"
            type="search"
            aria-label="Label, title, key or id"
            placeholder="Label, title, key or id"
            maxLength={200}
            defaultValue={wish.search ?? ""}
          />
          <Button type="submit" small icon={<Search aria-hidden="true" />}>
            Search
          </Button>
        </form>
        <Choice label="Outcome" options={STATUSES} value={wish.status} onChange={(value) => set("status", value)} />
        <Choice label="Source" options={SOURCES} value={wish.source} onChange={(value) => set("source", value)} />
        <Choice
          label="Faces"
          options={FACES}
          value={wish.faceDetected}
          onChange={(value) => set("faceDetected", value)}
        />
        <Choice
          label="Confidence"
          options={CONFIDENCES}
          value={wish.minConfidence}
          onChange={(value) => set("minConfidence", value)}
        />
        <Added label="Added from" value={wish.from} onChange={(value) => set("from", value)} />
        <Added label="Added to" value={wish.to} onChange={(value) => set("to", value)} />
        {wish.error && (
          <Choice
            label="Error"
            options={[
              ["", "Any error or none"],
              [wish.error, errorTitle(wish.error)],
            ]}
            value={wish.error}
            onChange={(value) => set("error", value)}
          />
        )}
        <ModelChoice value={wish.model} onChange={(value) => set("model", value)} />
        <Choice label="Order" options={SORTS} value={wish.sort} onChange={(value) => set("sort", value)} />
      </search>
      <Found key={key} wish={wish} />
    </>
  );
}

function Found({ wish }: { wish: Wish }) {
  const found = useFoundImages(useMemo(() => askedFor(wish), [wish]));
  const images = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  if (found.isPending) return <Loading label="Looking for pictures…" />;
  if (found.isError && found.data === undefined) {
    return <LoadProblem error={found.error} what="The list of pictures" retry={() => void found.refetch()} />;
  }
  const last = found.data?.pages.at(-1);
  const searchedTo = last?.searchedTo;
  const compared = last?.compared;
  return (
    <>
      <p className={styles.said} role="status">
        {count(images.length, "picture")}
        {found.hasNextPage && " so far"}
        {typeof compared === "number" && ` of ${integer(compared)} that fit`}
        {typeof compared === "number" && searchedTo && `, among the newest, since ${day(searchedTo)}`}
      </p>
      {images.length === 0 && !found.hasNextPage && (
        <NoneFound isAny={Object.keys(wish).every((name) => name === "sort")} />
      )}
      {images.length > 0 && (
        <Gallery
          images={images}
          hasMore={found.hasNextPage && !found.isFetchNextPageError}
          isLoadingMore={found.isFetchingNextPage}
          loadMore={found.fetchNextPage}
          selected={null}
          onToggle={() => undefined}
        />
      )}
      <More
        list={found}
        what="pictures"
        action={["Look further", "Looking…"]}
        note={searchedTo && `Looked through to ${day(searchedTo)}.`}
      />
    </>
  );
}

/** Nothing fits what is looked for, or there is nothing yet. */
function NoneFound({ isAny }: { isAny: boolean }) {
  if (!isAny) {
    return (
      <Notice
        title="No picture fits"
        icon={<SearchX />}
        action={<LinkButton to="/pictures">Without filters</LinkButton>}
      >
        Another word, or fewer filters, may find some.
      </Notice>
    );
  }
  return (
    <Notice title="No pictures yet" icon={<Search />} action={<LinkButton to="/">Open a group to add some</LinkButton>}>
      What is put into the bucket under <code>uploads/</code>, or classified by <code>loupe classify</code> or in a
      batch, is found here too, by who runs this stack.
    </Notice>
  );
}

/** The live model, and the one that the address asks for. Records of single pictures name none. */
function ModelChoice({ value, onChange }: Pick<ChoiceProps, "value" | "onChange">) {
  const live = useModel().data?.version;
  const versions = [...new Set([live, value].filter((each) => each !== undefined))];
  if (versions.length === 0) return null;
  const options: Options = versions.map((each) => [each, `By ${each}, in batches and reviews`]);
  return <Choice label="Model" options={[["", "Any model"], ...options]} value={value} onChange={onChange} />;
}

/** A day, in the reader's own time. */
function Added({ label, value = "", onChange }: Omit<ChoiceProps, "options">) {
  return (
    <label className={styles.day}>
      {label}
      <input className={SMALL_FIELD} type="date" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

interface ChoiceProps {
  label: string;
  options: Options;
  value: string | undefined;
  onChange: (value: string) => void;
}

function Choice({ label, options, value = "", onChange }: ChoiceProps) {
  return (
    <select className={SMALL_FIELD} aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([option, name]) => (
        <option key={option} value={option}>
          {name}
        </option>
      ))}
    </select>
  );
}
