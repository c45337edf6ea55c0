/**
 * What a Deployment remembers of its own making, in one annotation: a template is replaced only when what it was made
 * from changed, never because the operator would render it in another way today.
 */
export interface Committed {
  /** Hash of what the spec asks for: version, configuration, tier's name. */
  readonly wish: string;
  /** Hash of what the platform and the provider say about that tier. */
  readonly tier: string;
  /** Hash of what the release brings into the pod. */
  readonly release: string;
}

/** Compact and readable: `wish=… tier=… release=…`. */
export function formatCommitted(committed: Committed): string {
  return `wish=${committed.wish} tier=${committed.tier} release=${committed.release}`;
}

/** Undefined where the annotation is absent or was edited beyond recognition: then the Deployment is applied anew. */
export function parseCommitted(text: string | undefined): Committed | undefined {
  const [, wish, tier, release] = /^wish=(\w+) tier=(\w+) release=(\w+)$/.exec(text ?? '') ?? [];
  return wish && tier && release ? { wish, tier, release } : undefined;
}
