/** What is deleted stays for a moment, so that it can be had back. */

const grace = 8_000;

export class Deleting<T extends { id: string }> {
  private readonly waiting = new Map<string, { item: T; timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly erase: (item: T) => Promise<void>) {}

  has(id: string): boolean {
    return this.waiting.has(id);
  }

  get last(): T | undefined {
    return [...this.waiting.values()].at(-1)?.item;
  }

  add(item: T): void {
    const timer = setTimeout(() => void this.carryOut(item.id), grace);
    this.waiting.set(item.id, { item, timer });
  }

  undo(id: string): void {
    clearTimeout(this.waiting.get(id)?.timer);
    this.waiting.delete(id);
  }

  /** Nobody can take it back any more: the panel goes. */
  flush(): void {
    for (const id of [...this.waiting.keys()]) void this.carryOut(id);
  }

  private async carryOut(id: string): Promise<void> {
    const found = this.waiting.get(id);
    if (!found) return;
    clearTimeout(found.timer);
    try {
      await this.erase(found.item);
    } finally {
      this.waiting.delete(id);
    }
  }
}
