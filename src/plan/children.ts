import { hash } from '../api/hash.ts';
import { ANNOTATION, API_VERSION, INSTALLATION_KIND, LABEL } from '../api/names.ts';
import type { Release } from '../api/provider.ts';
import type { Committed } from '../api/record.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Tier } from '../api/tier.ts';
import { inputsHash } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { Installation } from './observed.ts';
import type { Resolution } from './software.ts';
import { formatSoftware } from './software-set.ts';
import { askedSoftware } from './wish.ts';
import { podTemplate } from './template.ts';
import type { TierShape } from './tiers.ts';

/** An object to apply, and the hash of the fields that the operator owns in it afterwards. */
export interface Child {
  readonly object: KubernetesObject;
  readonly hash: string;
}

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
  };
  readonly spec?: object;
  /** Of a ControllerRevision. */
  readonly data?: object;
  readonly revision?: number;
}

/** All that the children of one installation are made from. */
export interface Inputs {
  readonly installation: Installation;
  readonly release: Release;
  readonly configuration: Configuration;
  readonly shape: TierShape;
  readonly definition: Tier | undefined;
  /** Of the record. */
  readonly number: number;
  readonly progressDeadlineSeconds: number;
  readonly minReadySeconds: number;
  readonly software: Pick<Resolution, 'uses' | 'set'>;
  readonly softwareDelivery: OperatorConfig['softwareDelivery'];
}

/** Chooses exactly the pods of this installation: a label of ours alone, so that it can never choose another's. */
export function selectorOf(name: string): Readonly<Record<string, string>> {
  return { [LABEL.installation]: name };
}

export function deploymentOf(inputs: Inputs): Child {
  const { installation, release, configuration, shape } = inputs;
  const selector = selectorOf(installation.name);
  // Only what is replaced with the version carries it: a Service keeps its labels over an upgrade.
  const labels = { ...labelsOf(installation), [LABEL.version]: versionLabel(release.version) };
  const number = String(inputs.number);
  return child({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(installation, { ...labels, [LABEL.rollout]: number }),
    spec: {
      ...(shape.replicas !== undefined && { replicas: shape.replicas }),
      selector: { matchLabels: selector },
      // Make before break: no old pod goes before a new one is ready.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      progressDeadlineSeconds: inputs.progressDeadlineSeconds,
      ...(inputs.minReadySeconds > 0 && { minReadySeconds: inputs.minReadySeconds }),
      revisionHistoryLimit: 3,
      template: podTemplate({
        ...inputs,
        documentRoot: installation.spec.documentRoot,
        env: configuration.env,
        labels,
        selector,
        configHash: configuration.hash,
        inputsHash: inputsHash(inputHashes(inputs)),
        number,
      }),
    },
  });
}

/** The hashes by which a change of the inputs is seen: of the wish, of the tier's definition, of the release. */
export function inputHashes(
  inputs: Pick<Inputs, 'installation' | 'release' | 'configuration' | 'definition' | 'software'>,
): Committed {
  const { installation, release, configuration, definition, software } = inputs;
  const asked = askedSoftware(installation.spec);
  const chosen = formatSoftware(software.set);
  return {
    wish: wishHash(installation, release.version, configuration),
    tier: hash(definition ?? null),
    release: releaseHash(release),
    ...(asked !== undefined && { asked }),
    ...(chosen !== undefined && { software: chosen }),
  };
}

export function wishHash({ spec }: Installation, version: string, configuration: Configuration): string {
  return hash({ version, config: configuration.hash, tier: spec.resourceTier, documentRoot: spec.documentRoot });
}

/** Of all that reaches the pods. */
function releaseHash({ image, runtime, documentRoot, systemSoftwareDependencies }: Release): string {
  return hash({ image, runtime, documentRoot, systemSoftwareDependencies });
}

/** Undefined where the tier has none. */
export function budgetOf({ installation, shape }: Inputs): Child | undefined {
  return shape.budget ? budgetFor(installation) : undefined;
}

export function budgetFor(installation: Installation): Child {
  return child({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(installation, labelsOf(installation)),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(installation.name) } },
  });
}

/** Completes an object with the hash of all that it applies. */
export function child(object: KubernetesObject): Child {
  const applied = ownedHash(object);
  const annotations = { ...object.metadata.annotations, [ANNOTATION.applied]: applied };
  return { object: { ...object, metadata: { ...object.metadata, annotations } }, hash: applied };
}

/**
 * Hashes of what an apply makes the operator own: of all but the object's identity, its owner and the annotation with these
 * hashes, and behind a dot of the spec alone, so that a lost label is not taken for a change of what runs.
 * Reading an object back, the same hash is taken of the fields that managedFields give to the operator: where the two
 * differ, somebody changed the object, and no rendering is needed to see it.
 */
export function ownedHash({ metadata, spec }: { readonly metadata?: object; readonly spec?: unknown }): string {
  const { labels, annotations } = (metadata ?? {}) as Partial<KubernetesObject['metadata']>;
  const { [ANNOTATION.applied]: _, ...others } = annotations ?? {};
  return `${hash({ labels, annotations: others, spec })}.${hash(spec)}`;
}

/** Whether two results of `ownedHash` are of the same spec. */
export function isSameSpec(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.split('.')[1] === b?.split('.')[1];
}

export function metadataOf(installation: Installation, labels: Record<string, string>) {
  return {
    name: installation.name,
    namespace: installation.namespace,
    labels,
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: INSTALLATION_KIND,
        name: installation.name,
        uid: installation.uid,
        // No blockOwnerDeletion: it would need the right to update the finalizers of installations.
        controller: true,
      },
    ],
  };
}

export function labelsOf({ name, spec }: Installation): Record<string, string> {
  return { [LABEL.installation]: name, [LABEL.provider]: spec.provider.replace('/', '.') };
}

/** A version of 64 characters is one too long for a label. */
export function versionLabel(version: string): string {
  return version.slice(0, 63).replace(/[^a-zA-Z0-9]+$/, '');
}
