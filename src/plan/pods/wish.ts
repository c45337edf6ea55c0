import { hash } from '../../api/hash.ts';
import { tierDefinition } from '../catalogue/catalogue.ts';
import type { Configuration } from './environment.ts';
import { byName } from '../software/set.ts';
import type { Installation, Observed } from '../state/observed.ts';

/** Hashes of the present wish. A failure holds the wish that it had; another wish lets go of it. */
export interface Wishes {
  /** Of the spec alone, whatever version automation chooses and whatever the platform means by a tier. */
  readonly spec: string;
  /** The same with what the platform means by its tier. */
  readonly tier: string;
}

/** `restart` by `State.restart`, so that nobody lets go of a failure by removing the annotation. */
export function wishesOf(observed: Observed, configuration: Configuration, restart: string | undefined): Wishes {
  const { installation, catalogue, config } = observed;
  const { version, resourceTier } = installation.spec;
  const software = askedSoftware(installation.spec);
  const answers = givenAnswers(observed);
  const spec = hash({ version, ...podFields(installation.spec, configuration, restart), software, answers });
  return { spec, tier: hash({ spec, definition: tierDefinition(catalogue, config, resourceTier) ?? null }) };
}

/**
 * The fields that reach the pods, the version, the answers and system software aside. An edit of one of them makes new pods, and
 * lets go of a failure. A field that is absent here does neither.
 */
export function podFields(
  { resourceTier, documentRoot }: Installation['spec'],
  configuration: Configuration,
  restart: string | undefined,
): object {
  return { config: configuration.hash, tier: resourceTier, documentRoot, restart };
}

/** Hash of all answers, in whatever order, and of what the Secrets hold: also an early one is another wish, and lets go of a failure. */
function givenAnswers({ installation, references }: Observed): string | undefined {
  const { userInputs = [] } = installation.spec;
  const given = userInputs.map((answer) => {
    const ref = answer.valueFrom?.secretKeyRef;
    const content = ref && references.content('Secret', ref.name, ref.key);
    return [answer.name, { answer, content: content?.kind === 'hash' ? content.hash : undefined }] as const;
  });
  return given.length === 0 ? undefined : hash(given.toSorted(byName));
}

/** Hash of what a spec says about system software, in whatever order; undefined where it says nothing. */
export function askedSoftware({ systemSoftware = [] }: Installation['spec']): string | undefined {
  return systemSoftware.length === 0 ? undefined : hash(systemSoftware.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

export function isOneOf({ spec, tier }: Wishes, wish: string | undefined): boolean {
  return wish === spec || wish === tier;
}
