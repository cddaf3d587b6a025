import { FileImage } from "lucide-react";
import { useState } from "react";
import { useImage } from "../api/queries";
import { stableUrls } from "../api/stable_url";
import type { ImageRecord } from "../api/types";
import styles from "./PictureImage.module.css";

/**
 * A picture small, for lists. The annotated copy is lighter than the original; a browser that can't show one
 * of them (a TIFF, say) falls back to the other, then to a sign. URLs that are missing or have run out are asked for.
 */
export function PictureImage({ image, alt = "" }: { image: ImageRecord; alt?: string }) {
  const [failed, setFailed] = useState<readonly string[]>([]);
  const named = Boolean(image.imageUrl || image.annotatedUrl);
  // A URL that failed may just have run out.
  const wanting = !named || failed.length > 0;
  const asked = useImage(image.imageId, { enabled: wanting && image.status !== "RECEIVED", known: image });
  const record = wanting ? (asked.data ?? image) : image;
  const urls = [record.annotatedUrl, record.imageUrl].map((url) => stableUrls.keep(url)).filter((url) => url !== null);
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
  return <img className={styles.image} src={url} alt={alt} loading="lazy" decoding="async" onError={onError} />;
}
