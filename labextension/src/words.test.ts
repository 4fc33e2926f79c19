import { afterEach, describe, expect, it, vi } from "vitest";
import { type Failure, explain } from "./explain";
import { names, noSound, refused, whyNot } from "./record/words";
import { bindings } from "./ui/timeline/commands";
import { animations, filters, fits, placeWords, positions } from "./ui/timeline/choices";
import { kindOf, labelOf } from "./ui/timeline/model";
import { describe as cuts } from "./ui/timeline/words";
import { english, speak, trans } from "./words";

afterEach(() => speak(english));

describe("words", () => {
  it("are English with their values put in, one or many", () => {
    expect(trans.__("%2 of %1", 5, "two")).toBe("two of 5");
    expect([1, 2].map((count) => trans._n("%1 clip", "%1 clips", count))).toEqual(["1 clip", "2 clips"]);
  });

  it("show a value that was forgotten, as JupyterLab's translator does", () => {
    expect(trans.__("100 %1")).toBe("100 undefined");
    expect(trans.__("100 %")).toBe("100 %");
  });

  it("are those of the translator once there is one", () => {
    speak({ ...english, __: (text) => text.toUpperCase() });
    expect(trans.__("find")).toBe("FIND");
  });

  it("of the timeline editor are, too, also where they stand in a table", () => {
    const loud = { __: (text: string) => `<${text}>`, _n: (_: string, more: string) => `<${more}>` };
    speak(loud);
    const tables = [fits(), filters(), animations()].flat().map(([, words]) => words);
    const all = [...tables, ...bindings().map(({ words }) => words), ...positions.map(placeWords)];
    expect(all.filter((words) => !/^<.+>$/.test(words))).toEqual([]);
    const captions = { type: "caption", src: "auto" } as const;
    expect([kindOf(captions), labelOf({ asset: captions })]).toEqual(["<caption>", "<Captions>"]);
    expect(cuts({ ranges: [], silences: 2, fillers: 0, seconds: 1 })).toBe("<%1, %2 s>");
  });

  it("of what cannot be recorded or played are, too", () => {
    speak({ ...english, __: (text) => `<${text}>` });
    const here = { isSecureContext: true, navigator: { mediaDevices: { getUserMedia: vi.fn() } } };
    const errors = ["NotAllowedError", "NotFoundError", "NotReadableError", "OddError"];
    const failures: Failure["kind"][] = ["unreachable", "not-a-stream", "decode", "unsupported"];
    const all = [
      whyNot({ ...here, isSecureContext: false }),
      whyNot(here),
      whyNot({ ...here, navigator: {}, MediaRecorder: vi.fn() }),
      ...Object.values(names()),
      noSound(),
      ...errors.flatMap((name) =>
        (["display", "mic"] as const).map((kind) => refused([kind], { name }).message),
      ),
      ...[401, 404, 500].map((status) => explain({ kind: "http", status })),
      ...failures.map((kind) => explain({ kind } as Failure)),
    ];
    expect(all.filter((words) => !/^<.+>$/.test(words))).toEqual([]);
    speak(english);
    expect(refused(["mic", "camera"], { name: "NotFoundError" }).message).toContain(
      "(the microphone and the camera)",
    );
  });
});
