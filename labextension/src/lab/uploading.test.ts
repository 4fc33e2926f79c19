import { expect, it, vi } from "vitest";

vi.mock("@jupyterlab/apputils", () => ({ Notification: {} }));
const { passOf, stemOf } = await import("./uploading");

it("a file is called by its name without what says its kind", () => {
  expect(["Talk.final.mp4", "Talk", ".mp4"].map(stemOf)).toEqual(["Talk.final", "Talk", ".mp4"]);
});

it("an upload is let in by the server's token, else by its cookie", () => {
  expect(passOf("secret", "_xsrf=a")).toEqual({ Authorization: "token secret" });
  expect(passOf("", "other=1; _xsrf=a; _xsrf=b")).toEqual({ "X-XSRFToken": "b" });
  expect(passOf("", "other=1")).toEqual({});
});
