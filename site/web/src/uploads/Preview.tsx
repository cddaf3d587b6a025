import { FileImage } from "lucide-react";
import { useState } from "react";
import styles from "../pictures/PictureImage.module.css";
import { previewOf } from "./previews";

/** A chosen file as a picture; a sign where the browser can't show it, as with TIFF. */
export function Preview({ file }: { file: File }) {
  const [shown, setShown] = useState(true);
  if (shown) return <img className={styles.image} src={previewOf(file)} alt="" onError={() => setShown(false)} />;
  return (
    <span className={styles.missing} aria-hidden="true">
      <FileImage />
    </span>
  );
}
