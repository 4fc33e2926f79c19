/** This browser's clock, which goes on while the computer sleeps. */

/** A browser's own stands still meanwhile; that of the day does not, but may be set. */
const longest = 2_000;

export class Clock {
  private slept = 0;
  private seen: { own: number; day: number };

  constructor(
    private readonly own: () => number = () => performance.now(),
    private readonly day: () => number = () => Date.now(),
  ) {
    this.seen = { own: own(), day: day() };
  }

  /** ms; to be asked now and then, as a sleep is found by what was missed since the last time. */
  now(): number {
    const [own, day] = [this.own(), this.day()];
    const missed = day - this.seen.day - (own - this.seen.own);
    if (missed > longest) this.slept += missed;
    this.seen = { own, day };
    return own + this.slept;
  }

  /** ms for which it has slept up to the last time it was asked. */
  get sleep(): number {
    return this.slept;
  }
}
