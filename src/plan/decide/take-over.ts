import { MOST_FAILURES, parseFailures } from '../../api/failure.ts';
import { ANNOTATION, LABEL } from '../../api/names.ts';
import type { Committed, RecordData, RecordedDeployment, RecordFacts } from '../../api/record.ts';
import type { Release } from '../../api/provider.ts';
import { timestamp } from '../../api/time.ts';
import { requiredBy } from './attempt.ts';
import { findRelease, tierDefinition } from '../catalogue/catalogue.ts';
import { inputHashes } from '../pods/inputs.ts';
import { isSameSpec, ownedHash } from '../state/owned-hash.ts';
import { labelsOf, versionLabel } from '../pods/children.ts';
import { inputsHash, UNKNOWN_INPUTS } from '../state/committed.ts';
import type { Asked } from '../failures/blame.ts';
import type { DeploymentView, Installation, Observed, RolloutRecord } from '../state/observed.ts';
import type { Wanted } from './desired.ts';
import { servicePorts } from '../pods/service.ts';
import { isAsAsked } from './software-for.ts';
import { parseSoftware } from '../software/set.ts';
import { CONTAINER } from '../pods/template.ts';
import { tierShape } from '../pods/tiers.ts';
import { askedSoftware } from '../pods/wish.ts';

/**
 * Somebody deleted the record of what runs, or the Deployment was made before there were records: what stands is recorded as
 * it stands, and no pod is restarted for it.
 */
export interface TakeOver {
  readonly kind: 'takeOver';
  readonly version: string;
  /** Of the Deployment. */
  readonly uid: string;
  readonly facts: TakenOver;
}

/** The facts of a record that cannot be read from the Deployment. */
export type TakenOver = Omit<RecordFacts, 'version' | 'image' | 'applied' | 'effective'>;

export function takeOver(
  observed: Observed,
  deployment: DeploymentView,
  stable: RolloutRecord | undefined,
  { configuration, answers, finder, failures, wishes, now }: Omit<Wanted, 'target'>,
): TakeOver {
  const { installation, catalogue, config, service, budget, retries } = observed;
  const { provider, upgradePolicy, version: named, resourceTier } = installation.spec;
  const { version = '' } = deployment;
  const release = findRelease(catalogue, version);
  const found = release && foundInputs(observed, deployment, release, { configuration, answers, finder });
  const committed = found?.committed;
  const published = release && servicePorts(release);
  // The Service may be missing only because somebody has just deleted it.
  const ports = committed ? published : (service?.ports ?? published);
  const shape = tierShape(resourceTier, tierDefinition(catalogue, config, resourceTier));
  const facts: TakenOver = {
    provider,
    // Under automation its version counts as automation's choice, so that no wish is held should it fail.
    trigger: committed && upgradePolicy === 'auto' && named !== version ? 'Policy' : 'Spec',
    startedAt: timestamp(now),
    // Nobody knows for which wish it was made.
    wish: 'unknown',
    // A Deployment that somebody changed gets no such time: it is rolled out anew at once.
    ...(committed && { foundWith: wishes.spec }),
    failures: [...failures],
    committed: committed ?? UNKNOWN_INPUTS,
    ...(stable && { from: stable.version }),
    ...(found?.inputs && { inputs: found.inputs }),
    ...(ports && { ports }),
    hasBudget: committed ? shape.budget : budget !== undefined,
    ...(release && { requiredBy: requiredBy(release, finder, parseSoftware(deployment.software)) }),
    retries: [...retries],
    ...(deployment.restart !== undefined && { restart: deployment.restart }),
  };
  return { kind: 'takeOver', version, uid: deployment.uid, facts };
}

/** The hashes of the present inputs, and the answers in them, where the template's own hash shows that it was made from exactly these. */
function foundInputs(
  { installation, catalogue, config }: Observed,
  { software, restart, inputsHash: made, applied, owned }: DeploymentView,
  release: Release,
  { configuration, answers, finder }: Asked,
): { readonly committed: Committed; readonly inputs: RecordFacts['inputs'] } | undefined {
  if (!isSameSpec(applied, owned)) {
    return undefined;
  }
  const { spec } = installation;
  const kept = finder.keep(parseSoftware(software));
  // The pods show which software they have, not what the spec said of it.
  const needs = requiredBy(release, finder, kept.set);
  const asked = isAsAsked(spec, kept.set, { requiredBy: needs }) ? askedSoftware(spec) : 'unknown';
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  const { inputs } = answers.to(release, kept.uses);
  const answered = answers.hashOf(inputs);
  const hashes = inputHashes({ installation, release, configuration, answered, restart, definition, software: kept });
  return inputsHash(hashes) === made
    ? { committed: { ...hashes, asked }, inputs: inputs.length > 0 ? inputs : undefined }
    : undefined;
}

/** The fields of a Deployment that stands. */
export interface Standing {
  readonly metadata?: RecordedDeployment['metadata'] | undefined;
  readonly spec: RecordedDeployment['spec'];
}

interface PodSpec {
  readonly containers?: readonly {
    readonly name?: string;
    readonly image?: string;
    readonly resources?: object;
  }[];
}

/** The record of a Deployment that stands, from the fields of it that the operator owns. */
export function recordOfStanding(
  installation: Installation,
  { metadata, spec }: Standing,
  number: number,
  facts: TakenOver,
): RecordData {
  const annotations = spec.template?.metadata?.annotations ?? {};
  const { containers } = (spec.template?.['spec'] ?? {}) as PodSpec;
  const container = containers?.find((c) => c.name === CONTAINER);
  const version = annotations[ANNOTATION.version] ?? '';
  // Somebody may have taken one: nobody would miss it later.
  const own = { ...labelsOf(installation), [LABEL.version]: versionLabel(version), [LABEL.rollout]: String(number) };
  const labels = { ...metadata?.labels, ...own };
  const deployment = { metadata: { labels, annotations: {} }, spec };
  const configHash = annotations[ANNOTATION.configHash];
  return {
    ...facts,
    version,
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
    failures: [...facts.failures, ...parseFailures(metadata?.annotations?.[ANNOTATION.failed])].slice(0, MOST_FAILURES),
    deployment,
  };
}
