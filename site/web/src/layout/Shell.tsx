import { Activity, Eye, Images, Inbox, LogIn } from "lucide-react";
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation } from "react-router";
import { useConfig } from "../api/context";
import { useSession } from "../auth/session";
import { Button } from "../ui/Button";
import { CodeMissingButton, Late, late } from "../ui/later";
import { UploadsBar } from "../uploads/UploadsBar";
import { DropGuard } from "./DropGuard";
import { LoupeMark } from "./LoupeMark";
import styles from "./Shell.module.css";
import { ThemeButton } from "./ThemeButton";

// Menus bring their own positioning library: only those who are signed in need it.
const AccountMenu = late(async () => (await import("./AccountMenu")).AccountMenu);

export function Shell() {
  const config = useConfig();
  const session = useSession();
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.brand}>
            <LoupeMark />
            <span className={session.isOperator ? styles.brandName : undefined}>Loupe</span>
          </Link>
          <nav className={styles.nav} aria-label="Main">
            <NavLink to="/" end>
              Groups
            </NavLink>
            {session.isSignedIn && (
              <NavLink to="/pictures">
                <Images aria-hidden="true" />
                <span className={styles.navText}>Pictures</span>
              </NavLink>
            )}
            {session.isReviewer && (
              <NavLink to="/review">
                <Eye aria-hidden="true" />
                <span className={styles.navText}>Review</span>
              </NavLink>
            )}
            {session.isOperator && (
              <NavLink to="/operate">
                <Activity aria-hidden="true" />
                <span className={styles.navText}>Operate</span>
              </NavLink>
            )}
            {config.inboxUrl !== null && (
              <NavLink to="/inbox">
                <Inbox aria-hidden="true" />
                <span className={styles.navText}>Inbox</span>
              </NavLink>
            )}
          </nav>
          <div className={styles.tools}>
            <ThemeButton />
            <Account />
          </div>
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <UploadsBar />
      <DropGuard />
      <FocusOnNavigation />
      <ScrollRestoration />
    </>
  );
}

function Account() {
  const session = useSession();
  if (session.isLoading) return <span className={styles.accountSpace} />;
  if (session.isSignedIn) {
    return (
      <Late fallback={<span className={styles.accountSpace} />} missing={<CodeMissingButton />}>
        <AccountMenu session={session} />
      </Late>
    );
  }
  return (
    <Button look="primary" className={styles.signIn} icon={<LogIn aria-hidden="true" />} onClick={session.signIn}>
      Sign in
    </Button>
  );
}

/** After a change of page the keyboard and the screen reader begin at the content. */
function FocusOnNavigation() {
  const { pathname } = useLocation();
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of page is what it acts on
  useEffect(() => {
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
  }, [pathname]);
  return null;
}
