import type { ChildKind } from '../plan/observed.ts';

/**
 * Children whose last write got no answer, by the key of their installation: what was asked for may be there, although no
 * cache shows it yet. Lost at a restart, which reads everything anew.
 */
export class Unanswered {
  readonly #children = new Map<string, ReadonlySet<ChildKind>>();

  has(installation: string): boolean {
    return this.#children.has(installation);
  }

  of(installation: string): ChildKind[] {
    return [...(this.#children.get(installation) ?? [])];
  }

  add(installation: string, child: ChildKind): void {
    this.#children.set(installation, new Set([...this.of(installation), child]));
  }

  settle(installation: string, child: ChildKind): void {
    const left = this.of(installation).filter((other) => other !== child);
    if (left.length > 0) {
      this.#children.set(installation, new Set(left));
    } else {
      this.forget(installation);
    }
  }

  forget(installation: string): void {
    this.#children.delete(installation);
  }
}
