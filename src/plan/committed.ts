import { hash } from '../api/hash.ts';

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
  /** Hash of what the spec says about system software; absent where it says nothing. */
  readonly asked?: string | undefined;
  /** The system software that was chosen, as `formatSoftware` writes it; absent where there is none. */
  readonly software?: string | undefined;
}

/** Of what pods are made from: what the spec says about software shows in them only by what was chosen. */
export function inputsHash({ asked: _, ...inputs }: Committed): string {
  return hash(inputs);
}

/** Compact and readable: `wish=… tier=… release=… asked=… software=node=22.4.0 php=8.3.12`. */
export function formatCommitted({ wish, tier, release, asked, software }: Committed): string {
  return [
    `wish=${wish} tier=${tier} release=${release}`,
    ...(asked === undefined ? [] : [`asked=${asked}`]),
    ...(software === undefined ? [] : [`software=${software}`]),
  ].join(' ');
}

const PATTERN = /^wish=(\w+) tier=(\w+) release=(\w+)(?: asked=(\w+))?(?: software=(\S.*))?$/;

/** Undefined where the annotation is absent or was edited beyond recognition: then the Deployment is applied anew. */
export function parseCommitted(text: string | undefined): Committed | undefined {
  const [, wish, tier, release, asked, software] = PATTERN.exec(text ?? '') ?? [];
  return wish && tier && release
    ? { wish, tier, release, ...(asked && { asked }), ...(software && { software }) }
    : undefined;
}
