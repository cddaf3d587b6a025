import { FileImage } from "lucide-react";
import { useState } from "react";
import { useImage } from "../api/queries";
import { stableUrls } from "../api/stable_url";
import type { ImageRecord } from "../api/types";
import styles from "./PictureImage.module.css";

/**
 * A picture small, for lists: its thumbnail. One of before there were any shows its annotated copy or the original,
 * and where the browser can show none of them (a TIFF, say) a sign. URLs that are missing or have run out are asked for.
 */
export function PictureImage({ image, alt = "" }: { image: ImageRecord; alt?: string }) {
  const [failed, setFailed] = useState<readonly string[]>([]);
  const named = Boolean(image.thumbnailUrl || image.imageUrl || image.annotatedUrl);
  // A URL that failed may just have run out.
  const wanting = !named || failed.length > 0;
  const asked = useImage(image.imageId, { enabled: wanting && image.status !== "RECEIVED", known: image });
  const record = wanting ? (asked.data ?? image) : image;
  const small = stableUrls.keep(record.thumbnailUrl);
  const sharp = stableUrls.keep(record.previewUrl);
  const others = [record.annotatedUrl, record.imageUrl].map((url) => stableUrls.keep(url));
  const urls = [small, ...others].filter((url) => url !== null);
  const url = urls.find((candidate) => !failed.includes(candidate));
  if (url === undefined) {
    return (
      <span className={styles.missing} {...(alt ? { role: "img", "aria-label": alt } : { "aria-hidden": true })}>
        <FileImage aria-hidden="true" />
      </span>
    );
  }
  const onError = () => {
    stableUrls.forget(url);
    setFailed((before) => [...before, url]);
  };
  // A dense screen takes the larger one.
  const dense = url === small && sharp !== null ? { srcSet: `${small} 1x, ${sharp} 2x` } : {};
  return (
    <img className={styles.image} src={url} {...dense} alt={alt} loading="lazy" decoding="async" onError={onError} />
  );
}
