import type { ComponentProps, ReactNode } from "react";
import { Link, type LinkProps } from "react-router";
import styles from "./Button.module.css";

type Look = "primary" | "secondary" | "quiet" | "danger";

interface Shared {
  look?: Look;
  icon?: ReactNode;
  small?: boolean;
}

function classOf(look: Look, small: boolean, extra: string | undefined): string {
  return [styles.button, styles[look], small ? styles.small : "", extra ?? ""].filter(Boolean).join(" ");
}

export function Button({
  look = "secondary",
  icon,
  small = false,
  className,
  children,
  ...rest
}: Shared & ComponentProps<"button">) {
  return (
    <button type="button" className={classOf(look, small, className)} {...rest}>
      {icon}
      {children}
    </button>
  );
}

export function LinkButton({
  look = "secondary",
  icon,
  small = false,
  className,
  children,
  ...rest
}: Shared & LinkProps) {
  return (
    <Link className={classOf(look, small, className)} {...rest}>
      {icon}
      {children}
    </Link>
  );
}

/** A button that shows an icon only; `label` is its name for everybody who can't see it. */
export function IconButton({ label, children, className, ...rest }: { label: string } & ComponentProps<"button">) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={[styles.icon, className ?? ""].filter(Boolean).join(" ")}
      {...rest}
    >
      {children}
    </button>
  );
}
