import { FileImage } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import styles from "../pictures/PictureImage.module.css";
import { useSeen } from "../ui/useSeen";
import { formatName } from "./checks";
import { previewOf } from "./previews";

/** A chosen file small; its format's name where the browser can't show it, as with TIFF and HEIC. */
export function Preview({ file }: { file: File }) {
  const place = useRef<HTMLSpanElement>(null);
  const seen = useSeen(place);
  const [url, setUrl] = useState<string | null>();
  useEffect(() => {
    let wanted = seen;
    if (seen) void previewOf(file).then((made) => wanted && setUrl(made));
    return () => {
      wanted = false;
    };
  }, [file, seen]);
  if (url) return <img className={styles.image} src={url} alt="" onError={() => setUrl(null)} />;
  return (
    <span ref={place} className={styles.missing} aria-hidden="true">
      {url === null && <Unseen file={file} />}
    </span>
  );
}

/** A chosen file large, as the browser shows it. */
export function LargePreview({ file }: { file: File }) {
  const [url, setUrl] = useState<string | null>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (url) return <img className={styles.image} src={url} alt="" onError={() => setUrl(null)} />;
  return (
    <span className={styles.missing} aria-hidden="true">
      {url === null && <Unseen file={file} />}
    </span>
  );
}

function Unseen({ file }: { file: File }) {
  return (
    <>
      <FileImage />
      <span className={styles.format}>{formatName(file)}</span>
    </>
  );
}
