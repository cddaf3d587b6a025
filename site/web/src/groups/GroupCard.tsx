import { ImageIcon } from "lucide-react";
import { useRef } from "react";
import { Link } from "react-router";
import { useCover, useImageCount } from "../api/queries";
import type { Group } from "../api/types";
import { useSession } from "../auth/session";
import { count, day } from "../pictures/format";
import { PictureImage } from "../pictures/PictureImage";
import { useSeen } from "../ui/useSeen";
import styles from "./groups.module.css";
import { belonging } from "./words";

/** A group with its newest pictures; they are asked for when the card comes into view. */
export function GroupCard({ group }: { group: Group }) {
  const card = useRef<HTMLAnchorElement>(null);
  const session = useSession();
  const seen = useSeen(card);
  const cover = useCover(group.id, seen);
  const counted = useImageCount(group.id, seen);
  const images = cover.data ?? [];
  return (
    <Link ref={card} to={`/groups/${encodeURIComponent(group.id)}`} className={styles.card}>
      <span className={styles.cover} data-count={Math.min(images.length, 4)} aria-hidden="true">
        {images.length === 0 && <ImageIcon />}
        {images.map((image) => (
          <PictureImage key={image.imageId} image={image} />
        ))}
      </span>
      <span className={styles.cardText}>
        <span className={styles.cardName}>{group.name}</span>
        {group.description && <span className={styles.cardDescription}>{group.description}</span>}
        <span className={styles.cardDay}>
          {counted.data && (
            <span className={styles.cardCount}>
              {count(counted.data.count, "picture")}
              {!counted.data.complete && " or more"}
            </span>
          )}
          {[day(group.createdAt), belonging(group, session.owns(group))].filter(Boolean).join(" · ")}
        </span>
      </span>
    </Link>
  );
}
