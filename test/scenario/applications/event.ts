/** What happens to one installation. */
export type Event = { readonly at: string } & (News | Wish | Rollout | Message);

/** The publisher does something. */
interface News {
  readonly kind: 'news';
  readonly words: string;
}

/** The tenant sets a field of the spec, because a message said so. */
export interface Wish {
  readonly kind: 'wish';
  readonly field: 'version' | 'upgrade.level';
  readonly value: string;
}

/** New pods run and stay, or crash and what ran before is brought back. */
export interface Rollout {
  readonly kind: 'rollout';
  /** Nothing before the first install. */
  readonly from: string | undefined;
  readonly to: string;
  readonly isAutomatic: boolean;
  readonly failed: boolean;
}

/** `UpdateAvailable` says something else than before. */
export interface Message {
  readonly kind: 'message';
  readonly reason: string;
  readonly text: string;
}
