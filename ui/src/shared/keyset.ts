// Rows of a long list, of which only the part that is looked at is held. The list can only be walked
// from its start, page by page; where each page begins is kept, its rows are let go again.

export interface Walked<Row> {
  items: readonly Row[];
  next: string | null;
}

export const PAGE = 200;
/** Pages held at once: enough for any screen, whatever the list's length. */
export const HELD = 12;

export class Keyset<Row> {
  /** Where page n begins; the first begins at null. Absent where it was not walked to. */
  private readonly begins: (string | null)[] = [null];
  private readonly pages = new Map<number, readonly Row[]>();
  private ended = false;
  private wanted = { first: 0, last: 0 };
  private walking = false;
  private stopped = false;

  constructor(
    private readonly load: (after: string | null, limit: number) => Promise<Walked<Row>>,
    private readonly told: () => void,
    private readonly failed: (thrown: unknown) => void,
  ) {}

  row(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** How many rows are known to be there: all of them once the end was seen. */
  get known(): number {
    const last = this.begins.length - 1;
    return last * PAGE + (this.ended ? (this.pages.get(last)?.length ?? this.tail) : 0);
  }

  private tail = 0;

  get isWhole(): boolean {
    return this.ended;
  }

  /** Every row that is held now. */
  held(): Row[] {
    return [...this.pages.values()].flat();
  }

  /** Says which rows are looked at. */
  want(first: number, last: number): void {
    this.wanted = { first: Math.floor(first / PAGE), last: Math.floor(last / PAGE) };
    void this.walk();
  }

  stop(): void {
    this.stopped = true;
  }

  private nextPage(): number | undefined {
    for (let page = this.wanted.first; page <= this.wanted.last; page += 1) {
      if (this.pages.has(page)) continue;
      if (page < this.begins.length) return page;
      // Not walked to yet: one step further from where the walk stands.
      return this.ended ? undefined : this.begins.length - 1;
    }
    return undefined;
  }

  private async walk(): Promise<void> {
    if (this.walking) return;
    this.walking = true;
    try {
      for (
        let page = this.nextPage();
        page !== undefined && !this.halted();
        page = this.nextPage()
      ) {
        const got = await this.load(this.begins[page] ?? null, PAGE);
        if (this.halted()) return;
        this.keep(page, got);
      }
    } catch (thrown) {
      if (!this.halted()) this.failed(thrown);
    } finally {
      this.walking = false;
    }
  }

  private halted(): boolean {
    return this.stopped;
  }

  private keep(page: number, got: Walked<Row>): void {
    this.pages.set(page, got.items);
    if (page === this.begins.length - 1 && !this.ended) {
      if (got.next === null) {
        this.ended = true;
        this.tail = got.items.length;
      } else {
        this.begins.push(got.next);
      }
    }
    const middle = (this.wanted.first + this.wanted.last) / 2;
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const one of far.slice(0, Math.max(0, this.pages.size - HELD))) this.pages.delete(one);
    this.told();
  }
}
