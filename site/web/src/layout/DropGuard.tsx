import { Ban, ImagePlus } from "lucide-react";
import { useEffect } from "react";
import { useSession } from "../auth/session";
import { dropTarget, setDragging, useDragging } from "../ui/drops";
import { notify } from "../ui/notify";
import styles from "./DropGuard.module.css";

function carriesFiles(transfer: DataTransfer | null): transfer is DataTransfer {
  return transfer?.types.includes("Files") ?? false;
}

/** A file dropped anywhere is taken by the page that is open, or refused: the browser never opens it in the tab. */
export function DropGuard() {
  const { isSignedIn } = useSession();
  const dragging = useDragging();
  const advice = isSignedIn ? "Open a group to add pictures" : "Sign in to add pictures";

  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = dropTarget() === null ? "none" : "copy";
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      setDragging(false);
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      const target = dropTarget();
      if (target === null) notify({ title: "Nothing was added", description: `${advice}, then drop them there.` });
      else target.take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData && event.clipboardData.files.length > 0) dropTarget()?.take(event.clipboardData);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, [advice]);

  if (!dragging) return null;
  const target = dropTarget();
  return (
    <div className={styles.place} data-refused={target === null} aria-hidden="true">
      <p className={styles.pill}>
        {target === null ? <Ban /> : <ImagePlus />}
        {target?.invitation ?? advice}
      </p>
    </div>
  );
}
