import type { ChildKind } from '../plan/state/observed.ts';
import type { Raw } from './raw.ts';

/** A child that the caches do not show is there, so what was decided without it is void. */
export class Appeared extends Error {
  override readonly name = 'Appeared';
  readonly retry = 'now';
  readonly child: ChildKind;
  readonly raw: Raw;

  constructor(child: ChildKind, raw: Raw) {
    super(`There is a ${child} already`);
    this.child = child;
    this.raw = raw;
  }
}
