import { hash } from '../api/hash.ts';
import { tierDefinition } from './catalogue.ts';
import type { Configuration } from './environment.ts';
import type { Observed } from './observed.ts';

/** What can be held when it failed, as hashes: another one lets go of it. */
export interface Wishes {
  /** What the spec asks for, whatever version automation chooses and whatever the platform means by a tier. */
  readonly spec: string;
  /** The same with what the platform means by its tier. */
  readonly tier: string;
}

export function wishesOf({ installation, catalogue, config }: Observed, configuration: Configuration): Wishes {
  const { version, resourceTier, documentRoot } = installation.spec;
  const spec = hash({ version, config: configuration.hash, tier: resourceTier, documentRoot });
  return { spec, tier: hash({ spec, definition: tierDefinition(catalogue, config, resourceTier) ?? null }) };
}

export function isOneOf({ spec, tier }: Wishes, wish: string | undefined): boolean {
  return wish === spec || wish === tier;
}
