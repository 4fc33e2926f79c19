/** A timer that goes on in a page that is in the background, as one that records mostly is. */

const every = 250;
/** At first more often: then it is sooner known well when what comes was taken. */
const early = 80;
const earlyTicks = 12;

const script = `let n = 0; const go = () => { postMessage(0); setTimeout(go, ++n < ${earlyTicks} ? ${early} : ${every}); }; go();`;

/** Calls back four times a second; the result ends it. */
export function pulse(callback: () => void): () => void {
  const fallback = () => {
    const timer = setInterval(callback, every);
    return () => clearInterval(timer);
  };
  if (typeof Worker === "undefined") return fallback();
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  let stop: (() => void) | undefined;
  let worker: Worker;
  try {
    worker = new Worker(url);
  } catch {
    URL.revokeObjectURL(url);
    return fallback();
  }
  worker.onmessage = callback;
  // A page's policy may forbid it, which is told late.
  worker.onerror = () => {
    stop ??= fallback();
  };
  return () => {
    worker.terminate();
    URL.revokeObjectURL(url);
    stop?.();
  };
}
