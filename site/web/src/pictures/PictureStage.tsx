import { Switch } from "@base-ui/react/switch";
import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import { FileImage, ScanFace } from "lucide-react";
import { useRef, useState } from "react";
import { stableUrls } from "../api/stable_url";
import type { Face, ImageRecord } from "../api/types";
import { LargePreview } from "../uploads/Preview";
import { useUploadOf } from "../uploads/UploadsProvider";
import { count, percent } from "./format";
import styles from "./PictureStage.module.css";
import { ZoomFrame } from "./ZoomFrame";

type View = "original" | "annotated";

/**
 * The picture large, with its faces marked, or the copy that the workflow annotated. The display copy is enough for
 * any screen, and every browser shows it; the original stands in where there is none.
 */
export function PictureStage({ image, title }: { image: ImageRecord; title: string }) {
  // What was shown while it was classified stays: another file of the same picture would only flicker.
  const shownFirst = useRef<"display" | "original" | null>(null);
  shownFirst.current ??= image.displayUrl ? "display" : image.imageUrl ? "original" : null;
  const urls: Record<View, string | null> = {
    original: stableUrls.keep(
      shownFirst.current === "original" ? image.imageUrl : (image.displayUrl ?? image.imageUrl),
    ),
    annotated: stableUrls.keep(image.annotatedUrl),
  };
  const [broken, setBroken] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<View>("original");
  const [facesShown, setFacesShown] = useState(true);
  const shows = (view: View) => urls[view] !== null && !broken.includes(urls[view]);
  const view: View = shows(chosen) || !shows("annotated") ? chosen : "annotated";
  const url = shows(view) ? urls[view] : null;
  const faces = image.faces ?? [];

  return (
    <figure className={styles.stage}>
      {url === null ? (
        <div className={styles.frame}>
          <NoPicture image={image} />
        </div>
      ) : (
        <ZoomFrame key={image.imageId} name="The picture, enlarged with + and -">
          <Shown
            key={url}
            url={url}
            alt={view === "annotated" ? `${title}, annotated` : title}
            faces={view === "original" && facesShown ? faces : []}
            onBroken={() => {
              stableUrls.forget(url);
              setBroken((before) => [...before, url]);
            }}
          />
        </ZoomFrame>
      )}
      <figcaption className={styles.controls}>
        <ToggleGroup
          className={styles.segments}
          aria-label="Version of the picture"
          value={[view]}
          onValueChange={(values) => {
            const next = values[0] as View | undefined;
            if (next) setChosen(next);
          }}
        >
          <Toggle value="original" disabled={!shows("original")}>
            Picture
          </Toggle>
          <Toggle value="annotated" disabled={!shows("annotated")}>
            Annotated
          </Toggle>
        </ToggleGroup>
        <FaceSwitch image={image} enabled={view === "original"} shown={facesShown} setShown={setFacesShown} />
      </figcaption>
    </figure>
  );
}

interface ShownProps {
  url: string;
  alt: string;
  faces: Face[];
  onBroken: () => void;
}

function Shown({ url, alt, faces, onBroken }: ShownProps) {
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const tiny = size !== null && Math.max(size.width, size.height) < 200;
  return (
    <div className={styles.picture} data-tiny={tiny}>
      <img
        src={url}
        alt={alt}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setSize({ width: naturalWidth, height: naturalHeight })
        }
        onError={onBroken}
      />
      {size !== null && faces.length > 0 && <FaceBoxes faces={faces} />}
    </div>
  );
}

/** Boxes in parts of the picture: the drawing is 1 by 1 and stretched over it, its lines are not. */
function FaceBoxes({ faces }: { faces: Face[] }) {
  return (
    <svg
      className={styles.boxes}
      viewBox="0 0 1 1"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${count(faces.length, "face")} marked`}
    >
      {faces.map(({ boundingBox: box, confidence }, index) => (
        <g key={index}>
          <title>{`Face, ${percent(confidence / 100)} sure`}</title>
          <rect className={styles.shade} x={box.left} y={box.top} width={box.width} height={box.height} />
          <rect className={styles.box} x={box.left} y={box.top} width={box.width} height={box.height} />
        </g>
      ))}
    </svg>
  );
}

interface FaceSwitchProps {
  image: ImageRecord;
  enabled: boolean;
  shown: boolean;
  setShown: (shown: boolean) => void;
}

function FaceSwitch({ image, enabled, shown, setShown }: FaceSwitchProps) {
  const faces = image.faces ?? [];
  if (faces.length === 0) {
    if (image.faceDetected !== false) return null;
    return <span className={styles.note}>No faces found</span>;
  }
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the switch inside is its control
    <label className={styles.switchLabel} data-disabled={!enabled}>
      <ScanFace aria-hidden="true" />
      {count(faces.length, "face")}
      <Switch.Root
        className={styles.switch}
        aria-label="Mark faces"
        checked={shown && enabled}
        disabled={!enabled}
        onCheckedChange={setShown}
      >
        <Switch.Thumb className={styles.thumb} />
      </Switch.Root>
    </label>
  );
}

function NoPicture({ image }: { image: ImageRecord }) {
  const upload = useUploadOf(image.imageId);
  if (upload) {
    return (
      <div className={styles.preview}>
        <LargePreview file={upload.file} />
      </div>
    );
  }
  return (
    <p className={styles.none}>
      <FileImage aria-hidden="true" />
      {image.imageUrl && "This browser can't show the file."}
      {!image.imageUrl &&
        (image.uploadStatus === "NOT_UPLOADED" ? "There is no picture." : "There is no picture to show yet.")}
    </p>
  );
}
