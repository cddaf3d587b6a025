// A person's way over the API by the client that openapi-typescript's types make of openapi-fetch.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [baseUrl, picture] = process.argv.slice(2) as [string, string];
const open = createClient<paths>({ baseUrl });
const ann = createClient<paths>({ baseUrl, headers: { Authorization: "Bearer ann" } });

function isThere<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("No answer");
  return value;
}

const made = await ann.POST("/groups", { body: { name: "Pets", description: "" } });
const group: components["schemas"]["Group"] = isThere(made.data).newItem;
const renamed = await ann.PATCH("/groups/{groupId}", {
  params: { path: { groupId: group.id } },
  body: { name: "Dogs" },
});
const announced = await ann.POST("/groups/{groupId}/images", {
  params: { path: { groupId: group.id } },
  body: { title: "Rex", fileName: "rex.png", contentType: "image/png" },
});
const listed = await ann.GET("/signed-in/groups/{groupId}/images", {
  params: { path: { groupId: group.id }, query: { limit: 10 } },
});
const another = await ann.POST("/groups", { body: { name: "Cats" } });
const moved = await ann.PATCH("/images/{imageId}", {
  params: { path: { imageId: isThere(announced.data).newItem.imageId } },
  body: { groupId: isThere(another.data).newItem.id },
});
const refused = await open.GET("/groups/{groupId}", { params: { path: { groupId: "nowhere" } } });
const predicted = await open.POST("/predict", {
  // openapi-typescript's type of bytes is a text.
  body: Buffer.from(picture, "base64") as unknown as string,
  bodySerializer: (bytes) => bytes,
  headers: { "Content-Type": "application/octet-stream" },
});

console.log(
  JSON.stringify({
    name: isThere(renamed.data).result.name,
    upload: Object.keys(isThere(announced.data).upload.fields).includes("policy"),
    titles: isThere(listed.data).items.map((image) => image.title),
    moved: isThere(moved.data).result.groupId === isThere(another.data).newItem.id,
    refused: [refused.response.status, refused.error !== undefined && "error" in refused.error],
    best: isThere(predicted.data).top5[0],
  }),
);
