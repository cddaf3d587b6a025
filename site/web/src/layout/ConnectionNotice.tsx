import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { type Connection, reconnectDelay } from "../api/connection";
import { useApi } from "../api/context";
import { Spinner } from "../ui/states";
import styles from "./ConnectionNotice.module.css";

/** Says that the connection is gone, and tries until it is back; then what failed meanwhile is read again. */
export function ConnectionNotice({ connection }: { connection: Connection }) {
  const isLost = useSyncExternalStore(connection.subscribe, connection.isLost);
  return (
    <div className={styles.place} role="status">
      {isLost && <Reconnecting />}
    </div>
  );
}

function Reconnecting() {
  const api = useApi();
  const client = useQueryClient();
  useEffect(() => {
    let tries = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const attempt = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") {
        try {
          await api.groups(null, 1);
          await client.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
          return;
        } catch {
          tries += 1;
        }
      }
      if (!isOver) timer = setTimeout(() => void attempt(), reconnectDelay(tries));
    };
    const now = () => void attempt();
    timer = setTimeout(now, reconnectDelay(0));
    window.addEventListener("online", now);
    document.addEventListener("visibilitychange", now);
    return () => {
      isOver = true;
      clearTimeout(timer);
      window.removeEventListener("online", now);
      document.removeEventListener("visibilitychange", now);
    };
  }, [api, client]);
  return (
    <p className={styles.notice}>
      <Spinner />
      No connection. Reconnecting…
    </p>
  );
}
