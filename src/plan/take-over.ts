import { parseFailures } from '../api/failure.ts';
import { ANNOTATION, LABEL } from '../api/names.ts';
import type { Committed, RecordData, RecordedDeployment, RecordFacts } from '../api/record.ts';
import { timestamp } from '../api/time.ts';
import type { Action } from './actions.ts';
import { findRelease, tierDefinition } from './catalogue.ts';
import { inputHashes, isSameSpec, ownedHash, wishHash } from './children.ts';
import { inputsHash } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import type { SoftwareFinder } from './software.ts';
import { parseSoftware } from './software-set.ts';
import type { State } from './state.ts';
import { CONTAINER } from './template.ts';
import { askedSoftware, type Wishes } from './wish.ts';

/**
 * Somebody deleted the record of what runs, or the Deployment was made before there were records: what stands is recorded as
 * it stands, and no pod is restarted for it.
 */
export interface TakeOver {
  readonly kind: 'takeOver';
  readonly version: string;
  readonly committed: Committed;
  readonly wish: string;
}

export function takeOver(
  observed: Observed,
  { deployment }: State,
  { configuration, finder, wishes }: { configuration: Configuration; finder: SoftwareFinder; wishes: Wishes },
): TakeOver {
  const version = deployment?.version ?? '';
  const committed = (deployment && committedOf(observed, deployment, configuration, finder)) ?? UNKNOWN;
  return { kind: 'takeOver', version, committed, wish: wishes.spec };
}

/** Of what somebody made: whatever the spec asks for is rolled out. */
const UNKNOWN: Committed = { wish: 'unknown', tier: 'unknown', release: 'unknown' };

/** What the spec, the platform and the catalogue say now, where the template was made from that, as its hash shows. */
function committedOf(
  { installation, catalogue, config }: Observed,
  { version, software, inputsHash: made, applied, owned }: DeploymentView,
  configuration: Configuration,
  finder: SoftwareFinder,
): Committed | undefined {
  if (version === undefined || !isSameSpec(applied, owned)) {
    return undefined;
  }
  const definition = tierDefinition(catalogue, config, installation.spec.resourceTier);
  const release = findRelease(catalogue, version);
  const set = finder.keep(parseSoftware(software));
  if (!release) {
    // Nothing can be rolled out without its release, be it the same or not.
    const asked = askedSoftware(installation.spec);
    const wish = wishHash(installation, version, configuration);
    return { ...UNKNOWN, wish, ...(asked !== undefined && { asked }), ...(software !== undefined && { software }) };
  }
  const hashes = inputHashes({ installation, release, configuration, definition, software: set });
  return inputsHash(hashes) === made ? hashes : undefined;
}

/** What a record says that is not found in the Deployment. */
export type TakenOver = Pick<
  RecordFacts,
  'provider' | 'trigger' | 'startedAt' | 'wish' | 'committed' | 'from' | 'ports' | 'hasBudget' | 'retries'
>;

export function takingOver(
  { installation, revisions, service, budget, retries }: Observed,
  { deployment, stable }: State,
  { version, committed, wish }: TakeOver,
  now: number,
): Action[] {
  const { provider, upgradePolicy, version: named } = installation.spec;
  const isOurs = (child: Observed['budget']) => ownershipOf(child, installation).kind === 'ours';
  // Under automation its version counts as automation's choice, so that no wish is held should it fail.
  const isChosen = upgradePolicy === 'auto' && named !== version;
  const facts: TakenOver = {
    provider,
    trigger: isChosen ? 'Policy' : 'Spec',
    startedAt: timestamp(now),
    wish,
    committed,
    ...(stable && { from: stable.version }),
    ...(service && isOurs(service) && { ports: [...service.ports] }),
    hasBudget: isOurs(budget),
    retries: [...retries],
  };
  const number = Math.max(0, deployment?.record ?? 0, ...revisions.map((r) => r.number)) + 1;
  return [{ kind: 'takeOver', child: 'Deployment', number, facts }];
}

interface Standing {
  readonly metadata?: Partial<RecordedDeployment['metadata']>;
  readonly spec: RecordedDeployment['spec'] & {
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec?: { readonly containers?: readonly Container[] };
    };
  };
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly resources?: object;
}

/** The record of a Deployment that stands, from the fields of it that the operator owns. */
export function recordOfStanding({ metadata, spec }: Standing, number: number, facts: TakenOver): RecordData {
  const annotations = spec.template?.metadata?.annotations ?? {};
  const container = spec.template?.spec?.containers?.find((c) => c.name === CONTAINER);
  const labels = { ...metadata?.labels, [LABEL.rollout]: String(number) };
  const deployment = { metadata: { labels, annotations: {} }, spec };
  const configHash = annotations[ANNOTATION.configHash];
  return {
    ...facts,
    version: annotations[ANNOTATION.version] ?? '',
    image: container?.image ?? '',
    applied: ownedHash(deployment),
    effective: {
      tier: {
        ...(spec.replicas !== undefined && { replicas: spec.replicas }),
        resources: container?.resources ?? {},
      },
      ...(configHash !== undefined && { configHash }),
    },
    // Where operators before this one kept it.
    failures: [...parseFailures(metadata?.annotations?.[ANNOTATION.failed])],
    deployment,
  };
}
