/** Times on screen: seconds in, text out, and back. */

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

/** 65.4 is "1:05", 3600 is "1:00:00"; a stream without an end is "live". */
export function formatTime(seconds: number): string {
  if (seconds === Infinity) return "live";
  const whole = Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** Seconds from "75", "75.5", "1:15", "1:02:03", "75s" or "1m15s"; 0 from anything else. */
export function parseTime(text: string | null | undefined): number {
  const given = (text ?? "").trim();
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given);
  if (/^\d+(:\d{1,2}){1,2}(\.\d+)?$/.test(given)) {
    return given.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  }
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(given);
  if (given && units) {
    return Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0);
  }
  return 0;
}

/** The middle of the next (or previous) frame, so that rounding cannot show the same one twice. */
export function stepTime(now: number, frames: number, fps: number, duration: number): number {
  const frame = Math.floor(now * fps + 1e-3) + frames;
  return clamp((frame + 0.5) / fps, 0, duration);
}
