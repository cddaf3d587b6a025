import { LogOut, UserRound } from "lucide-react";
import type { Session } from "../auth/session";
import { IconButton } from "../ui/Button";
import { Menu, MenuItem, MenuNote } from "../ui/Menu";
import { useUploads } from "../uploads/UploadsProvider";

export function AccountMenu({ session }: { session: Session }) {
  const uploads = useUploads();
  const leave = () => {
    uploads.clear();
    void session.signOut();
  };
  return (
    <Menu
      trigger={
        <IconButton label="Account">
          <UserRound aria-hidden="true" />
        </IconButton>
      }
    >
      <MenuNote>Signed in as {session.name}</MenuNote>
      <MenuItem icon={<LogOut aria-hidden="true" />} onClick={leave}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
