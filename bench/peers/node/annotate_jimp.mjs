// annotate_jimp.mjs PICTURE LINE…: 1000 pixels wide, with the lines on a dark ground over the lower left corner.
import { readFileSync } from "node:fs";
import { Jimp, loadFont } from "jimp";
import { SANS_32_WHITE } from "jimp/fonts";
import { takeTurns } from "./turns.mjs";

const [path, ...lines] = process.argv.slice(2);
const padding = 15;
const lineHeight = 40;
const font = await loadFont(SANS_32_WHITE);

await takeTurns(async () => {
  const image = await Jimp.fromBuffer(readFileSync(path));
  image.resize({ w: 1000 });
  const height = lines.length * lineHeight + 2 * padding;
  const ground = new Jimp({ width: 420, height, color: 0x181818ad });
  const top = image.bitmap.height - height;
  image.composite(ground, 0, top);
  lines.forEach((text, index) => image.print({ font, x: padding, y: top + padding + index * lineHeight, text }));
  return image.getBuffer("image/jpeg", { quality: 88 });
});
