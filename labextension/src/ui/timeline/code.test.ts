import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Values } from "../../api/server";
import { type CodeTraits, lastCode } from "./code";

const first: CodeTraits = { code: "first", edit: "1", coded: "1" };

describe("the code that is copied", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is there at once where nothing was changed, however busy the kernel is", async () => {
    expect(await lastCode(new Values({ ...first }))).toEqual({ code: "first", isLate: false });
  });

  it("is not that of a change before the last", async () => {
    const values = new Values({ ...first });
    values.set("edit", "2");
    values.set("edit", "3");
    const found = lastCode(values);
    values.set("code", "second");
    values.set("coded", "2");
    await vi.advanceTimersByTimeAsync(100);
    values.set("code", "third");
    values.set("coded", "3");
    expect(await found).toEqual({ code: "third", isLate: false });
  });

  it("is called late where the kernel is busy", async () => {
    const values = new Values({ ...first, edit: "2" });
    const found = lastCode(values);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await found).toEqual({ code: "first", isLate: true });
  });
});
