import { ImagePlus, LogIn, SquareCheck } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useParams } from "react-router";
import { allImages } from "../api/image_pages";
import { useGroupImages, useNewest } from "../api/queries";
import { useSession } from "../auth/session";
import { Gallery } from "../pictures/Gallery";
import { SelectionBar } from "../pictures/SelectionBar";
import { Button } from "../ui/Button";
import { NextFailed } from "../ui/More";
import { LoadProblem, Notice, Skeleton } from "../ui/states";
import { UploadPanel } from "../uploads/UploadPanel";
import { GroupHeader } from "./GroupHeader";
import styles from "./GroupPage.module.css";

export function GroupPage() {
  const groupId = useParams().groupId ?? "";
  const session = useSession();
  const pictures = useGroupImages(groupId);
  const images = useMemo(() => allImages(pictures.data), [pictures.data]);
  const [selected, setSelected] = useState<ReadonlySet<string> | null>(null);
  const toggle = useCallback((imageId: string) => setSelected((now) => toggled(now, imageId)), []);

  if (pictures.isError && pictures.data === undefined) {
    return <LoadProblem isPage error={pictures.error} what="This group" retry={() => void pictures.refetch()} />;
  }
  return (
    <>
      <GroupHeader groupId={groupId} />
      {pictures.isSuccess && <Newest groupId={groupId} />}
      {session.isSignedIn && (
        <UploadPanel groupId={groupId} images={images} isFirst={pictures.isSuccess && images.length === 0} />
      )}
      {pictures.isPending && <GallerySkeleton />}
      {pictures.isSuccess && images.length === 0 && !session.isSignedIn && <EmptyGroup />}
      {images.length > 0 && selected === null && (
        <div className={styles.tools}>
          <Button small look="quiet" icon={<SquareCheck aria-hidden="true" />} onClick={() => setSelected(new Set())}>
            Select
          </Button>
        </div>
      )}
      {images.length > 0 && selected !== null && (
        <SelectionBar images={images} selected={selected} setSelected={setSelected} />
      )}
      {images.length > 0 && (
        <Gallery
          images={images}
          hasMore={pictures.hasNextPage && !pictures.isFetchNextPageError}
          isLoadingMore={pictures.isFetchingNextPage}
          loadMore={pictures.fetchNextPage}
          selected={selected}
          onToggle={toggle}
        />
      )}
      <NextFailed list={pictures} what="pictures">
        <Button small onClick={() => void pictures.fetchNextPage()}>
          Try again
        </Button>
      </NextFailed>
    </>
  );
}

function toggled(selected: ReadonlySet<string> | null, imageId: string): ReadonlySet<string> {
  const next = new Set(selected);
  if (!next.delete(imageId)) next.add(imageId);
  return next;
}

/** Begins once the list is there: what was just read isn't asked for again. */
function Newest({ groupId }: { groupId: string }) {
  useNewest(groupId);
  return null;
}

function EmptyGroup() {
  const session = useSession();
  return (
    <Notice
      title="No pictures yet"
      icon={<ImagePlus />}
      action={
        <Button look="primary" icon={<LogIn aria-hidden="true" />} onClick={session.signIn}>
          Sign in to add some
        </Button>
      }
    >
      Nobody has added a picture to this group so far.
    </Notice>
  );
}

function GallerySkeleton() {
  return (
    <div className={styles.skeletons} role="status">
      <span className="visually-hidden">Loading pictures…</span>
      {Array.from({ length: 10 }, (_, index) => (
        <Skeleton key={index} className={styles.skeleton} />
      ))}
    </div>
  );
}
