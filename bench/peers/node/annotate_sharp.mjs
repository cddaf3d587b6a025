// annotate_sharp.mjs PICTURE LINE…: 1000 pixels wide, with the lines on a dark ground over the lower left corner.
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { takeTurns } from "./turns.mjs";

const [path, ...lines] = process.argv.slice(2);
const padding = 15;
const ground = { r: 24, g: 24, b: 24, alpha: 0.68 };

await takeTurns(async () => {
  const text = await sharp({
    text: { text: `<span foreground="white">${lines.join("\n")}</span>`, font: "Noto Sans 30", dpi: 72, rgba: true },
  })
    .extend({ top: padding, bottom: padding, left: padding, right: padding, background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = text.info;
  return sharp(readFileSync(path))
    .autoOrient()
    .resize({ width: 1000 })
    .composite([
      { input: { create: { width, height, channels: 4, background: ground } }, gravity: "southwest" },
      { input: text.data, raw: { width, height, channels }, gravity: "southwest" },
    ])
    .jpeg({ quality: 88 })
    .toBuffer();
});
