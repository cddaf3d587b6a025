import { imageType } from "./checks";

/** A file that a person chose, dropped or pasted; `inFolder` where they chose the folder and not the file. */
export interface PickedFile {
  file: File;
  inFolder: boolean;
}

export interface Picked {
  files: File[];
  /** How many files of folders are no pictures: nobody chose those. */
  ignored: number;
}

/** A folder holds more than pictures: what was not chosen by name and is none is left out. */
export function picked(found: PickedFile[]): Picked {
  const files = found.filter(({ file, inFolder }) => !inFolder || isPicture(file)).map(({ file }) => file);
  return { files, ignored: found.length - files.length };
}

function isPicture(file: File): boolean {
  return !file.name.startsWith(".") && imageType(file) !== null;
}

/** Files of a file dialog; one for folders gives each file its path within the folder. */
export function chosenFiles(list: FileList | null): PickedFile[] {
  return [...(list ?? [])].map((file) => ({ file, inFolder: file.webkitRelativePath !== "" }));
}

/** Files of a drop, those in folders too. Must be called within the event: afterwards the transfer is empty. */
export function droppedFiles(transfer: DataTransfer): Promise<PickedFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item): Promise<PickedFile[]> => {
    const entry = item.webkitGetAsEntry();
    if (entry?.isDirectory) return filesUnder(entry as FileSystemDirectoryEntry);
    const file = item.getAsFile();
    return Promise.resolve(file === null ? [] : [{ file, inFolder: false }]);
  });
  return Promise.all(found).then((each) => each.flat());
}

async function filesUnder(folder: FileSystemDirectoryEntry): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory) found.push(...(await filesUnder(entry as FileSystemDirectoryEntry)));
    else found.push({ file: await fileOf(entry as FileSystemFileEntry), inFolder: true });
  }
  return found;
}

/** A reader gives a hundred at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
