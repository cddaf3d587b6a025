import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { IconButton } from "./Button";
import styles from "./Toasts.module.css";

/** Short news at the edge of the page, read out to screen readers. */
export function Toasts({ manager }: { manager: ToastManager }) {
  return (
    <Toast.Provider toastManager={manager} timeout={6000}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

export type ToastManager = ReturnType<typeof Toast.createToastManager>;

export const createToastManager = Toast.createToastManager;

function List() {
  const manager = Toast.useToastManager();
  return manager.toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast}>
      <Toast.Content className={styles.content}>
        <Toast.Title className={styles.title} />
        <Toast.Description className={styles.description} />
      </Toast.Content>
      <Toast.Close render={<IconButton label="Dismiss" />}>
        <X aria-hidden="true" />
      </Toast.Close>
    </Toast.Root>
  ));
}
