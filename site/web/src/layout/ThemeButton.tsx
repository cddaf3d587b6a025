import { Moon, Sun, SunMoon } from "lucide-react";
import { IconButton } from "../ui/Button";
import { setTheme, type Theme, useTheme } from "../ui/theme";

const THEMES: Record<Theme, { icon: typeof Sun; name: string; next: Theme }> = {
  system: { icon: SunMoon, name: "same as system", next: "light" },
  light: { icon: Sun, name: "light", next: "dark" },
  dark: { icon: Moon, name: "dark", next: "system" },
};

/** Goes round: as the system, light, dark. */
export function ThemeButton() {
  const { icon: Icon, name, next } = THEMES[useTheme()];
  return (
    <IconButton label={`Theme: ${name}`} onClick={() => setTheme(next)}>
      <Icon aria-hidden="true" />
    </IconButton>
  );
}
