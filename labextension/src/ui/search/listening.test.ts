import { expect, it } from "vitest";
import { ApiError } from "../../api/panel";
import { Listening } from "./listening";

const videos = [
  { id: "m-1" },
  { id: "m-raw", channel_id: "display:1" },
  { id: "m-silent" },
  { id: "m-2" },
];

function engine(status = 400) {
  const asked: string[] = [];
  const request = async (method: string, path: string) => {
    if (method === "GET") return { videos };
    asked.push(path);
    if (path.includes("silent")) throw new ApiError("It has no sound.", status, "INVALID");
    return {};
  };
  return { asked, api: { request } as unknown as ConstructorParameters<typeof Listening>[0] };
}

it("listens to each recording once, and goes on after one without sound", async () => {
  const { asked, api } = engine();
  const listening = new Listening(api, () => {});
  await listening.all("default", false);
  expect(asked).toEqual(["/video/m-1/index", "/video/m-silent/index", "/video/m-2/index"]);
  await listening.all("default", false);
  expect(asked).toHaveLength(3);
  await listening.all("default", true);
  expect(asked.slice(3)[0]).toBe("/video/m-1/index/scene");
});

it("ends where the engine fails, and asks again the next time", async () => {
  const { asked, api } = engine(503);
  const listening = new Listening(api, () => {});
  await expect(listening.all("default", false)).rejects.toThrow("It has no sound.");
  await expect(listening.all("default", false)).rejects.toThrow();
  expect(asked).toEqual(["/video/m-1/index", "/video/m-silent/index", "/video/m-silent/index"]);
});
