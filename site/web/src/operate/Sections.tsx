import { NavLink } from "react-router";
import { useSession } from "../auth/session";
import groupStyles from "../groups/groups.module.css";

const PAGES: { to: string; name: string; isFor: "operators" | "reviewers" }[] = [
  { to: "/operate", name: "Now", isFor: "operators" },
  { to: "/operate/runs", name: "Batch runs", isFor: "operators" },
  { to: "/quality", name: "Quality", isFor: "reviewers" },
];

/** The heading of an operator's pages, and the ways between them: each person sees those that are theirs. */
export function Sections({ title }: { title: string }) {
  const session = useSession();
  const mine = PAGES.filter(({ isFor }) => session.isOperator || (isFor === "reviewers" && session.isReviewer));
  return (
    <>
      <h1>{title}</h1>
      {mine.length > 1 && (
        <nav className={groupStyles.tabs} aria-label="Operate">
          {mine.map(({ to, name }) => (
            <NavLink key={to} to={to} end>
              {name}
            </NavLink>
          ))}
        </nav>
      )}
    </>
  );
}
