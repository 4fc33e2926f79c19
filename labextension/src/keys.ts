/** Which key does what. Pure, so that the table can be tested without a player. */

export type Action =
  | { do: "toggle" | "mute" | "fullscreen" | "captions" }
  | { do: "skip"; seconds: number }
  | { do: "frame"; frames: 1 | -1 }
  | { do: "volume"; change: number }
  | { do: "speed"; steps: 1 | -1 }
  | { do: "go"; fraction: 0 | 1 };

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const table: Record<string, Action> = {
  " ": { do: "toggle" },
  k: { do: "toggle" },
  ArrowLeft: { do: "skip", seconds: -5 },
  ArrowRight: { do: "skip", seconds: 5 },
  j: { do: "skip", seconds: -10 },
  l: { do: "skip", seconds: 10 },
  ",": { do: "frame", frames: -1 },
  ".": { do: "frame", frames: 1 },
  ArrowUp: { do: "volume", change: 0.1 },
  ArrowDown: { do: "volume", change: -0.1 },
  "<": { do: "speed", steps: -1 },
  ">": { do: "speed", steps: 1 },
  Home: { do: "go", fraction: 0 },
  End: { do: "go", fraction: 1 },
  m: { do: "mute" },
  f: { do: "fullscreen" },
  c: { do: "captions" },
};

/** The action of a key; none with a modifier, which belongs to the browser. */
export function actionOf(event: Key): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  return table[event.key] ?? table[event.key.toLowerCase()];
}
